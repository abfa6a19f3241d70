"""Mail: composed when it is sent, from an outbox in the database."""

"""What every request and every answer goes through, and what all handlers work with."""

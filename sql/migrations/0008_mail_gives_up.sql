-- Mail that gives up: five days after it was first offered, and saying why it waits until then.

ALTER TABLE message ADD COLUMN tried_at timestamptz;
COMMENT ON COLUMN message.tried_at IS 'When it was first offered and not taken. From then on it is tried for five days (RFC 5321, 4.5.4.1).';
COMMENT ON COLUMN message.outcome IS 'What became of it; of a due one, why it still waits. Nothing about a person.';
ALTER TABLE message
    ADD CONSTRAINT message_says_what_became_of_it CHECK (status = 'due' OR outcome IS NOT NULL),
    ADD CONSTRAINT message_attempts_began_at_a_time CHECK (tried_at IS NULL OR attempt_count > 0);

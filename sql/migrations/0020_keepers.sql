-- Who objected to a log, so that nobody else takes the objection back.

ALTER TABLE log_head
    ADD COLUMN stopped_by text,
    ADD CONSTRAINT log_head_is_stopped_for_a_reason CHECK (stopped_by IS NULL OR stopped_reason IS NOT NULL);
COMMENT ON COLUMN log_head.stopped_by IS 'The directory of kept checkpoints, by its id, that the reason was seen in: only who has that one may go on.';

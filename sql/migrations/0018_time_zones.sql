-- In whose days a statement says when it opens and closes.

ALTER TABLE statement ADD COLUMN time_zone text;
COMMENT ON COLUMN statement.time_zone IS 'In whose days it says when it opens and closes, by its IANA name; null: the installation''s.';

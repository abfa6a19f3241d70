-- What all web processes count together against floods. Unlogged: after a crash of PostgreSQL counting begins anew, as it does in a
-- process's memory, and nothing that anybody was promised hangs on it; it writes nothing ahead, several times a second.

CREATE UNLOGGED TABLE meter (
    name text NOT NULL,
    key uuid NOT NULL,
    empty_at timestamptz NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (name, key),
    CONSTRAINT meter_name_is_known CHECK (name IN ('budget', 'burst', 'turns'))
);
COMMENT ON TABLE meter IS 'How full each network''s meters are, and the installation''s: each runs empty by itself, at `empty_at`.';
COMMENT ON COLUMN meter.key IS 'The key of a network; all ones for requests of which none can be told, all zeros for the whole installation.';
COMMENT ON COLUMN meter.counted_at IS 'When something was last added, by the clock of the database.';
CREATE INDEX meter_empty ON meter (empty_at);

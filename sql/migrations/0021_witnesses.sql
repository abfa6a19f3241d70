-- Who saw a log besides us: what its witnesses cosigned, beside the released checkpoint and never in it.

CREATE TABLE log_witness (
    statement text NOT NULL REFERENCES statement (slug),
    name text NOT NULL,
    vkey text NOT NULL,
    generation integer NOT NULL,
    size bigint NOT NULL,
    cosigned_at timestamptz,
    trouble text,
    PRIMARY KEY (statement, name)
);
COMMENT ON TABLE log_witness IS 'What each witness of a log is known to have seen of it, and said last.';
COMMENT ON COLUMN log_witness.size IS 'The size that the witness goes on from; 0: none of this generation that we know of.';
COMMENT ON COLUMN log_witness.cosigned_at IS 'When it last cosigned a head of this generation.';
COMMENT ON COLUMN log_witness.trouble IS 'Why it gave none when it was last asked; null: it did.';

CREATE TABLE log_cosigned (
    statement text PRIMARY KEY REFERENCES statement (slug),
    asked_at timestamptz NOT NULL DEFAULT now(),
    generation integer NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    checkpoint text,
    witness_count integer NOT NULL DEFAULT 0,
    cosigned_at timestamptz,
    CONSTRAINT log_cosigned_is_whole CHECK (
        (size = 0) = (checkpoint IS NULL) AND (size = 0) = (cosigned_at IS NULL) AND (size = 0) = (witness_count = 0)
    )
);
COMMENT ON TABLE log_cosigned IS 'The newest head of each log that a quorum of its witnesses cosigned. Kept apart from the released one.';
COMMENT ON COLUMN log_cosigned.asked_at IS 'When witnesses were last asked, by any worker.';
COMMENT ON COLUMN log_cosigned.cosigned_at IS 'The oldest time that one of the cosignatures tells.';

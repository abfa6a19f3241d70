-- This installation as a witness: whose logs it watches grow, and how far it saw each of them.

CREATE TABLE witnessed_log (
    origin text PRIMARY KEY,
    origin_sha256 bytea NOT NULL UNIQUE,
    vkey text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    root bytea,
    checkpoint text,
    cosigned_at timestamptz,
    CONSTRAINT witnessed_log_is_whole CHECK (
        octet_length(origin_sha256) = 32 AND (root IS NULL) = (checkpoint IS NULL) AND (root IS NULL) = (cosigned_at IS NULL)
        AND (size = 0 OR root IS NOT NULL)
    )
);
COMMENT ON TABLE witnessed_log IS 'Other people''s logs that this installation is a witness of, and the newest head of each that it cosigned.';

-- Partners with their origins, keys and own counts; and where a statement may be embedded.

ALTER TABLE statement ADD COLUMN embedding text NOT NULL DEFAULT 'open';
ALTER TABLE statement ADD CONSTRAINT statement_embedding_is_known CHECK (embedding IN ('open', 'partners'));

ALTER TABLE tally_cell ADD COLUMN individual_added_count bigint NOT NULL DEFAULT 0;
UPDATE tally_cell SET individual_added_count = individual_count;
ALTER TABLE tally_cell ALTER COLUMN individual_added_count DROP DEFAULT;
COMMENT ON COLUMN tally_cell.individual_added_count IS 'Individuals ever added to this cell, withdrawn or not.';

CREATE TABLE partner (
    slug text PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    origins text[] NOT NULL,
    key_sha256 bytea NOT NULL UNIQUE,
    added_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT partner_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 64),
    CONSTRAINT partner_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT partner_origins_are_exact CHECK (
        array_to_string(origins, ' ', '') ~ '^https?://[a-z0-9.-]+(:[0-9]+)?( https?://[a-z0-9.-]+(:[0-9]+)?)*$'
    )
);
COMMENT ON COLUMN partner.origins IS 'As browsers name them (RFC 6454). They go into headers, so nothing else may stand here.';

CREATE TABLE tally_partner (
    statement text NOT NULL REFERENCES statement (slug),
    partner text NOT NULL REFERENCES partner (slug),
    individual_count bigint NOT NULL,
    individual_added_count bigint NOT NULL,
    as_of timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (statement, partner),
    CONSTRAINT tally_partner_is_never_small CHECK (individual_count >= 10)
);
COMMENT ON TABLE tally_partner IS 'What each partner may know of its own: published by the rules of the breakdown.';

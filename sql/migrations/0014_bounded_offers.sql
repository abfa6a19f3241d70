-- Offers to successors are bounded for each organisation: each is a mail to a stranger.

ALTER TABLE organisation
    ADD COLUMN offered_at timestamptz[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT organisation_keeps_its_last_three_offers CHECK (cardinality(offered_at) <= 3);
COMMENT ON COLUMN organisation.offered_at IS 'When its representatives last made offers to successors, three at most: each is a mail to a stranger.';

-- Ended generations keep their last tally, which stays the one shown until the generation after them has caught up; audits may hold
-- an auditor's secret.

ALTER TABLE log_head ADD COLUMN shown_generation integer NOT NULL DEFAULT 0;
UPDATE log_head SET shown_generation = generation;
ALTER TABLE log_head ADD CONSTRAINT log_head_shows_no_later_generation CHECK (shown_generation <= generation);
COMMENT ON COLUMN log_head.shown_generation IS 'Whose tally readers see: an older one''s while this generation is still adding everybody again.';

ALTER TABLE log_past
    ADD COLUMN ended_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN stored_checkpoint text,
    ADD COLUMN individual_count bigint,
    ADD COLUMN organisation_count bigint,
    ADD COLUMN withdrawn_count bigint,
    ADD COLUMN duplicate_count bigint,
    ADD COLUMN fraud_count bigint,
    ADD COLUMN error_count bigint,
    ADD COLUMN as_of timestamptz;
UPDATE log_past AS p SET
    individual_count = split_part(trim(e.entry, E'\n'), ' ', 3)::bigint,
    organisation_count = split_part(trim(e.entry, E'\n'), ' ', 4)::bigint,
    withdrawn_count = (SELECT count(*) FROM log_entry AS s WHERE s.statement = p.statement AND s.generation <= p.generation
                       AND s.entry LIKE 'undersigned/v1 sub % withdrawn%'),
    duplicate_count = (SELECT count(*) FROM log_entry AS s WHERE s.statement = p.statement AND s.generation <= p.generation
                       AND s.entry LIKE 'undersigned/v1 sub % duplicate%'),
    fraud_count = (SELECT count(*) FROM log_entry AS s WHERE s.statement = p.statement AND s.generation <= p.generation
                   AND s.entry LIKE 'undersigned/v1 sub % fraud%'),
    error_count = (SELECT count(*) FROM log_entry AS s WHERE s.statement = p.statement AND s.generation <= p.generation
                   AND s.entry LIKE 'undersigned/v1 sub % error%'),
    as_of = p.ended_at,
    stored_checkpoint = CASE WHEN split_part(p.checkpoint, E'\n', 2)::bigint = p.size THEN p.checkpoint END
FROM log_entry AS e
WHERE e.statement = p.statement AND e.generation = p.generation AND e.index = p.size - 1;
ALTER TABLE log_past ADD CONSTRAINT log_past_tally_is_whole CHECK (
    num_nulls(individual_count, organisation_count, withdrawn_count, duplicate_count, fraud_count, error_count, as_of) IN (0, 7)
    AND (individual_count IS NULL) = (size = 0)
);
COMMENT ON COLUMN log_past.size IS 'How many of its entries are stored here. The counts are the tally of these; null where there are none.';
COMMENT ON COLUMN log_past.stored_checkpoint IS 'The signed head over the stored entries, where it is known.';

ALTER TABLE audit
    ADD COLUMN commitment bytea,
    ADD COLUMN secret text,
    ADD CONSTRAINT audit_commitment_has_32_bytes CHECK (octet_length(commitment) = 32),
    ADD CONSTRAINT audit_secret_opens_the_commitment CHECK (commitment = sha256(convert_to(secret, 'UTF8'))),
    ADD CONSTRAINT audit_secret_is_told_at_the_draw CHECK (
        (secret IS NULL) = (commitment IS NULL OR drawn_at IS NULL)
    );
COMMENT ON COLUMN audit.commitment IS 'SHA-256 of a secret that the auditor keeps until the draw, and that the seed includes; null if nobody keeps one.';

-- What the public pages show: milestones, the history of published totals, names that were looked at, and reports.

ALTER TABLE statement ADD COLUMN milestones jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN statement.milestones IS '[{"on", "text", "url"?}]: what became of it, in its own language; not part of the hash.';

ALTER TABLE signatory ADD COLUMN name_place bytea, ADD COLUMN name_reference uuid;
COMMENT ON COLUMN signatory.name_place IS 'Where a shown name stands: its statement, and what sorts it alphabetically (alphabet.py).';
COMMENT ON COLUMN signatory.name_reference IS 'What a shown name is called in public links: random, and new each time it is shown.';
UPDATE signatory SET name_status = 'queued' WHERE name_status = 'shown';
ALTER TABLE signatory ADD CONSTRAINT signatory_shown_name_has_a_place CHECK (
    (name_status = 'shown') = (name_place IS NOT NULL) AND (name_status = 'shown') = (name_reference IS NOT NULL)
);
CREATE INDEX signatory_name_queued ON signatory (endorsement_id) WHERE name_status = 'queued';
CREATE INDEX signatory_name_in_order ON signatory (name_place, endorsement_id) WHERE name_place IS NOT NULL;
CREATE INDEX signatory_name_referred_to ON signatory (name_reference) WHERE name_reference IS NOT NULL;

CREATE TABLE report (
    endorsement_id uuid NOT NULL,
    id uuid NOT NULL,
    statement text NOT NULL,
    about text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    status text NOT NULL DEFAULT 'open',
    reported_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    PRIMARY KEY (endorsement_id, id),
    CONSTRAINT report_about_is_known CHECK (about IN ('name', 'organisation')),
    CONSTRAINT report_reason_is_known CHECK (reason IN ('not_them', 'impersonation', 'abusive', 'other')),
    CONSTRAINT report_note_is_short CHECK (length(note) <= 500),
    CONSTRAINT report_status_is_known CHECK (status IN ('open', 'done')),
    CONSTRAINT report_is_done_at_a_time CHECK ((status = 'done') = (done_at IS NOT NULL))
);
COMMENT ON TABLE report IS 'What readers report about a shown name or a counted organisation; nothing about who reported it.';
CREATE INDEX report_open ON report (reported_at) WHERE status = 'open';
CREATE INDEX report_done ON report (done_at) WHERE status = 'done';

CREATE TABLE tally_history (
    statement text NOT NULL REFERENCES statement (slug),
    as_of timestamptz NOT NULL DEFAULT now(),
    individual_count bigint NOT NULL,
    organisation_count bigint NOT NULL,
    PRIMARY KEY (statement, as_of)
);
COMMENT ON TABLE tally_history IS 'The totals at each publication of a breakdown, and at no other moment.';

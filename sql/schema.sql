-- The tables of Undersigned, for PostgreSQL 18. This is the readable truth; migrations/ is the path to it, and a test
-- proves the two equal.
--
-- A claim's way (submission.status):            An endorsement's way (endorsement.status):
--
--   POST ──▶ pending ──confirm──▶ (endorsement)    (submission) ──confirm──▶ counted ──reject──▶ rejected
--               │  └──confirm, a look is needed──▶ held ──approve──▶ (endorsement)    │              │
--               ├──7 days──▶ expired ──7 days──▶ gone   └──reject──▶ gone      withdraw         the statement
--               └──"this was not me"──▶ gone                                          └──▶ gone      closes ──▶ gone
--
-- A message's way (message.status):              A public name's way (name_status):
--
--   due ──accepted by the relay──▶ sent            hidden ──the owner asks──▶ queued ──a look──▶ shown | refused
--    ├──refused, given up, not to be composed──▶ failed
--    └──nothing left to say──▶ dropped
--
-- The eight tables of persons carry the endorsement id first in their keys, and every write to them names exactly one, so
-- that they can be distributed by it. None of them has a foreign key to `statement`: its one row would be locked by every
-- signer at once. The slug is checked in memory before anything is written.

CREATE TABLE installation (
    only_row boolean PRIMARY KEY DEFAULT true,
    pepper_check bytea NOT NULL,
    identity_rules text NOT NULL,
    CONSTRAINT installation_has_one_row CHECK (only_row)
);
COMMENT ON TABLE installation IS 'What must never change under the data: a fingerprint of the pepper, and the identity rules in force.';

-- Statements -----------------------------------------------------------------------------------------------------------

CREATE TABLE statement (
    slug text PRIMARY KEY,
    title text NOT NULL,
    text text NOT NULL,
    sha256 bytea NOT NULL,
    locale text NOT NULL,
    adopted_on text,
    editorial_note text,
    objectives jsonb NOT NULL,
    contributions text[] NOT NULL,
    policy text NOT NULL,
    controller jsonb NOT NULL,
    recipients text[] NOT NULL,
    retention text NOT NULL,
    consent_sha256 bytea NOT NULL,
    opens_at timestamptz,
    closes_at timestamptz,
    published_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    embedding text NOT NULL DEFAULT 'open',
    milestones jsonb NOT NULL DEFAULT '[]',
    time_zone text,
    CONSTRAINT statement_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 64),
    CONSTRAINT statement_hash_is_of_the_text CHECK (sha256 = sha256(convert_to(text, 'UTF8'))),
    CONSTRAINT statement_policy_is_known CHECK (policy IN ('review_all', 'domain_proof')),
    CONSTRAINT statement_embedding_is_known CHECK (embedding IN ('open', 'partners')),
    CONSTRAINT statement_opens_before_it_closes CHECK (opens_at < closes_at),
    CONSTRAINT statement_adopted_on_is_a_date_or_less CHECK (adopted_on ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$')
);
COMMENT ON COLUMN statement.used_at IS 'When something was first seen submitted under this text, which can''t change since.';
COMMENT ON COLUMN statement.time_zone IS 'In whose days it says when it opens and closes, by its IANA name; null: the installation''s.';
COMMENT ON COLUMN statement.milestones IS '[{"on", "text", "url"?}]: what became of it, in its own language; not part of the hash.';

CREATE TABLE consent (
    sha256 bytea PRIMARY KEY,
    statement text NOT NULL REFERENCES statement (slug),
    text text NOT NULL,
    locale text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consent_hash_is_of_the_text CHECK (sha256 = sha256(convert_to(text, 'UTF8')))
);
COMMENT ON TABLE consent IS 'Every consent text that was ever shown, and every translation of one, so that a signatory''s hashes can be read back.';

CREATE TABLE translation (
    statement text NOT NULL REFERENCES statement (slug),
    sha256 bytea NOT NULL,
    locale text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    translator text NOT NULL,
    consent_sha256 bytea REFERENCES consent (sha256),
    published_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (statement, sha256),
    CONSTRAINT translation_hash_is_of_the_text CHECK (sha256 = sha256(convert_to(text, 'UTF8'))),
    CONSTRAINT translation_names_its_translator CHECK (translator ~ '\S')
);
COMMENT ON TABLE translation IS 'Texts for information beside the one that is endorsed. What was shown once stays, so that its hash can be read back.';
COMMENT ON COLUMN translation.retired_at IS 'When it was corrected or taken out of the directory; null: it is the current one of its locale.';
CREATE UNIQUE INDEX translation_current ON translation (statement, locale) WHERE retired_at IS NULL;

-- Partners -------------------------------------------------------------------------------------------------------------

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


-- Persons --------------------------------------------------------------------------------------------------------------

CREATE TABLE submission (
    endorsement_id uuid NOT NULL,
    id uuid NOT NULL,
    statement text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    kind text NOT NULL,
    mailbox_id uuid NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    name_status text NOT NULL DEFAULT 'hidden',
    role text,
    country text,
    locale text NOT NULL,
    objectives text[] NOT NULL,
    partner text,
    source jsonb NOT NULL,
    shown_sha256 bytea NOT NULL,
    identity text NOT NULL,
    organisation jsonb,
    hold_reason text,
    consent jsonb,
    salt bytea NOT NULL,
    commitment bytea NOT NULL,
    generation integer NOT NULL DEFAULT 0,
    network_key uuid,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (endorsement_id, id),
    CONSTRAINT submission_status_is_known CHECK (status IN ('pending', 'held')),
    CONSTRAINT submission_kind_is_known CHECK (kind IN ('individual', 'organisation')),
    CONSTRAINT submission_name_status_is_known CHECK (name_status IN ('hidden', 'queued')),
    CONSTRAINT submission_of_an_organisation_names_it CHECK ((kind = 'organisation') = (organisation IS NOT NULL)),
    CONSTRAINT submission_held_was_confirmed CHECK (
        (status = 'held') = (confirmed_at IS NOT NULL)
        AND (status = 'held') = (consent IS NOT NULL)
        AND (status = 'held') = (expires_at IS NULL)
    ),
    CONSTRAINT submission_salt_has_32_bytes CHECK (octet_length(salt) = 32),
    CONSTRAINT submission_commitment_has_32_bytes CHECK (octet_length(commitment) = 32)
);
COMMENT ON COLUMN submission.shown_sha256 IS 'Which text was shown to whoever signed: the original, or a translation of it.';
COMMENT ON COLUMN submission.identity IS 'Who the endorser is, as the commitment says it; never computed again, because the rules may have changed since.';
COMMENT ON COLUMN submission.organisation IS 'name, website, country, contributions, identity and proof, as `organisation` will hold them.';
COMMENT ON COLUMN submission.hold_reason IS 'Why a confirmation is not enough and a person has to look; null: it is counted at once.';
CREATE INDEX submission_pending ON submission (statement, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX submission_held ON submission (statement, confirmed_at) WHERE status = 'held';

CREATE TABLE message (
    endorsement_id uuid NOT NULL,
    id uuid NOT NULL,
    statement text NOT NULL,
    template text NOT NULL,
    submission_id uuid,
    mailbox_id uuid NOT NULL,
    address text NOT NULL,
    locale text NOT NULL,
    detail jsonb,
    network_key uuid,
    status text NOT NULL DEFAULT 'due',
    outcome text,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempt_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    tried_at timestamptz,
    lost_count smallint NOT NULL DEFAULT 0,
    pot text,
    domain_key uuid,
    PRIMARY KEY (endorsement_id, id),
    CONSTRAINT message_status_is_known CHECK (status IN ('due', 'sent', 'failed', 'dropped')),
    CONSTRAINT message_template_is_known CHECK (template IN ('confirm', 'counted', 'rejected', 'manage', 'succeed', 'handed')),
    CONSTRAINT message_forgets_the_address_once_done CHECK ((status = 'due') = (address <> '')),
    CONSTRAINT message_is_done_at_a_time CHECK ((status = 'due') = (done_at IS NULL)),
    CONSTRAINT message_says_what_became_of_it CHECK (status = 'due' OR outcome IS NOT NULL),
    CONSTRAINT message_attempts_began_at_a_time CHECK (tried_at IS NULL OR attempt_count > 0),
    CONSTRAINT message_lost_is_tried_again_three_times CHECK (lost_count BETWEEN 0 AND 3 AND lost_count <= attempt_count),
    CONSTRAINT message_pot_is_known CHECK (pot IN ('claims', 'owner'))
);
COMMENT ON COLUMN message.tried_at IS 'When it was first put off because of its recipient, who is given up five days later (RFC 5321, 4.5.4.1).';
COMMENT ON COLUMN message.lost_count IS 'How often the relay had all of it and its answer was lost, so that it may be delivered already.';
COMMENT ON COLUMN message.pot IS 'Which of its mailbox''s budgets it was taken from, once it was sent or its recipient was refused; null: it counts in none.';
COMMENT ON COLUMN message.domain_key IS 'The key of its pot, network and mail domain together, if not everybody gets a mailbox there.';
COMMENT ON COLUMN message.outcome IS 'What became of it; of a due one, why it still waits. Nothing about a person.';
CREATE INDEX message_due ON message (due_at) WHERE status = 'due';
CREATE INDEX message_done ON message (done_at) WHERE status <> 'due';
CREATE INDEX message_sent_to_mailbox ON message (mailbox_id, done_at) WHERE status = 'sent' AND template IN ('confirm', 'manage', 'succeed');
CREATE INDEX message_counted_for_mailbox ON message (mailbox_id, done_at) WHERE pot IS NOT NULL;
CREATE INDEX message_counted_for_network ON message (network_key, done_at) WHERE pot IS NOT NULL;
CREATE INDEX message_counted_for_domain ON message (domain_key, done_at) WHERE domain_key IS NOT NULL;
CREATE INDEX message_unsent_to_mailbox ON message (mailbox_id, created_at) WHERE status = 'due' AND template = 'confirm';

CREATE TABLE mail_trouble (
    only_row boolean PRIMARY KEY DEFAULT true,
    reason text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    probe_at timestamptz NOT NULL,
    CONSTRAINT mail_trouble_has_one_row CHECK (only_row)
);
COMMENT ON TABLE mail_trouble IS 'Why no mail goes out at the moment, and when one is tried again; no row: it does. Nothing about a person.';

CREATE TABLE endorsement (
    id uuid PRIMARY KEY,
    statement text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'counted',
    country text,
    partner text,
    objectives text[] NOT NULL,
    commitment bytea NOT NULL,
    generation integer NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL DEFAULT now(),
    rejected_at timestamptz,
    rejected_reason text,
    CONSTRAINT endorsement_kind_is_known CHECK (kind IN ('individual', 'organisation')),
    CONSTRAINT endorsement_status_is_known CHECK (status IN ('counted', 'rejected')),
    CONSTRAINT endorsement_rejected_has_time_and_reason CHECK (
        (status = 'rejected') = (rejected_at IS NOT NULL) AND (status = 'rejected') = (rejected_reason IS NOT NULL)
    ),
    CONSTRAINT endorsement_rejected_reason_is_known CHECK (rejected_reason IN ('duplicate', 'fraud', 'error'))
);
COMMENT ON COLUMN endorsement.generation IS 'The generation of the log that the commitment is for; an older one than the log''s is brought up to date before it is added.';
CREATE INDEX endorsement_rejected ON endorsement (statement) WHERE status = 'rejected';

CREATE TABLE signatory (
    endorsement_id uuid PRIMARY KEY REFERENCES endorsement (id),
    mailbox_id uuid NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    name_status text NOT NULL,
    role text,
    locale text NOT NULL,
    source jsonb NOT NULL,
    mail_domain text NOT NULL,
    network_key uuid,
    consent jsonb NOT NULL,
    identity text NOT NULL,
    salt bytea NOT NULL,
    bound bytea NOT NULL,
    name_place bytea,
    name_reference uuid,
    network_noted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT signatory_name_status_is_known CHECK (name_status IN ('hidden', 'queued', 'shown', 'refused')),
    CONSTRAINT signatory_shown_name_has_a_place CHECK (
        (name_status = 'shown') = (name_place IS NOT NULL) AND (name_status = 'shown') = (name_reference IS NOT NULL)
    )
);
COMMENT ON COLUMN signatory.consent IS '{"endorse": {"at", "text_sha256", "translation_sha256"?, "shown_sha256"?}, "updates"?: {"at"}}: what the mailbox''s owner agreed to, and when; the translation of it that was shown, and which of the statement''s texts.';
COMMENT ON COLUMN signatory.identity IS 'Who the endorser is, as the commitment says it: the person, or the organisation that is represented.';
COMMENT ON COLUMN signatory.bound IS 'What owners'' links are bound to: the confirmed claim''s commitment, or the hash of the offer that was taken up.';
COMMENT ON COLUMN signatory.network_noted_at IS 'When they were confirmed, with the network key: it is forgotten 30 days later.';
COMMENT ON COLUMN signatory.name_place IS 'Where a shown name stands: its statement, and what sorts it alphabetically (alphabet.py).';
COMMENT ON COLUMN signatory.name_reference IS 'What a shown name is called in public links: random, and new each time it is shown.';
CREATE INDEX signatory_name_queued ON signatory (endorsement_id) WHERE name_status = 'queued';
CREATE INDEX signatory_name_in_order ON signatory (name_place, endorsement_id) WHERE name_place IS NOT NULL;
CREATE INDEX signatory_name_referred_to ON signatory (name_reference) WHERE name_reference IS NOT NULL;
CREATE INDEX signatory_network_noted ON signatory (network_noted_at) WHERE network_key IS NOT NULL;

CREATE TABLE succession (
    endorsement_id uuid NOT NULL,
    id uuid NOT NULL,
    bound bytea NOT NULL,
    mailbox_id uuid NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (endorsement_id, id)
);
COMMENT ON TABLE succession IS 'A representative''s open offer to a successor; void once `bound` is not the signatory''s any more.';
CREATE INDEX succession_expiring ON succession (expires_at);

CREATE TABLE organisation (
    endorsement_id uuid PRIMARY KEY REFERENCES endorsement (id),
    name text NOT NULL,
    website text,
    identity text NOT NULL,
    country text NOT NULL,
    contributions text[] NOT NULL,
    proof text NOT NULL,
    salt bytea NOT NULL,
    offered_at timestamptz[] NOT NULL DEFAULT '{}',
    CONSTRAINT organisation_proof_is_known CHECK (proof IN ('domain', 'none')),
    CONSTRAINT organisation_keeps_its_last_three_offers CHECK (cardinality(offered_at) <= 3)
);
COMMENT ON COLUMN organisation.offered_at IS 'When its representatives last made offers to successors, three at most: each is a mail to a stranger.';

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

CREATE TABLE log_queue (
    endorsement_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT uuidv7(),
    statement text NOT NULL,
    op text NOT NULL,
    kind text NOT NULL,
    commitment bytea,
    country text,
    partner text,
    objectives text[] NOT NULL,
    reason text,
    generation integer NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (endorsement_id, id),
    CONSTRAINT log_queue_op_is_known CHECK (op IN ('add', 'sub')),
    CONSTRAINT log_queue_add_has_a_commitment CHECK ((op = 'add') = (commitment IS NOT NULL)),
    CONSTRAINT log_queue_sub_has_a_reason CHECK ((op = 'sub') = (reason IS NOT NULL)),
    CONSTRAINT log_queue_reason_is_known CHECK (reason IN ('withdrawn', 'duplicate', 'fraud', 'error'))
);
CREATE INDEX log_queue_waiting ON log_queue (statement, generation, id);
COMMENT ON COLUMN log_queue.generation IS 'The endorsement''s, when this was queued. The sequencer takes only those of the log''s own.';

-- The log and the tallies: written by the sequencer only ---------------------------------------------------------------

CREATE TABLE log_head (
    statement text PRIMARY KEY REFERENCES statement (slug),
    generation integer NOT NULL DEFAULT 0,
    origin text NOT NULL UNIQUE,
    previous text,
    vkey text,
    size bigint NOT NULL DEFAULT 0,
    checkpoint text,
    released_size bigint NOT NULL DEFAULT 0,
    released_checkpoint text,
    stopped_reason text,
    stopped_by text,
    round bigint NOT NULL DEFAULT 0,
    appended_at timestamptz NOT NULL DEFAULT now(),
    sealed_at timestamptz,
    shown_generation integer NOT NULL DEFAULT 0,
    recommitting_behind uuid,
    ml_dsa_vkey text,
    CONSTRAINT log_head_is_stopped_for_a_reason CHECK (stopped_by IS NULL OR stopped_reason IS NOT NULL),
    CONSTRAINT log_head_shows_no_later_generation CHECK (shown_generation <= generation),
    CONSTRAINT log_head_is_signed CHECK ((size = 0) = (checkpoint IS NULL) AND (size = 0 OR vkey IS NOT NULL)),
    CONSTRAINT log_head_released_is_signed CHECK (
        released_size <= size AND (released_size = 0) = (released_checkpoint IS NULL)
    )
);
COMMENT ON COLUMN log_head.previous IS 'Origin, size and root of the last checkpoint before this generation, which its `open` cites.';
COMMENT ON COLUMN log_head.released_size IS 'What is served: heads whose checkpoint was written outside the database first.';
COMMENT ON COLUMN log_head.stopped_reason IS 'Why nothing is signed at the moment; null: all is well.';
COMMENT ON COLUMN log_head.stopped_by IS 'The directory of kept checkpoints, by its id, that the reason was seen in: only who has that one may go on.';
COMMENT ON COLUMN log_head.sealed_at IS 'When the last entry was appended; nothing follows it, for ever.';
COMMENT ON COLUMN log_head.shown_generation IS 'Whose tally readers see: an older one''s while this generation is still adding everybody again.';
COMMENT ON COLUMN log_head.recommitting_behind IS 'Endorsements behind this id still wait for a restart to commit to them anew; null: none does.';
COMMENT ON COLUMN log_head.ml_dsa_vkey IS 'The second key that its checkpoints are signed with, ML-DSA-44; null until it did.';
COMMENT ON COLUMN log_head.round IS 'Counts the sequencer''s batches; compared and swapped first in each, so that two sequencers never append side by side.';

CREATE TABLE log_past (
    statement text NOT NULL REFERENCES statement (slug),
    generation integer NOT NULL,
    origin text NOT NULL,
    vkey text NOT NULL,
    size bigint NOT NULL,
    checkpoint text NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT now(),
    stored_checkpoint text,
    individual_count bigint,
    organisation_count bigint,
    withdrawn_count bigint,
    duplicate_count bigint,
    fraud_count bigint,
    error_count bigint,
    as_of timestamptz,
    handover text,
    ml_dsa_vkey text,
    PRIMARY KEY (statement, generation),
    CONSTRAINT log_past_tally_is_whole CHECK (
        num_nulls(individual_count, organisation_count, withdrawn_count, duplicate_count, fraud_count, error_count, as_of) IN (0, 7)
        AND (individual_count IS NULL) = (size = 0)
    )
);
COMMENT ON TABLE log_past IS 'The ended generations: the last checkpoint known of each, and how many of its entries are stored here.';
COMMENT ON COLUMN log_past.size IS 'How many of its entries are stored here. The counts are the tally of these; null where there are none.';
COMMENT ON COLUMN log_past.stored_checkpoint IS 'The signed head over the stored entries, where it is known.';
COMMENT ON COLUMN log_past.handover IS 'A note in which its key says which log and which key follow it; null where the key was not at hand.';
COMMENT ON COLUMN log_past.ml_dsa_vkey IS 'The second key of its checkpoints, ML-DSA-44; null where they have only one signature.';

CREATE TABLE log_entry (
    statement text NOT NULL REFERENCES statement (slug),
    generation integer NOT NULL,
    index bigint NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (statement, generation, index)
);

CREATE TABLE log_tile (
    statement text NOT NULL REFERENCES statement (slug),
    generation integer NOT NULL,
    level smallint NOT NULL,
    index bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (statement, generation, level, index),
    CONSTRAINT log_tile_holds_up_to_256_hashes CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0)
);
COMMENT ON TABLE log_tile IS 'C2SP tlog-tiles. A partial tile grows in place; what was served of it stays its prefix.';

CREATE TABLE audit (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    statement text NOT NULL REFERENCES statement (slug),
    generation integer NOT NULL,
    sample_size integer NOT NULL,
    frame_size bigint NOT NULL,
    frame_checkpoint text NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT now(),
    later_size bigint,
    later_root text,
    seed bytea,
    live_count bigint,
    drawn_count integer,
    opened_count integer,
    drawn_at timestamptz,
    genuine_count integer,
    not_genuine_count integer,
    no_answer_count integer,
    reported_at timestamptz,
    commitment bytea,
    secret text,
    CONSTRAINT audit_commitment_has_32_bytes CHECK (octet_length(commitment) = 32),
    CONSTRAINT audit_secret_opens_the_commitment CHECK (commitment = sha256(convert_to(secret, 'UTF8'))),
    CONSTRAINT audit_secret_is_told_at_the_draw CHECK (
        (secret IS NULL) = (commitment IS NULL OR drawn_at IS NULL)
    ),
    CONSTRAINT audit_asks_somebody CHECK (sample_size > 0),
    CONSTRAINT audit_is_drawn_after_its_frame CHECK (
        (drawn_at IS NULL) = (later_size IS NULL) AND (drawn_at IS NULL) = (seed IS NULL) AND later_size > frame_size
    ),
    CONSTRAINT audit_opens_no_more_than_it_drew CHECK (opened_count <= drawn_count AND drawn_count <= live_count),
    CONSTRAINT audit_report_adds_up CHECK (
        genuine_count >= 0 AND not_genuine_count >= 0 AND no_answer_count >= 0
        AND genuine_count + not_genuine_count + no_answer_count = opened_count
    ),
    CONSTRAINT audit_is_reported_after_its_draw CHECK (
        (reported_at IS NULL) = (genuine_count IS NULL) AND (reported_at IS NULL OR drawn_at IS NOT NULL)
    )
);
COMMENT ON COLUMN audit.commitment IS 'SHA-256 of a secret that the auditor keeps until the draw, and that the seed includes; null if nobody keeps one.';
COMMENT ON TABLE audit IS 'Samples of counted entries, asked by an auditor. The frame is fixed before the seed exists.';
CREATE UNIQUE INDEX audit_one_at_a_time ON audit (statement, generation) WHERE reported_at IS NULL;

CREATE TABLE log_check (
    statement text PRIMARY KEY REFERENCES statement (slug),
    size bigint NOT NULL,
    disagreements text[] NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE log_check IS 'The latest recount of each log, and where it didn''t agree.';

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

CREATE TABLE log_member (
    endorsement_id uuid PRIMARY KEY,
    statement text NOT NULL REFERENCES statement (slug),
    index bigint NOT NULL
);
COMMENT ON TABLE log_member IS 'The entry that counts an endorsement; forgotten with its `sub`.';
CREATE UNIQUE INDEX log_member_in_order ON log_member (statement, index);

CREATE TABLE tally (
    statement text PRIMARY KEY REFERENCES statement (slug),
    individual_count bigint NOT NULL DEFAULT 0,
    organisation_count bigint NOT NULL DEFAULT 0,
    held_count bigint NOT NULL DEFAULT 0,
    withdrawn_count bigint NOT NULL DEFAULT 0,
    duplicate_count bigint NOT NULL DEFAULT 0,
    fraud_count bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    individual_added_count bigint NOT NULL DEFAULT 0,
    log_size bigint NOT NULL DEFAULT 0,
    as_of timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tally_never_negative CHECK (
        individual_count >= 0 AND organisation_count >= 0 AND held_count >= 0 AND withdrawn_count >= 0
        AND duplicate_count >= 0 AND fraud_count >= 0 AND error_count >= 0
    )
);
COMMENT ON COLUMN tally.individual_added_count IS 'Individuals ever added, withdrawn or not: the breakdown waits for ten more of them.';

CREATE TABLE tally_cell (
    statement text NOT NULL REFERENCES statement (slug),
    dimension text NOT NULL,
    key text NOT NULL,
    individual_count bigint NOT NULL,
    individual_added_count bigint NOT NULL,
    PRIMARY KEY (statement, dimension, key),
    CONSTRAINT tally_cell_dimension_is_known CHECK (dimension IN ('country', 'objective', 'partner')),
    CONSTRAINT tally_cell_never_negative CHECK (individual_count >= 0)
);
COMMENT ON COLUMN tally_cell.individual_added_count IS 'Individuals ever added to this cell, withdrawn or not.';
COMMENT ON TABLE tally_cell IS 'Exact and private: at this freshness a cell would point at a person. What is public lies in tally_breakdown.';

CREATE TABLE tally_breakdown (
    statement text PRIMARY KEY REFERENCES statement (slug),
    countries jsonb NOT NULL,
    objectives jsonb NOT NULL,
    individual_added_count bigint NOT NULL,
    as_of timestamptz NOT NULL DEFAULT now()
);

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

CREATE TABLE tally_history (
    statement text NOT NULL REFERENCES statement (slug),
    as_of timestamptz NOT NULL DEFAULT now(),
    individual_count bigint NOT NULL,
    organisation_count bigint NOT NULL,
    PRIMARY KEY (statement, as_of)
);
COMMENT ON TABLE tally_history IS 'The totals at each publication of a breakdown, and at no other moment.';

-- Admins and owners' wishes --------------------------------------------------------------------------------------------

-- Keyed by the mailbox's whole key, or by its first 12 bytes and noughts, which is what mailed links have.
CREATE TABLE suppression (
    mailbox_id uuid PRIMARY KEY,
    reason text NOT NULL,
    suppressed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suppression_reason_is_known CHECK (reason IN ('owner', 'bounce'))
);

CREATE TABLE admin_key (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    label text NOT NULL,
    sha256 bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT admin_key_scopes_are_known CHECK (scopes <@ ARRAY['export'])
);

CREATE TABLE trail (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    actor text NOT NULL,
    action text NOT NULL,
    statement text,
    subject uuid,
    detail text,
    done_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE trail IS 'What admins did, without personal data: each row is written by the statement that does it.';
COMMENT ON COLUMN trail.subject IS 'What it was done to, if that is no person''s: nothing keyed by a person outlives their withdrawal.';

-- Limits ---------------------------------------------------------------------------------------------------------------

-- Unlogged: after a crash counting begins anew, as it does in a process's memory, and it writes nothing ahead.
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

CREATE TABLE spent_pass (
    id uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE spent_pass IS 'The challenges and turns that were used, until none of them is taken any more: nothing of whom.';
CREATE INDEX spent_pass_expired ON spent_pass (expires_at);

-- Monitoring -----------------------------------------------------------------------------------------------------------

CREATE TABLE station_count (
    station text NOT NULL,
    outcome text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (station, outcome)
);
COMMENT ON TABLE station_count IS 'What the processes counted of their work since ever, added every few seconds; numbers only, and nobody''s.';

-- Statements: loaded from their directories, immutable once used.

-- name: lock
-- Keeps other publishers of the same statement waiting.
SELECT pg_advisory_xact_lock(hashtextextended('undersigned statement ' || $1, 0));

-- name: find_text
-- Reads the published text's hash, whether anything was ever submitted under it, and whether its log is sealed.
SELECT s.sha256, s.closes_at,
       EXISTS (SELECT 1 FROM log_head WHERE log_head.statement = s.slug AND log_head.sealed_at IS NOT NULL) AS sealed,
       s.used_at IS NOT NULL
       OR EXISTS (SELECT 1 FROM submission WHERE submission.statement = s.slug)
       OR EXISTS (SELECT 1 FROM endorsement WHERE endorsement.statement = s.slug)
       OR EXISTS (SELECT 1 FROM log_head WHERE log_head.statement = s.slug AND log_head.size > 0) AS used
FROM statement AS s WHERE s.slug = $1;

-- name: publish
-- Writes a statement; leaves the row untouched if nothing changed, so that publishing twice is publishing once.
INSERT INTO statement (
    slug, title, text, sha256, locale, adopted_on, editorial_note, objectives, contributions, policy, controller,
    recipients, retention, consent_sha256, opens_at, closes_at, milestones
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (slug) DO UPDATE SET
    title = excluded.title, text = excluded.text, sha256 = excluded.sha256, locale = excluded.locale,
    adopted_on = excluded.adopted_on, editorial_note = excluded.editorial_note, objectives = excluded.objectives,
    contributions = excluded.contributions, policy = excluded.policy, controller = excluded.controller,
    recipients = excluded.recipients, retention = excluded.retention, consent_sha256 = excluded.consent_sha256,
    opens_at = excluded.opens_at, closes_at = excluded.closes_at, milestones = excluded.milestones,
    published_at = now()
WHERE (statement.title, statement.text, statement.locale, statement.adopted_on, statement.editorial_note,
       statement.objectives, statement.contributions, statement.policy, statement.controller, statement.recipients,
       statement.retention, statement.consent_sha256, statement.opens_at, statement.closes_at, statement.milestones)
      IS DISTINCT FROM
      (excluded.title, excluded.text, excluded.locale, excluded.adopted_on, excluded.editorial_note,
       excluded.objectives, excluded.contributions, excluded.policy, excluded.controller, excluded.recipients,
       excluded.retention, excluded.consent_sha256, excluded.opens_at, excluded.closes_at, excluded.milestones)
RETURNING slug;

-- name: keep_consent
-- Keeps a consent text for ever under its hash.
INSERT INTO consent (sha256, statement, text) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING;

-- name: open_log
-- Fixes the origin of a statement's log, once.
INSERT INTO log_head (statement, origin) VALUES ($1, $2) ON CONFLICT (statement) DO NOTHING;

-- name: open_tally
-- Starts a statement's tally at nothing, once.
INSERT INTO tally (statement) VALUES ($1) ON CONFLICT (statement) DO NOTHING;

-- name: announce
-- Makes everybody who holds a statement in memory read it again.
UPDATE statement SET published_at = clock_timestamp() WHERE slug = $1;

-- name: all
-- Reads every statement, for memory.
SELECT s.*, c.text AS consent_text, h.origin, h.generation
FROM statement AS s
JOIN consent AS c ON c.sha256 = s.consent_sha256
JOIN log_head AS h ON h.statement = s.slug
ORDER BY s.slug;

-- name: mark_used
-- Notes the statements that something was submitted under; a submission lives long enough to be seen here.
UPDATE statement SET used_at = now()
WHERE used_at IS NULL AND (
    EXISTS (SELECT 1 FROM submission WHERE submission.statement = statement.slug)
    OR EXISTS (SELECT 1 FROM endorsement WHERE endorsement.statement = statement.slug)
);

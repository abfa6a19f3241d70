-- Statements: loaded from their directories, immutable once used.

-- name: lock
-- Keeps other publishers of the same statement waiting.
SELECT pg_advisory_xact_lock(hashtextextended('undersigned statement ' || $1, 0));

-- name: mark_used
-- Notes the statements that something was submitted under, or only $1 of them; a submission lives long enough to be seen here. Whoever
-- was counted was queued, and then the log has begun, so no table of persons is walked through: each look is the first row of an index.
UPDATE statement SET used_at = now()
WHERE used_at IS NULL AND ($1::text IS NULL OR slug = $1) AND (
    (SELECT min(s.expires_at) FROM submission AS s WHERE s.statement = statement.slug AND s.expires_at IS NOT NULL) IS NOT NULL
    OR (SELECT min(s.confirmed_at) FROM submission AS s WHERE s.statement = statement.slug AND s.status = 'held') IS NOT NULL
    OR (SELECT min(q.generation) FROM log_queue AS q WHERE q.statement = statement.slug) IS NOT NULL
    OR EXISTS (SELECT 1 FROM log_head AS h WHERE h.statement = statement.slug AND (h.size > 0 OR h.generation > 0))
);

-- name: find_text
-- Reads the published text's hash, whether `mark_used` saw anything submitted under it, and whether its log is sealed.
SELECT s.sha256, s.closes_at,
       EXISTS (SELECT 1 FROM log_head WHERE log_head.statement = s.slug AND log_head.sealed_at IS NOT NULL) AS sealed,
       s.used_at IS NOT NULL AS used
FROM statement AS s WHERE s.slug = $1;

-- name: publish
-- Writes a statement; leaves the row untouched if nothing changed, so that publishing twice is publishing once.
INSERT INTO statement (
    slug, title, text, sha256, locale, adopted_on, editorial_note, objectives, contributions, policy, controller,
    recipients, retention, consent_sha256, opens_at, closes_at, embedding, milestones, time_zone
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (slug) DO UPDATE SET
    title = excluded.title, text = excluded.text, sha256 = excluded.sha256, locale = excluded.locale,
    adopted_on = excluded.adopted_on, editorial_note = excluded.editorial_note, objectives = excluded.objectives,
    contributions = excluded.contributions, policy = excluded.policy, controller = excluded.controller,
    recipients = excluded.recipients, retention = excluded.retention, consent_sha256 = excluded.consent_sha256,
    opens_at = excluded.opens_at, closes_at = excluded.closes_at,
    embedding = excluded.embedding, milestones = excluded.milestones, time_zone = excluded.time_zone,
    published_at = now()
WHERE (statement.title, statement.text, statement.locale, statement.adopted_on, statement.editorial_note,
       statement.objectives, statement.contributions, statement.policy, statement.controller, statement.recipients,
       statement.retention, statement.consent_sha256, statement.opens_at, statement.closes_at, statement.embedding,
       statement.milestones, statement.time_zone)
      IS DISTINCT FROM
      (excluded.title, excluded.text, excluded.locale, excluded.adopted_on, excluded.editorial_note,
       excluded.objectives, excluded.contributions, excluded.policy, excluded.controller, excluded.recipients,
       excluded.retention, excluded.consent_sha256, excluded.opens_at, excluded.closes_at, excluded.embedding,
       excluded.milestones, excluded.time_zone)
RETURNING slug;

-- name: keep_consent
-- Keeps a consent text, or a translation of one, for ever under its hash.
INSERT INTO consent (sha256, statement, text, locale) VALUES ($1, $2, $3, $4) ON CONFLICT (sha256) DO NOTHING;

-- name: retire_translations
-- Takes out of use the translations of a statement that are not among the hashes $3 for the locales $2; they stay known.
UPDATE translation AS t SET retired_at = now()
WHERE t.statement = $1 AND t.retired_at IS NULL
  AND (t.locale, t.sha256) NOT IN (SELECT locale, sha256 FROM unnest($2::text[], $3::bytea[]) AS kept (locale, sha256))
RETURNING t.sha256;

-- name: publish_translation
-- Makes a translation the current one of its locale, and leaves it untouched if it is already.
INSERT INTO translation (statement, sha256, locale, title, text, translator, consent_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (statement, sha256) DO UPDATE SET
    locale = excluded.locale, title = excluded.title, translator = excluded.translator,
    consent_sha256 = excluded.consent_sha256, published_at = now(), retired_at = NULL
WHERE translation.retired_at IS NOT NULL
   OR (translation.locale, translation.title, translation.translator, translation.consent_sha256)
      IS DISTINCT FROM (excluded.locale, excluded.title, excluded.translator, excluded.consent_sha256)
RETURNING sha256;

-- name: forget_translations
-- Deletes the translations of a text that is replaced before anything was submitted under it.
DELETE FROM translation WHERE statement = $1;

-- name: open_log
-- Fixes the origin of a statement's log, once.
INSERT INTO log_head (statement, origin) VALUES ($1, $2) ON CONFLICT (statement) DO NOTHING;

-- name: open_tally
-- Starts a statement's tally at nothing, once.
INSERT INTO tally (statement) VALUES ($1) ON CONFLICT (statement) DO NOTHING;

-- name: announce
-- Makes everybody who holds a statement in memory read it again.
UPDATE statement SET published_at = clock_timestamp() WHERE slug = $1;

-- name: announce_all
-- Makes everybody who holds statements and partners in memory read them again.
UPDATE statement SET published_at = clock_timestamp();

-- name: all
-- Reads every statement, for memory: with its current translations by locale, and the locales of all there ever were by hash.
SELECT s.slug, s.title, s.text, s.sha256, s.locale, s.adopted_on, s.editorial_note, s.objectives, s.contributions, s.policy,
       s.controller, s.recipients, s.retention, s.consent_sha256, s.opens_at, s.closes_at, s.published_at, s.embedding, s.milestones,
       s.time_zone, c.text AS consent_text, h.origin, h.generation,
       (SELECT coalesce(jsonb_object_agg(t.locale, jsonb_build_object(
                   'locale', t.locale, 'title', t.title, 'text', t.text, 'sha256', encode(t.sha256, 'base64'),
                   'translator', t.translator, 'consent_text', o.text, 'consent_sha256', encode(o.sha256, 'base64')
               )), '{}')
        FROM translation AS t LEFT JOIN consent AS o ON o.sha256 = t.consent_sha256
        WHERE t.statement = s.slug AND t.retired_at IS NULL) AS translations,
       (SELECT coalesce(jsonb_object_agg(encode(t.sha256, 'hex'), t.locale), '{}')
        FROM translation AS t WHERE t.statement = s.slug) AS translated,
       (SELECT coalesce(jsonb_object_agg(encode(o.sha256, 'hex'), o.locale), '{}')
        FROM consent AS o WHERE o.statement = s.slug AND o.locale <> s.locale) AS translated_consents
FROM statement AS s
JOIN consent AS c ON c.sha256 = s.consent_sha256
JOIN log_head AS h ON h.statement = s.slug
ORDER BY s.slug;

-- Audits: samples of counted entries, asked by an auditor. The frame is fixed before the seed exists.

-- name: announce
-- Fixes the frame of an audit: the log as it is released, with the hash of the auditor's secret, if there is one, and leaves a trace of
-- it. No row while the log has unreleased entries, is empty, sealed or still adding everybody again, or another audit is under way.
WITH announced AS (
    INSERT INTO audit (statement, generation, sample_size, frame_size, frame_checkpoint, commitment)
    SELECT h.statement, h.generation, $2, h.released_size, h.released_checkpoint, $3 FROM log_head AS h
    WHERE h.statement = $1 AND h.size = h.released_size AND h.size > 0 AND h.sealed_at IS NULL AND h.shown_generation = h.generation
      AND NOT EXISTS (SELECT 1 FROM audit AS a WHERE a.statement = $1 AND a.drawn_at IS NOT NULL AND a.reported_at IS NULL)
    ON CONFLICT (statement, generation) WHERE reported_at IS NULL DO NOTHING
    RETURNING statement, sample_size, frame_size
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $4, 'audit announce', statement, format('%s of %s entries', sample_size, frame_size) FROM announced
)
SELECT frame_size FROM announced;

-- name: under_way
-- Reads the audit that was announced and is not reported yet. One that the end of its log overtook before the draw is void: what
-- opened its entries is gone.
SELECT a.id, a.generation, a.sample_size, a.frame_size, a.frame_checkpoint, a.commitment, a.secret, a.drawn_at
FROM audit AS a JOIN log_head AS h ON h.statement = a.statement
WHERE a.statement = $1 AND a.reported_at IS NULL AND (a.generation = h.generation OR a.drawn_at IS NOT NULL)
ORDER BY a.id LIMIT 1;

-- name: later_size
-- Finds the size of the first checkpoint behind $3 entries, as far as $4 are released: every batch ends with a `sum` or the `seal`.
SELECT index + 1 AS size FROM log_entry
WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 AND entry ~ '^undersigned/v1 (sum|seal) '
ORDER BY index LIMIT 1;

-- name: openings
-- Reads what opens those of the entries $2 of generation $3 that still count, in the order of the log; an organisation whose
-- representative left has no person in its row.
SELECT m.index AS log_index, e.kind, p.name, p.address, o.name AS organisation, coalesce(o.identity, p.identity) AS identity,
       coalesce(o.salt, p.salt) AS salt, h.origin, encode(s.sha256, 'hex') AS statement_sha256
FROM log_member AS m
JOIN log_head AS h ON h.statement = m.statement AND h.generation = $3
JOIN statement AS s ON s.slug = m.statement
JOIN endorsement AS e ON e.id = m.endorsement_id AND e.status = 'counted'
LEFT JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
LEFT JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
WHERE m.statement = $1 AND m.index = ANY ($2::bigint[])
ORDER BY m.index;

-- name: note_draw
-- Notes the seed of an audit and how many entries it drew and opened, at its first draw; a second one changes nothing, nor does one
-- whose log has ended meanwhile. Leaves a trace of each draw, the first or not, since each hands out what opens entries. False where
-- nothing may be handed out.
WITH noted AS (
    UPDATE audit SET later_size = $2, later_root = $3, seed = $4, live_count = $5, drawn_count = $6, opened_count = $7,
        secret = $8, drawn_at = now()
    WHERE id = $1 AND drawn_at IS NULL
      AND EXISTS (SELECT 1 FROM log_head AS h WHERE h.statement = audit.statement AND h.generation = audit.generation)
    RETURNING statement
), drawn AS (
    SELECT statement FROM noted UNION ALL SELECT statement FROM audit WHERE id = $1 AND drawn_at IS NOT NULL
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $9, 'audit draw', statement, format('%s openings, %s withdrawn since', $7, $6 - $7) FROM drawn
)
SELECT EXISTS (SELECT 1 FROM drawn);

-- name: report
-- Notes what the auditor found, once, also after the log has begun anew, and leaves a trace of it; no row unless the answers are as
-- many as the entries that were opened.
WITH reported AS (
    UPDATE audit SET genuine_count = $2, not_genuine_count = $3, no_answer_count = $4, reported_at = now()
    WHERE statement = $1 AND drawn_at IS NOT NULL AND reported_at IS NULL AND opened_count = $2::integer + $3 + $4
    RETURNING id, statement
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $5, 'audit report', statement, format('%s genuine, %s not genuine, %s no answer', $2, $3, $4) FROM reported
)
SELECT id FROM reported;

-- name: published
-- Lists all audits of a statement, also those without a report, newest first.
SELECT a.generation, a.sample_size, a.frame_size, a.frame_checkpoint, a.announced_at, a.commitment, a.secret, a.later_size,
       a.later_root, a.seed, a.live_count, a.drawn_count, a.opened_count, a.drawn_at, a.genuine_count, a.not_genuine_count,
       a.no_answer_count, a.reported_at, CASE WHEN a.drawn_at IS NULL THEN p.ended_at END AS void_since
FROM audit AS a LEFT JOIN log_past AS p ON p.statement = a.statement AND p.generation = a.generation
WHERE a.statement = $1 ORDER BY a.announced_at DESC, a.id DESC;

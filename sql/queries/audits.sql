-- Audits: samples of counted entries, asked by an auditor. The frame is fixed before the seed exists.

-- name: announce
-- Fixes the frame of an audit: the log as it is released. No row while the log has unreleased entries, is empty or sealed, or
-- another audit is under way.
INSERT INTO audit (statement, generation, sample_size, frame_size, frame_checkpoint)
SELECT statement, generation, $2, released_size, released_checkpoint FROM log_head
WHERE statement = $1 AND size = released_size AND size > 0 AND sealed_at IS NULL
ON CONFLICT (statement, generation) WHERE reported_at IS NULL DO NOTHING
RETURNING id, frame_size;

-- name: under_way
-- Reads the audit of this generation of a log that is announced and not reported yet.
SELECT id, generation, sample_size, frame_size, frame_checkpoint, drawn_at FROM audit
WHERE statement = $1 AND generation = $2 AND reported_at IS NULL;

-- name: later_size
-- Finds the size of the first checkpoint behind $3 entries, as far as $4 are released: every batch ends with a `sum` or the `seal`.
SELECT index + 1 AS size FROM log_entry
WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 AND entry ~ '^undersigned/v1 (sum|seal) '
ORDER BY index LIMIT 1;

-- name: openings
-- Reads what opens those of the entries $2 that still count, in the order of the log.
SELECT m.index AS log_index, e.kind, p.name, p.address, o.name AS organisation, o.identity, p.salt, h.origin,
       encode(s.sha256, 'hex') AS statement_sha256
FROM log_member AS m
JOIN log_head AS h ON h.statement = m.statement
JOIN statement AS s ON s.slug = m.statement
JOIN endorsement AS e ON e.id = m.endorsement_id AND e.status = 'counted'
JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
LEFT JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
WHERE m.statement = $1 AND m.index = ANY ($2::bigint[])
ORDER BY m.index;

-- name: note_draw
-- Notes the seed of an audit and how many entries it drew and opened, at its first draw; a second one changes nothing.
UPDATE audit SET later_size = $2, later_root = $3, seed = $4, live_count = $5, drawn_count = $6, opened_count = $7, drawn_at = now()
WHERE id = $1 AND drawn_at IS NULL;

-- name: report
-- Notes what the auditor found, once; no row unless the answers are as many as the entries that were opened.
UPDATE audit SET genuine_count = $2, not_genuine_count = $3, no_answer_count = $4, reported_at = now()
WHERE statement = $1 AND drawn_at IS NOT NULL AND reported_at IS NULL AND opened_count = $2::integer + $3 + $4
  AND generation = (SELECT generation FROM log_head WHERE statement = $1)
RETURNING id;

-- name: published
-- Lists all audits of a statement, also those without a report, newest first.
SELECT generation, sample_size, frame_size, frame_checkpoint, announced_at, later_size, later_root, seed, live_count, drawn_count,
       opened_count, drawn_at, genuine_count, not_genuine_count, no_answer_count, reported_at
FROM audit WHERE statement = $1 ORDER BY announced_at DESC, id DESC;

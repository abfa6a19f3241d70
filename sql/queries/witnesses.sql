-- Witnesses: strangers who cosign what was released of a log; and this installation as one of other people's logs.

-- name: due
-- Lists the logs that grew behind the head that is cosigned, that nothing stops, and whose witnesses were not asked for $1.
SELECT h.statement FROM log_head AS h LEFT JOIN log_cosigned AS c ON c.statement = h.statement
WHERE h.released_size > 0 AND h.stopped_reason IS NULL
  AND (c.statement IS NULL OR (h.generation, h.released_size) > (c.generation, c.size) AND c.asked_at < now() - $1::interval)
ORDER BY h.statement;

-- name: take
-- Takes the turn of asking the witnesses of a log: of two workers one gets a row.
INSERT INTO log_cosigned (statement) VALUES ($1)
ON CONFLICT (statement) DO UPDATE SET asked_at = excluded.asked_at WHERE log_cosigned.asked_at < excluded.asked_at - $2::interval
RETURNING statement;

-- name: known
-- Reads what the witnesses of a log said last.
SELECT name, vkey, generation, size, cosigned_at, trouble FROM log_witness WHERE statement = $1 ORDER BY name;

-- name: note
-- Notes that a witness cosigned, or why it didn't; then it stays known when it last did.
INSERT INTO log_witness (statement, name, vkey, generation, size, cosigned_at, trouble) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (statement, name) DO UPDATE SET vkey = excluded.vkey, generation = excluded.generation, size = excluded.size,
    trouble = excluded.trouble, cosigned_at = coalesce(
        excluded.cosigned_at,
        CASE WHEN (log_witness.generation, log_witness.vkey) = (excluded.generation, excluded.vkey) THEN log_witness.cosigned_at END
    )
WHERE excluded.generation >= log_witness.generation;

-- name: publish
-- Lets readers see a cosigned head, unless a newer one is there already.
UPDATE log_cosigned SET generation = $2, size = $3, checkpoint = $4, witness_count = $5, cosigned_at = $6
WHERE statement = $1 AND (generation, size) < ($2, $3);

-- name: cosigned
-- Reads the newest cosigned head of a log, of the generation that its newest head is of. No row while there is none.
SELECT c.generation, c.size, c.checkpoint, c.witness_count, c.cosigned_at
FROM log_cosigned AS c JOIN log_head AS h ON h.statement = c.statement AND h.generation = c.generation
WHERE c.statement = $1 AND c.size > 0;

-- name: watch
-- Takes in a log to be a witness of; no row if it is known already.
INSERT INTO witnessed_log (origin, origin_sha256, vkey) VALUES ($1, sha256(convert_to($1, 'UTF8')), $2) ON CONFLICT DO NOTHING
RETURNING origin;

-- name: unwatch
-- Forgets a log. What was cosigned of it stays cosigned.
DELETE FROM witnessed_log WHERE origin = $1 RETURNING origin;

-- name: watched
-- Lists the logs that this installation is a witness of, or the one $1.
SELECT origin, vkey, size, root, checkpoint, cosigned_at FROM witnessed_log WHERE $1::text IS NULL OR origin = $1 ORDER BY origin;

-- name: advance
-- Compare-and-swap: notes a head that is about to be cosigned in the place of the one it was held against; no row if another came first.
UPDATE witnessed_log SET size = $4, root = $5, checkpoint = $6, cosigned_at = $7
WHERE origin = $1 AND size = $2 AND root IS NOT DISTINCT FROM $3 RETURNING size;

-- name: monitored
-- Reads the head that was cosigned last, by the hash of its log's origin.
SELECT checkpoint FROM witnessed_log WHERE origin_sha256 = $1 AND checkpoint IS NOT NULL;

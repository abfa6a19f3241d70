-- Tallies: written by the sequencer, read by everyone from memory.

-- name: snapshot
-- Reads when every statement was last published, and its tally if its released checkpoint proves it, with its breakdown: the one query
-- that keeps memory fresh. A tally whose checkpoint is not released yet is null, and memory keeps the one before. While a log that began
-- anew is still adding everybody again, the tally stays that of the log before.
SELECT s.slug AS statement, s.published_at, s.opens_at, s.closes_at, shown.individual_count, shown.organisation_count, t.held_count,
       shown.withdrawn_count, shown.duplicate_count, shown.fraud_count, shown.error_count, shown.log_size, shown.as_of,
       shown.origin, shown.checkpoint, shown.followed_by, b.countries, b.objectives, b.as_of AS breakdown_as_of,
       w.size AS cosigned_size, w.cosigned_at, w.witness_count
FROM tally AS t
JOIN statement AS s ON s.slug = t.statement
JOIN log_head AS h ON h.statement = t.statement
LEFT JOIN log_past AS p ON p.statement = h.statement AND p.generation = h.shown_generation AND h.shown_generation < h.generation
LEFT JOIN LATERAL (
    SELECT t.individual_count, t.organisation_count, t.withdrawn_count, t.duplicate_count, t.fraud_count, t.error_count,
           t.log_size, t.as_of, h.origin, h.released_checkpoint AS checkpoint, NULL AS followed_by
    WHERE h.shown_generation = h.generation AND h.released_size = t.log_size
    UNION ALL
    SELECT p.individual_count, p.organisation_count, p.withdrawn_count, p.duplicate_count, p.fraud_count, p.error_count,
           p.size, p.as_of, p.origin, p.stored_checkpoint, h.origin
    WHERE p.individual_count IS NOT NULL
) AS shown ON true
LEFT JOIN tally_breakdown AS b ON b.statement = t.statement
LEFT JOIN log_cosigned AS w ON w.statement = t.statement AND w.generation = h.shown_generation AND w.size > 0
ORDER BY s.slug;

-- name: read
-- Reads a tally's exact numbers.
SELECT individual_count, organisation_count, log_size
FROM tally WHERE statement = $1;

-- name: add
-- Adds a batch's changes and returns the net numbers for its `sum` entry.
UPDATE tally SET
    individual_count = individual_count + $2, organisation_count = organisation_count + $3,
    withdrawn_count = withdrawn_count + $4, duplicate_count = duplicate_count + $5, fraud_count = fraud_count + $6,
    error_count = error_count + $7, individual_added_count = individual_added_count + $8, log_size = $9, as_of = now()
WHERE statement = $1
RETURNING individual_count, organisation_count;

-- name: begin_anew
-- Takes out what a new generation of the log adds again; what was taken back before stays told, and nobody is new.
WITH cells AS (
    UPDATE tally_cell SET individual_added_count = individual_added_count - individual_count, individual_count = 0
    WHERE statement = $1
)
UPDATE tally SET individual_added_count = individual_added_count - individual_count,
    individual_count = 0, organisation_count = 0, log_size = 0, as_of = now()
WHERE statement = $1;

-- name: add_cells
-- Adds a batch's changes, net and added, to the exact, private counts.
MERGE INTO tally_cell AS t
USING (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])) AS c (dimension, key, change, added)
ON t.statement = $1 AND t.dimension = c.dimension AND t.key = c.key
WHEN MATCHED THEN UPDATE SET individual_count = t.individual_count + c.change,
    individual_added_count = t.individual_added_count + c.added
WHEN NOT MATCHED THEN INSERT (statement, dimension, key, individual_count, individual_added_count)
    VALUES ($1, c.dimension, c.key, c.change, c.added);

-- name: count_held
-- Brings the held counts up to date; touches only those that changed. It reads what is held, by its index, and nothing else.
UPDATE tally SET held_count = held.count, as_of = now()
FROM (
    SELECT t.statement,
           (SELECT count(*) FROM submission AS s WHERE s.statement = t.statement AND s.status = 'held') AS count
    FROM tally AS t
) AS held
WHERE tally.statement = held.statement AND tally.held_count <> held.count;

-- name: ripe
-- Lists the statements whose breakdown may be published again: a day and ten new individuals after the last, and
-- not from the half-filled cells of a log that began anew.
SELECT t.statement, t.individual_added_count
FROM tally AS t
JOIN log_head AS h ON h.statement = t.statement AND h.shown_generation = h.generation
LEFT JOIN tally_breakdown AS b ON b.statement = t.statement
WHERE t.individual_added_count >= coalesce(b.individual_added_count, 0) + $1
  AND (b.as_of IS NULL OR b.as_of <= now() - $2::interval);

-- name: cells
-- Reads a statement's exact counts by country or objective.
SELECT dimension, key, individual_count FROM tally_cell
WHERE statement = $1 AND dimension IN ('country', 'objective') AND individual_count > 0;

-- name: publish_breakdown
-- Publishes a breakdown, and notes the totals of that moment for the chart of the count by day.
WITH noted AS (
    INSERT INTO tally_history (statement, individual_count, organisation_count)
    SELECT statement, individual_count, organisation_count FROM tally WHERE statement = $1
    ON CONFLICT (statement, as_of) DO NOTHING
)
INSERT INTO tally_breakdown (statement, countries, objectives, individual_added_count)
VALUES ($1, $2, $3, $4)
ON CONFLICT (statement) DO UPDATE SET countries = excluded.countries, objectives = excluded.objectives,
    individual_added_count = excluded.individual_added_count, as_of = now();

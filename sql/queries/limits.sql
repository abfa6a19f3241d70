-- Limits: what all web processes count together, by the clock of the database. Nothing here is a table of persons.

-- name: exchange
-- Adds what a process counted to the meters $1 with the keys $2: $3 each, and no meter is fuller than $4 (budgets), $5 (bursts) or $6
-- (turns). Says how full these are now, and of the others the $7 fullest, each with the time; of none, the time alone. In one order,
-- so that two don't wait in a circle.
WITH added AS (
    INSERT INTO meter (name, key, empty_at, counted_at)
    SELECT a.name, a.key, now() + a.taken, now() FROM unnest($1::text[], $2::uuid[], $3::interval[]) AS a (name, key, taken)
    ORDER BY a.name, a.key
    ON CONFLICT (name, key) DO UPDATE SET
        empty_at = least(
            greatest(meter.empty_at, excluded.counted_at) + (excluded.empty_at - excluded.counted_at),
            excluded.counted_at + CASE excluded.name
                WHEN 'budget' THEN $4::interval WHEN 'burst' THEN $5::interval ELSE $6::interval END
        ),
        counted_at = excluded.counted_at
    RETURNING name, key, empty_at
), fullest AS (
    SELECT m.name, m.key, m.empty_at FROM meter AS m
    WHERE m.empty_at > now() AND NOT EXISTS (SELECT 1 FROM added AS a WHERE a.name = m.name AND a.key = m.key)
    ORDER BY m.empty_at DESC LIMIT $7
)
SELECT now() AS clock, f.name, f.key, f.empty_at - now() AS fill
FROM (SELECT 1) AS always
LEFT JOIN (SELECT * FROM added UNION ALL SELECT * FROM fullest) AS f ON true;

-- name: fill
-- Says how full the meter $1 with the key $2 is. Always one row.
SELECT coalesce(max(m.empty_at) - now(), interval '0') AS fill FROM meter AS m WHERE m.name = $1 AND m.key = $2;

-- name: drain
-- Deletes up to $1 meters that have run empty, and waits for nobody.
DELETE FROM meter WHERE (name, key) IN (
    SELECT m.name, m.key FROM meter AS m WHERE m.empty_at <= now() ORDER BY m.empty_at LIMIT $1 FOR UPDATE SKIP LOCKED
);

-- name: overdue
-- Finds up to $2 meters that have been empty for $1, with what `purge` takes.
SELECT m.name, m.key, $1::interval AS grace FROM meter AS m WHERE m.empty_at <= now() - $1::interval LIMIT $2;

-- name: purge
-- Deletes one meter if it still is over its time; returns how many.
WITH gone AS (
    DELETE FROM meter WHERE name = $1 AND key = $2 AND empty_at <= now() - $3::interval RETURNING key
)
SELECT count(*) AS deleted FROM gone;

-- name: redeem
-- Notes that the pass $1, which nobody takes after $2, was used; fresh only for the first who says so. Always one row.
WITH fresh AS (
    INSERT INTO spent_pass (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id
)
SELECT EXISTS (SELECT 1 FROM fresh) AS is_fresh;

-- name: passes_overdue
-- Finds up to $2 used passes that nobody has taken for $1, with what `forget_pass` takes.
SELECT p.id, $1::interval AS grace FROM spent_pass AS p WHERE p.expires_at <= now() - $1::interval LIMIT $2;

-- name: forget_pass
-- Deletes one used pass if it still is over its time; returns how many.
WITH gone AS (
    DELETE FROM spent_pass WHERE id = $1 AND expires_at <= now() - $2::interval RETURNING id
)
SELECT count(*) AS deleted FROM gone;

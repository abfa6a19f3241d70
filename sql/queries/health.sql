-- Health: how late each station is, and what it did. Every query reads a bounded number of rows, however many are waiting.

-- name: note
-- Adds what a process did since it last said so: stations $1, outcomes $2, numbers $3. In one order, so that two don't wait in a circle.
INSERT INTO station_count (station, outcome, count)
SELECT n.station, n.outcome, n.number FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (station, outcome, number)
ORDER BY n.station, n.outcome
ON CONFLICT (station, outcome) DO UPDATE SET count = station_count.count + excluded.count;

-- name: noted
-- Reads what all processes did.
SELECT station, outcome, count FROM station_count ORDER BY station, outcome LIMIT 1000;

-- name: mail
-- Says for how long the oldest due message has been due, and how many are, up to $1. Always one row.
SELECT (SELECT now() - m.due_at FROM message AS m WHERE m.status = 'due' AND m.due_at <= now() ORDER BY m.due_at LIMIT 1) AS waited,
       (SELECT count(*) FROM (SELECT FROM message AS m WHERE m.status = 'due' AND m.due_at <= now() LIMIT $1) AS due) AS due_count;

-- name: queue_length
-- Counts what waits for the logs, up to $1.
SELECT count(*) AS length FROM (SELECT FROM log_queue LIMIT $1) AS waiting;

-- name: logs
-- Says of each log, and of its tally, how late it is: for how long its oldest queue row has waited, its newest head has been signed and
-- not released, its last recount is past (where there was none, its statement has been in use), and its tally has stood still.
SELECT h.statement, h.size + coalesce((SELECT sum(p.size) FROM log_past AS p WHERE p.statement = h.statement), 0)::bigint AS entry_count,
       (SELECT now() - q.queued_at FROM log_queue AS q WHERE q.statement = h.statement
        ORDER BY q.generation, q.id LIMIT 1) AS queue_waited,
       h.size - h.released_size AS unreleased_count,
       CASE WHEN h.size > h.released_size THEN now() - h.appended_at END AS unreleased_for,
       h.stopped_reason,
       CASE WHEN h.released_size > 0 THEN now() - coalesce(c.checked_at, s.used_at) END AS unchecked_for,
       coalesce(cardinality(c.disagreements), 0) AS disagreement_count,
       now() - t.as_of AS tally_unmoved_for, t.held_count
FROM log_head AS h
JOIN statement AS s ON s.slug = h.statement
LEFT JOIN log_check AS c ON c.statement = h.statement
LEFT JOIN tally AS t ON t.statement = h.statement
ORDER BY h.statement LIMIT 1000;

-- name: claims
-- Says how many claims wait for their confirmation: counted, up to $1, where there may be half as many, or where $1 is small; else as
-- PostgreSQL's statistics have it. Always one row.
SELECT CASE
    WHEN $1::bigint > 10000 AND greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint) < $1 / 2
    THEN greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0)
    ELSE (SELECT count(*) FROM (SELECT FROM submission AS s WHERE s.status = 'pending' LIMIT $1) AS pending)
END AS claim_count
FROM pg_class AS c WHERE c.oid = 'submission'::regclass;

-- Vacuum: what was deleted leaves the tables too, where PostgreSQL would keep it as dead rows until many have gathered.

-- name: is_due
-- Says whether a table of persons has dead rows and wasn't vacuumed for $1, or never was as far as the statistics know.
SELECT coalesce(bool_or(s.last_vacuum IS NULL OR (s.n_dead_tup > 0 AND s.last_vacuum < now() - $1::interval)), false) AS is_due
FROM pg_stat_user_tables AS s
WHERE s.schemaname = 'public' AND s.relname IN (
    'submission', 'message', 'endorsement', 'signatory', 'succession', 'organisation', 'report', 'suppression', 'log_queue', 'log_member'
);

-- name: gently
-- Has this connection's vacuum pause as autovacuum does, so that nobody who signs notices.
SET vacuum_cost_delay = '2ms';

-- name: tables
-- Clears dead rows from the tables of persons and their indexes, and samples anew what the planner keeps examples of. A table that
-- another vacuum is at is left to it.
VACUUM (ANALYZE, SKIP_LOCKED, INDEX_CLEANUP ON) submission, message, endorsement, signatory, succession, organisation, report,
    suppression, log_queue, log_member;

-- name: samples
-- Clears what the planner kept as examples before: names and addresses among them.
VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON) pg_catalog.pg_statistic;

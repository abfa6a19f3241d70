-- Reports: what readers say is wrong with a shown name or a counted organisation. $1 is the endorsement id.

-- name: report
-- Keeps a report on a counted endorsement, unless $6 open ones wait already; a withdrawal that runs at the same time leaves none
-- behind. Always one row.
WITH fact AS MATERIALIZED (
    SELECT e.id, e.statement FROM endorsement AS e WHERE e.id = $1 AND e.status = 'counted' FOR KEY SHARE
), kept AS (
    INSERT INTO report (endorsement_id, id, statement, about, reason, note)
    SELECT fact.id, $2, fact.statement, $3, $4, $5 FROM fact
    WHERE fact.id = $1 AND (SELECT count(*) FROM report AS r WHERE r.endorsement_id = $1 AND r.status = 'open') < $6
    RETURNING id
)
SELECT EXISTS (SELECT 1 FROM kept) AS kept;

-- name: waiting
-- Lists the open reports, oldest first, each with what it is about as it is now.
SELECT r.endorsement_id, r.id, r.statement, r.about, r.reason, r.note, r.reported_at, m.index AS log_index,
       coalesce(o.name, p.name) AS name, coalesce(p.name_status, 'hidden') AS name_status
FROM report AS r
LEFT JOIN signatory AS p ON p.endorsement_id = r.endorsement_id
LEFT JOIN organisation AS o ON o.endorsement_id = r.endorsement_id
LEFT JOIN log_member AS m ON m.endorsement_id = r.endorsement_id
WHERE r.status = 'open' ORDER BY r.reported_at, r.id;

-- name: find
-- Finds by its own id whose open report it is.
SELECT endorsement_id FROM report WHERE id = $1 AND status = 'open';

-- name: finish
-- Marks a report as dealt with, in the name of $3. Always one row.
WITH done AS (
    UPDATE report SET status = 'done', done_at = now() WHERE endorsement_id = $1 AND id = $2 AND status = 'open'
    RETURNING id, statement
), trace AS (
    INSERT INTO trail (actor, action, statement, subject) SELECT $3, 'report done', statement, id FROM done
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM done) THEN 'done' ELSE 'absent' END AS outcome;

-- name: overdue
-- Finds up to $2 reports that were dealt with longer than $1 ago, for `purge`.
SELECT endorsement_id, id, $1::interval AS grace FROM report
WHERE status = 'done' AND done_at < now() - $1::interval ORDER BY endorsement_id, id LIMIT $2;

-- name: purge
-- Deletes one report whose time is over.
WITH gone AS (
    DELETE FROM report WHERE endorsement_id = $1 AND id = $2 AND status = 'done' AND done_at < now() - $3::interval RETURNING id
)
SELECT count(*) AS purged FROM gone;

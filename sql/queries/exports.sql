-- Exports: verified endorsements, for admins.

-- name: endorsements
-- Streams the counted endorsements that the log holds, in its order, each with what opens its entry; an organisation whose
-- representative left has no person in its row.
SELECT m.index AS log_index, e.kind, e.counted_at, p.name, p.name_status, p.address, e.country, p.role, p.locale,
       e.objectives, e.partner, p.source, coalesce(p.consent ? 'updates', false) AS updates,
       o.name AS organisation, o.website, o.contributions, o.proof,
       h.origin, encode(s.sha256, 'hex') AS statement_sha256,
       p.consent #>> '{endorse,shown_sha256}' AS shown_sha256, coalesce(o.identity, p.identity) AS identity,
       coalesce(o.salt, p.salt) AS salt
FROM log_member AS m
JOIN log_head AS h ON h.statement = m.statement
JOIN statement AS s ON s.slug = m.statement
JOIN endorsement AS e ON e.id = m.endorsement_id AND e.status = 'counted'
LEFT JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
LEFT JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
WHERE m.statement = $1
ORDER BY m.index;

-- name: bound
-- Lets the database itself end this transaction, and the view of all tables that it holds, once nothing was asked in it for $1, or
-- once it is as old as $2: whatever its reader does, and whatever became of us.
SELECT ARRAY[
    set_config('idle_in_transaction_session_timeout', $1, true), set_config('transaction_timeout', $2, true)
] AS bounds;

-- name: announced
-- Counts the rows that `endorsements` gives in the same view, and reads the newest checkpoint that everybody may see.
SELECT count(e.id) AS row_count, (SELECT released_checkpoint FROM log_head WHERE statement = $1) AS checkpoint
FROM log_member AS m JOIN endorsement AS e ON e.id = m.endorsement_id AND e.status = 'counted'
WHERE m.statement = $1;

-- Persons: what is held under one mailbox, for requests that come by letter. Rare, so it reads whole tables.

-- name: endorsements
-- Finds the counted endorsements that a mailbox confirmed, whatever the statement and the kind; and leaves a trace, whatever it finds,
-- that $2 did $3 about a letter, with the detail $4.
WITH trace AS (
    INSERT INTO trail (actor, action, detail) VALUES ($2, $3, $4)
)
SELECT e.id, e.statement, e.kind, p.bound, e.counted_at, p.name, p.name_status, o.name AS organisation, m.index AS log_index
FROM signatory AS p
JOIN endorsement AS e ON e.id = p.endorsement_id AND e.status = 'counted'
LEFT JOIN organisation AS o ON o.endorsement_id = e.id
LEFT JOIN log_member AS m ON m.endorsement_id = e.id
WHERE p.mailbox_id = $1 ORDER BY e.counted_at, e.id;

-- name: others
-- Counts what else is held under a mailbox.
SELECT (SELECT count(*) FROM submission WHERE mailbox_id = $1 AND status = 'pending') AS pending,
       (SELECT count(*) FROM submission WHERE mailbox_id = $1 AND status = 'held') AS held,
       (SELECT count(*) FROM succession WHERE mailbox_id = $1) AS offers,
       (SELECT count(*) FROM message WHERE mailbox_id = $1) AS messages,
       EXISTS (SELECT 1 FROM suppression WHERE mailbox_id IN ($1, encode(substring(uuid_send($1::uuid) FOR 12) || '\x00000000', 'hex')::uuid)) AS suppressed;

-- name: claims
-- Finds the claims under a mailbox and the offers made to it, for `drop_claim`.
SELECT endorsement_id, id FROM submission WHERE mailbox_id = $1
UNION ALL SELECT endorsement_id, id FROM succession WHERE mailbox_id = $1;

-- name: drop_claim
-- Deletes one claim, held or not, or one offer, with the mail about it, at its owner's letter.
WITH gone AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND id = $2 RETURNING id
), offer AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND id = $2 RETURNING id
), mail AS (
    DELETE FROM message WHERE endorsement_id = $1 AND submission_id = $2 RETURNING id
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM offer) AS dropped;

-- Review: claims that wait for a look. $1 is the endorsement id where something is written.

-- name: held
-- Lists the held claims of a statement (of all, if $1 is null), rivals side by side, oldest first.
SELECT s.endorsement_id, s.id, s.statement, s.kind, s.name, s.role, s.address, s.country, s.organisation, s.hold_reason,
       s.confirmed_at, count(*) OVER (PARTITION BY s.endorsement_id) - 1 AS rival_count,
       EXISTS (SELECT 1 FROM signatory AS p WHERE p.endorsement_id = s.endorsement_id) AS counted_already,
       EXISTS (SELECT 1 FROM endorsement AS e WHERE e.id = s.endorsement_id AND e.status = 'rejected') AS rejected_before
FROM submission AS s
WHERE s.status = 'held' AND ($1::text IS NULL OR s.statement = $1)
ORDER BY min(s.confirmed_at) OVER (PARTITION BY s.endorsement_id), s.endorsement_id, s.confirmed_at;

-- name: find_held
-- Finds a held claim by its own id, and says whether a rival speaks for the organisation already; if nobody does, this claim may.
SELECT s.endorsement_id, s.id, s.statement,
       EXISTS (SELECT 1 FROM signatory AS p WHERE p.endorsement_id = s.endorsement_id) AS counted_already
FROM submission AS s WHERE s.status = 'held' AND s.id = $1;

-- name: reject_claim
-- Deletes a held claim and mails its representative why, and leaves a trace that the admin $5 did this, with the words $6 and $7;
-- never blocks the organisation's identity. Always one row.
WITH claim AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND id = $2 AND status = 'held'
    RETURNING endorsement_id, id, statement, mailbox_id, address, locale
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, detail)
    SELECT endorsement_id, $3, statement, 'rejected', id, mailbox_id, address, locale, jsonb_build_object('reason', $4::text)
    FROM claim WHERE endorsement_id = $1
    RETURNING id
), trace AS (
    INSERT INTO trail (actor, action, statement, detail) SELECT $5, $6, statement, $7 FROM claim
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM claim) THEN 'rejected' ELSE 'absent' END AS outcome;

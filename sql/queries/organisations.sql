-- Organisations: claims that wait for a look.

-- name: held
-- Lists the held claims of a statement (of all, if $1 is null), rivals side by side, oldest first.
SELECT s.endorsement_id, s.id, s.statement, s.kind, s.name, s.role, s.address, s.country, s.organisation, s.hold_reason,
       s.confirmed_at, count(*) OVER (PARTITION BY s.endorsement_id) - 1 AS rival_count,
       EXISTS (SELECT 1 FROM signatory AS p WHERE p.endorsement_id = s.endorsement_id) AS counted_already
FROM submission AS s
WHERE s.status = 'held' AND ($1::text IS NULL OR s.statement = $1)
ORDER BY min(s.confirmed_at) OVER (PARTITION BY s.endorsement_id), s.endorsement_id, s.confirmed_at;

-- name: find_held
-- Finds a held claim by its own id, and says whether a rival speaks for the organisation already; if nobody does, this claim may.
SELECT s.endorsement_id, s.id, s.statement,
       EXISTS (SELECT 1 FROM signatory AS p WHERE p.endorsement_id = s.endorsement_id) AS counted_already
FROM submission AS s WHERE s.status = 'held' AND s.id = $1;

-- name: reject_claim
-- Deletes a held claim and mails its representative why; never blocks the organisation's identity. Always one row.
WITH claim AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND id = $2 AND status = 'held'
    RETURNING endorsement_id, id, statement, mailbox_id, address, locale
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, detail)
    SELECT endorsement_id, $3, statement, 'rejected', id, mailbox_id, address, locale, jsonb_build_object('reason', $4::text)
    FROM claim WHERE endorsement_id = $1
    RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM claim) THEN 'rejected' ELSE 'absent' END AS outcome;

-- name: counted
-- Lists the counted organisations of a statement that the released log holds, behind index $2, each with what opens its entry.
SELECT m.index AS log_index, o.name, o.website, o.country, o.contributions, o.identity, o.salt
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index > $2
ORDER BY m.index LIMIT $3;

-- name: listed
-- Lists the counted organisations that the released log holds, behind index $2, as a page shows them: each with its
-- representative only if their name is shown.
SELECT m.index AS log_index, o.name, o.website, o.country, CASE WHEN p.name_status = 'shown' THEN p.name END AS representative
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
LEFT JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index > $2
ORDER BY m.index LIMIT $3;

-- name: find_listed
-- Finds a counted organisation by its entry in the released log.
SELECT m.endorsement_id, o.name
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index = $2;

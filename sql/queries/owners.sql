-- Owners: what endorsers see of themselves, change and take back. $1 is always the endorsement id.

-- name: request_link
-- Queues the mail with a link to manage an endorsement, or with the word that nothing is held; looks nothing up.
WITH mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale, network_key)
    VALUES ($1, $2, $3, 'manage', $4, $5, $6, $7) RETURNING id
)
SELECT true AS accepted FROM mail;

-- name: read
-- Reads all that is held on a counted endorsement, by what its signatory's links are bound to.
SELECT e.statement, e.kind, e.status, e.country, e.partner, e.objectives, e.counted_at,
       p.address, p.name, p.name_status, p.role, p.locale, p.source, p.mail_domain, p.network_key IS NOT NULL AS network_kept,
       p.consent, coalesce(o.salt, p.salt) AS salt, o.name AS organisation, o.website, coalesce(o.identity, p.identity) AS identity,
       o.contributions, o.proof,
       m.index AS log_index,
       (SELECT f.address FROM succession AS f WHERE f.endorsement_id = $1 AND f.bound = $2 LIMIT 1) AS offered_to
FROM endorsement AS e
JOIN signatory AS p ON p.endorsement_id = e.id
LEFT JOIN organisation AS o ON o.endorsement_id = e.id
LEFT JOIN log_member AS m ON m.endorsement_id = e.id
WHERE e.id = $1 AND p.bound = $2 AND e.status = 'counted';

-- name: locate
-- Finds the signatories whom a mailed link may mean: between $1 and $2, what their links are bound to beginning with $3. The link's
-- seal decides.
SELECT endorsement_id, bound FROM signatory WHERE endorsement_id BETWEEN $1 AND $2 AND substring(bound FOR 2) = $3;

-- name: change
-- Corrects the name, asks to show or hide it, or stops updates; a name that changed is looked at again. Always one row.
WITH person AS (
    UPDATE signatory AS p SET
        name = coalesce($3, p.name),
        name_status = CASE WHEN $4::boolean IS FALSE THEN 'hidden'
                           WHEN $4 OR $3 <> p.name AND p.name_status <> 'hidden' THEN 'queued'
                           ELSE p.name_status END,
        name_place = CASE WHEN $4::boolean IS NULL AND coalesce($3 = p.name, true) THEN p.name_place END,
        name_reference = CASE WHEN $4::boolean IS NULL AND coalesce($3 = p.name, true) THEN p.name_reference END,
        consent = CASE WHEN $5 THEN p.consent - 'updates' ELSE p.consent END
    FROM endorsement AS e
    WHERE p.endorsement_id = $1 AND e.id = $1 AND p.bound = $2 AND e.status = 'counted'
    RETURNING p.endorsement_id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM person) THEN 'changed' ELSE 'absent' END AS outcome;

-- name: leave
-- Erases an organisation's representative, their claims and mails and any offer to a successor; the organisation stays counted,
-- and the next approved claim may speak for it. Always one row.
WITH person AS (
    DELETE FROM signatory AS p USING endorsement AS e
    WHERE p.endorsement_id = $1 AND e.id = $1 AND p.bound = $2 AND e.kind = 'organisation' AND e.status = 'counted'
    RETURNING p.mailbox_id
), claims AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND mailbox_id = (SELECT mailbox_id FROM person) RETURNING id
), mail AS (
    DELETE FROM message
    WHERE endorsement_id = $1
      AND (mailbox_id = (SELECT mailbox_id FROM person) OR template = 'succeed' AND EXISTS (SELECT 1 FROM person))
    RETURNING id
), offers AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM person) RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM person) THEN 'left' ELSE 'absent' END AS outcome;

-- name: entry
-- Finds the entry that counts an endorsement, once the head that it is below is released.
SELECT m.index FROM log_member AS m JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.endorsement_id = $1;

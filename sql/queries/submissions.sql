-- Submissions: claims to endorse. $1 is always the endorsement id, but where a link has only its beginning.

-- name: submit
-- Appends one claim and the mail that asks its mailbox's owner; looks nothing up about them, so everybody costs and is told
-- the same. Not accepted only if the text with the hash $21 is not the published one any more.
WITH claim AS (
    INSERT INTO submission (
        endorsement_id, id, statement, kind, mailbox_id, address, name, role, country, locale, objectives, partner,
        source, organisation, hold_reason, salt, commitment, generation, network_key, expires_at,
        shown_sha256, identity
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $22, $18, now() + $19::interval, $23, $24
    FROM statement WHERE slug = $3 AND sha256 = $21
    RETURNING endorsement_id
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, network_key)
    SELECT endorsement_id, $20, $3, 'confirm', $2, $5, $6, $10, $18 FROM claim WHERE endorsement_id = $1
    RETURNING endorsement_id
)
SELECT EXISTS (SELECT 1 FROM mail) AS accepted;

-- name: find
-- Reads a claim and the endorsement under its key, each null if there is none, for the page behind a mailed link; changes nothing.
-- Always one row.
SELECT (
    SELECT to_jsonb(claim) FROM (
        SELECT s.statement, s.kind, s.status, s.name, s.role, s.country, s.objectives, s.partner, s.source, s.organisation,
               coalesce(s.expires_at <= now(), false) AS expired
        FROM submission AS s WHERE s.endorsement_id = $1 AND s.id = $2
    ) AS claim
) AS claim, (
    SELECT jsonb_build_object('statement', e.statement, 'kind', e.kind, 'status', e.status) FROM endorsement AS e WHERE e.id = $1
) AS endorsement;

-- name: locate
-- Finds the claims, and the endorsements with no claim's id, whose keys a mailed link may mean: between $1 and $2, the claim's id
-- beginning with $3. The link's seal decides.
SELECT endorsement_id, id AS submission_id FROM submission
WHERE endorsement_id BETWEEN $1 AND $2 AND substring(uuid_send(id) FOR 2) = $3
UNION ALL SELECT id, NULL FROM endorsement WHERE id BETWEEN $1 AND $2;

-- name: correct
-- Puts what a pending claim's owner corrected in place of what was typed. Who it is of, which is its key, can't change. One row.
WITH claim AS (
    UPDATE submission
    SET country = $3, objectives = $4, partner = $5, source = $6, role = $7, organisation = $8
    WHERE endorsement_id = $1 AND id = $2 AND status = 'pending' AND expires_at > now()
    RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM claim) THEN 'corrected' ELSE 'absent' END AS outcome;

-- name: renew
-- Gives a pending claim, expired or not, a new lease of life and one more mail, unless such a mail is already due.
WITH claim AS (
    UPDATE submission SET expires_at = now() + $3::interval
    WHERE endorsement_id = $1 AND id = $2 AND status = 'pending'
    RETURNING *
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, network_key)
    SELECT endorsement_id, $4, statement, 'confirm', id, mailbox_id, address, locale, network_key FROM claim
    WHERE endorsement_id = $1 AND NOT EXISTS (
        SELECT 1 FROM message AS m
        WHERE m.endorsement_id = $1 AND m.submission_id = $2 AND m.template = 'confirm' AND m.status = 'due'
    )
    RETURNING endorsement_id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM claim) THEN 'renewed' ELSE 'absent' END AS outcome;

-- name: deny
-- Deletes a claim at the word of its mailbox's owner, held or not, with the mails about it; one already counted stays.
WITH gone AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND id = $2 RETURNING id
), mail AS (
    DELETE FROM message WHERE endorsement_id = $1 AND submission_id = $2 AND EXISTS (SELECT 1 FROM gone) RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM gone) THEN 'deleted' ELSE 'absent' END AS outcome;

-- name: extend
-- Starts a pending claim's time anew as its link is mailed, so that a mail delayed by a budget costs nobody their link.
WITH claim AS (
    UPDATE submission SET expires_at = now() + $3::interval WHERE endorsement_id = $1 AND id = $2 AND status = 'pending'
    RETURNING expires_at
)
SELECT (SELECT expires_at FROM claim) AS expires_at;

-- name: overdue
-- Finds up to $2 claims whose grace after expiry is over, with what `purge` takes, which deletes them one by one. Statement by
-- statement, so that it reads no more than it finds.
SELECT s.endorsement_id, s.id, $1::interval AS grace
FROM statement AS t CROSS JOIN LATERAL (
    SELECT s.endorsement_id, s.id FROM submission AS s
    WHERE s.statement = t.slug AND s.expires_at < now() - $1::interval ORDER BY s.expires_at LIMIT $2
) AS s
LIMIT $2;

-- name: purge
-- Deletes one claim if it is still over its time; whoever renewed it meanwhile keeps it.
WITH gone AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND id = $2 AND expires_at < now() - $3::interval RETURNING id
)
SELECT count(*) AS purged FROM gone;

-- name: networks_overdue
-- Finds up to $2 held claims whose network key was kept for longer than $1, for `forget_network`.
SELECT endorsement_id, id FROM submission
WHERE status = 'held' AND network_key IS NOT NULL AND submitted_at < now() - $1::interval
ORDER BY endorsement_id, id LIMIT $2;

-- name: forget_network
-- Forgets which network a claim came from.
WITH forgotten AS (UPDATE submission SET network_key = NULL WHERE endorsement_id = $1 AND id = $2 RETURNING id)
SELECT count(*) AS forgotten FROM forgotten;

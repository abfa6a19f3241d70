-- Successions: a representative offers their place, and whoever owns the named mailbox takes it. $1 is always the endorsement id.

-- name: offer
-- Keeps an offer to a successor in the place of any before it, with the mail that asks them; only by the representative whose
-- link is bound to $2, and three times in any 24 hours for an organisation, whoever represents it: who comes at the same moment
-- waits for the row that says so. Always one row.
WITH person AS MATERIALIZED (
    SELECT p.endorsement_id, p.bound, p.locale, e.statement
    FROM signatory AS p JOIN endorsement AS e ON e.id = p.endorsement_id
    WHERE p.endorsement_id = $1 AND e.id = $1 AND p.bound = $2 AND e.kind = 'organisation' AND e.status = 'counted'
    FOR UPDATE OF e, p
), allowed AS (
    UPDATE organisation AS o SET offered_at = (o.offered_at || now())[greatest(1, cardinality(o.offered_at) - 1):]
    FROM person WHERE o.endorsement_id = $1 AND person.endorsement_id = $1
      AND (cardinality(o.offered_at) < 3 OR o.offered_at[1] <= now() - interval '1 day')
    RETURNING o.endorsement_id
), replaced AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM allowed) RETURNING id
), unsent AS (
    DELETE FROM message WHERE endorsement_id = $1 AND template = 'succeed' AND status = 'due' AND EXISTS (SELECT 1 FROM allowed)
    RETURNING id
), offer AS (
    INSERT INTO succession (endorsement_id, id, bound, mailbox_id, address, name, role, expires_at)
    SELECT endorsement_id, $3, bound, $4, $5, $6, $7, now() + $8::interval FROM person
    WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM allowed)
    RETURNING endorsement_id
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, network_key)
    SELECT p.endorsement_id, $9, p.statement, 'succeed', $3, $4, $5, p.locale, $10
    FROM person AS p JOIN offer AS f ON f.endorsement_id = p.endorsement_id WHERE p.endorsement_id = $1
    RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM mail) THEN 'offered' WHEN EXISTS (SELECT 1 FROM person) THEN 'too_many' ELSE 'absent' END AS outcome;

-- name: find
-- Reads an offer that is open, or the organisation that it was taken up for ($3 is what that bound it to), both null if neither is
-- so; changes nothing. Always one row.
SELECT CASE WHEN p.bound = f.bound AND e.status = 'counted' THEN jsonb_build_object(
           'statement', e.statement, 'name', f.name, 'role', f.role, 'organisation', o.name, 'website', o.website,
           'country', o.country
       ) END AS open,
       CASE WHEN p.bound = $3 THEN o.name END AS taken_for
FROM (SELECT $1::uuid AS endorsement_id, $2::uuid AS id) AS link
LEFT JOIN succession AS f ON f.endorsement_id = link.endorsement_id AND f.id = link.id AND f.expires_at > now()
LEFT JOIN endorsement AS e ON e.id = link.endorsement_id
LEFT JOIN signatory AS p ON p.endorsement_id = link.endorsement_id
LEFT JOIN organisation AS o ON o.endorsement_id = link.endorsement_id;

-- name: locate
-- Finds the offers that a mailed link may mean, and the signatories who took one up, whose offer's id is gone: between $1 and $2,
-- `bound` beginning with $3. The link's seal decides.
SELECT endorsement_id, id AS offer_id, sha256(uuid_send(id)) AS bound FROM succession
WHERE endorsement_id BETWEEN $1 AND $2 AND substring(sha256(uuid_send(id)) FOR 2) = $3
UNION ALL
SELECT endorsement_id, NULL, bound FROM signatory WHERE endorsement_id BETWEEN $1 AND $2 AND substring(bound FOR 2) = $3;

-- name: accept
-- Puts the successor in the representative's place, with the name, role, choice and consent they gave, and forgets the former
-- one but for one mail that tells them; the endorsement, its salt and its entry stay. The new `bound` is the hash of the offer's
-- id: links of the former representative die with the old one, and a repeated call reads like the first. Always one row.
WITH held AS MATERIALIZED (
    SELECT p.endorsement_id, p.bound, p.mailbox_id, p.address, p.locale, e.statement
    FROM endorsement AS e JOIN signatory AS p ON p.endorsement_id = e.id
    WHERE e.id = $1 AND p.endorsement_id = $1 AND e.status = 'counted'
    FOR UPDATE OF e, p
), offer AS MATERIALIZED (
    SELECT f.*, t.slug AS statement, t.locale,
           jsonb_set($6::jsonb, '{endorse,text_sha256}', to_jsonb(encode(t.consent_sha256, 'hex'))) AS given_consent
    FROM succession AS f
    JOIN held ON held.endorsement_id = f.endorsement_id AND held.bound = f.bound
    JOIN statement AS t ON t.slug = held.statement
    WHERE f.endorsement_id = $1 AND f.id = $2 AND f.expires_at > now()
), person AS (
    UPDATE signatory AS p
    SET mailbox_id = f.mailbox_id, address = f.address, name = $3, role = $4, name_status = $5, name_place = NULL, name_reference = NULL,
        locale = f.locale, source = '{}',
        mail_domain = split_part(f.address, '@', -1), network_key = NULL, consent = f.given_consent, bound = sha256(uuid_send(f.id))
    FROM offer AS f WHERE p.endorsement_id = $1 AND f.endorsement_id = $1
    RETURNING p.endorsement_id, p.bound
), spent AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM person) RETURNING id
), claims AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM person)
      AND mailbox_id IN (SELECT mailbox_id FROM held UNION ALL SELECT mailbox_id FROM offer)
    RETURNING id
), mails AS (
    DELETE FROM message WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM person) AND mailbox_id = (SELECT mailbox_id FROM held)
    RETURNING id
), told AS (
    INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale)
    SELECT f.endorsement_id, $7, f.statement, 'counted', f.mailbox_id, f.address, f.locale
    FROM offer AS f JOIN person ON person.endorsement_id = f.endorsement_id WHERE f.endorsement_id = $1
    RETURNING id
), notice AS (
    -- Its own id stands for the mailbox, so that once the address is forgotten nothing points at the former representative.
    INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale)
    SELECT held.endorsement_id, $8, held.statement, 'handed', $8, held.address, held.locale
    FROM held JOIN person ON person.endorsement_id = held.endorsement_id WHERE held.endorsement_id = $1
    RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM held WHERE bound = sha256(uuid_send($2))) THEN 'taken'
            ELSE 'absent' END AS outcome, sha256(uuid_send($2)) AS bound;

-- name: decline
-- Deletes an offer and its mails at the word of the mailbox's owner; the representative stays.
WITH gone AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND id = $2 RETURNING id
), mail AS (
    DELETE FROM message WHERE endorsement_id = $1 AND submission_id = $2 AND EXISTS (SELECT 1 FROM gone) RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM gone) THEN 'deleted' ELSE 'absent' END AS outcome;

-- name: take_back
-- Deletes the offer that the representative whose link is bound to $2 made, with its mails. Always one row.
WITH gone AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND bound = $2 RETURNING id
), mail AS (
    DELETE FROM message WHERE endorsement_id = $1 AND submission_id IN (SELECT id FROM gone) RETURNING id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM gone) THEN 'deleted' ELSE 'absent' END AS outcome;

-- name: overdue
-- Finds the offers whose time is over, for `purge`.
SELECT endorsement_id, id, $1::interval AS grace FROM succession
WHERE expires_at < now() - $1::interval ORDER BY endorsement_id, id LIMIT $2;

-- name: purge
-- Deletes one offer if its time is over.
WITH gone AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND id = $2 AND expires_at < now() - $3::interval RETURNING id
)
SELECT count(*) AS purged FROM gone;

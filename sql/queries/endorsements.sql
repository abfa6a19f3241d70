-- Endorsements: facts, counted once. $1 is always the endorsement id, and the primary key is the deduplication.

-- name: confirm
-- Turns a claim into a counted endorsement, its signatory, one queue row and a mail, and deletes that mailbox's claims; or
-- holds it for a look; or says what became of it. Any number of concurrent calls count once: the claims are locked first, in
-- one order, so that a twin or "this was not me" waits; a twin that waited may hear `expired` from its older view of the
-- world, and asks once more. An admin, $6, releases a held
-- claim through the same statement, which leaves their trace then, with the name and consent ($5) that its owner gave. Where an
-- organisation is counted without a representative, the claim makes one and counts nothing. A claim for a rejected organisation
-- is held like one for a new organisation, since not everybody who claims it may learn what was decided. Always returns one row.
WITH locked AS MATERIALIZED (
    SELECT s.id FROM submission AS s WHERE s.endorsement_id = $1 ORDER BY s.id FOR UPDATE
), claim AS MATERIALIZED (
    SELECT s.*, ($6::text IS NOT NULL AND s.status = 'held') OR (s.hold_reason IS NULL AND NOT (
               s.kind = 'organisation' AND EXISTS (SELECT 1 FROM endorsement AS e WHERE e.id = $1 AND e.status = 'rejected')
           )) AS ready,
           CASE WHEN $5::jsonb IS NULL THEN s.consent
                ELSE jsonb_set($5, '{endorse}', ($5 -> 'endorse') || jsonb_build_object(
                    'shown_sha256', encode(s.shown_sha256, 'hex'),
                    'text_sha256', (SELECT encode(t.consent_sha256, 'hex') FROM statement AS t WHERE t.slug = s.statement)
                )) END AS given_consent
    FROM submission AS s WHERE s.endorsement_id = $1 AND s.id = $2 AND s.id IN (SELECT id FROM locked)
      AND (s.status = 'held' OR $6::text IS NULL AND s.expires_at > now())
), fact AS (
    INSERT INTO endorsement (id, statement, kind, country, partner, objectives, commitment, generation)
    SELECT endorsement_id, statement, kind, country, partner, objectives, commitment, generation
    FROM claim WHERE endorsement_id = $1 AND ready
    ON CONFLICT (id) DO NOTHING
    RETURNING id, statement, kind, country, partner, objectives, commitment, generation
), vacant AS MATERIALIZED (
    SELECT e.id, o.salt FROM endorsement AS e JOIN organisation AS o ON o.endorsement_id = e.id
    WHERE e.id = $1 AND o.endorsement_id = $1 AND e.status = 'counted' AND EXISTS (SELECT 1 FROM claim WHERE ready)
      AND NOT EXISTS (SELECT 1 FROM signatory AS p WHERE p.endorsement_id = $1)
    FOR UPDATE OF e
), person AS (
    INSERT INTO signatory (
        endorsement_id, mailbox_id, address, name, name_status, role, locale, source, mail_domain, network_key, consent, identity,
        salt, bound
    )
    SELECT c.endorsement_id, c.mailbox_id, c.address, coalesce($3, c.name), coalesce($4, c.name_status), c.role, c.locale,
           c.source, split_part(c.address, '@', -1), c.network_key, c.given_consent,
           c.identity, coalesce((SELECT salt FROM vacant), c.salt), c.commitment
    FROM claim AS c
    WHERE c.endorsement_id = $1 AND (EXISTS (SELECT 1 FROM fact) OR EXISTS (SELECT 1 FROM vacant))
    ON CONFLICT (endorsement_id) DO NOTHING
    RETURNING endorsement_id, bound
), body AS (
    INSERT INTO organisation (endorsement_id, name, website, identity, country, contributions, proof, salt)
    SELECT c.endorsement_id, c.organisation ->> 'name', c.organisation ->> 'website', c.identity,
           c.organisation ->> 'country', ARRAY(SELECT jsonb_array_elements_text(c.organisation -> 'contributions')),
           c.organisation ->> 'proof', c.salt
    FROM claim AS c JOIN fact ON fact.id = c.endorsement_id WHERE c.endorsement_id = $1 AND c.kind = 'organisation'
    RETURNING endorsement_id
), queued AS (
    INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, country, partner, objectives, generation)
    SELECT id, statement, 'add', kind, commitment, country, partner, objectives, generation FROM fact WHERE id = $1
    RETURNING endorsement_id
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale)
    SELECT c.endorsement_id, $7, c.statement, 'counted', c.id, c.mailbox_id, c.address, c.locale
    FROM claim AS c JOIN person AS p ON p.endorsement_id = c.endorsement_id WHERE c.endorsement_id = $1
    RETURNING endorsement_id
), waiting AS (
    UPDATE submission AS s
    SET status = 'held', confirmed_at = now(), expires_at = NULL, consent = claim.given_consent,
        name = coalesce($3, s.name), name_status = coalesce($4, s.name_status),
        hold_reason = coalesce(s.hold_reason, 'rejected_before')
    FROM claim
    WHERE s.endorsement_id = $1 AND s.id = $2 AND claim.endorsement_id = $1 AND NOT claim.ready AND s.status = 'pending'
    RETURNING s.id
), spent AS (
    DELETE FROM submission AS s USING claim
    WHERE s.endorsement_id = $1 AND claim.endorsement_id = $1 AND claim.ready AND s.mailbox_id = claim.mailbox_id
    RETURNING s.id
), became AS MATERIALIZED (
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM person) THEN 'counted'
        WHEN EXISTS (SELECT 1 FROM claim WHERE NOT ready) THEN 'held'
        WHEN EXISTS (SELECT 1 FROM endorsement WHERE id = $1 AND status = 'rejected') THEN 'rejected'
        WHEN EXISTS (SELECT 1 FROM claim WHERE ready) OR EXISTS (SELECT 1 FROM endorsement WHERE id = $1) THEN 'already_confirmed'
        ELSE 'expired'
    END AS outcome
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $6, 'approve', claim.statement, became.outcome FROM claim CROSS JOIN became WHERE $6::text IS NOT NULL
)
SELECT became.outcome, (SELECT bound FROM person) AS bound FROM became;

-- name: withdraw
-- Erases an endorsement, its signatory, that mailbox's claims, every mail and report about it, and queues the public `sub`. A link
-- made for an earlier endorsement of the same endorser, or for a former representative, does nothing. Always one row.
WITH held AS MATERIALIZED (
    SELECT e.id FROM endorsement AS e JOIN signatory AS p ON p.endorsement_id = e.id
    WHERE e.id = $1 AND p.endorsement_id = $1 AND p.bound = $2 AND e.status = 'counted'
    FOR UPDATE OF e, p
), gone AS (
    DELETE FROM endorsement WHERE id = $1 AND id IN (SELECT id FROM held)
    RETURNING id, statement, kind, country, partner, objectives, generation
), person AS (
    DELETE FROM signatory WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING mailbox_id
), body AS (
    DELETE FROM organisation WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING endorsement_id
), claims AS (
    DELETE FROM submission WHERE endorsement_id = $1 AND mailbox_id = (SELECT mailbox_id FROM person) RETURNING id
), mail AS (
    DELETE FROM message
    WHERE endorsement_id = $1
      AND (mailbox_id = (SELECT mailbox_id FROM person) OR template = 'succeed' AND EXISTS (SELECT 1 FROM gone))
    RETURNING id
), offers AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING id
), reports AS (
    DELETE FROM report WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING id
), queued AS (
    INSERT INTO log_queue (endorsement_id, statement, op, kind, country, partner, objectives, reason, generation)
    SELECT id, statement, 'sub', kind, country, partner, objectives, 'withdrawn', generation FROM gone WHERE id = $1
    RETURNING endorsement_id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM gone) THEN 'withdrawn' ELSE 'absent' END AS outcome;

-- name: reject
-- Marks a counted endorsement rejected, erases who stood behind it after queueing one mail to them, and queues the public
-- `sub`. The id stays until the statement closes, so that a fraud can't simply be repeated. Does nothing once the log is sealed,
-- which no `sub` could follow. Leaves a trace that the admin $5 did it, with the entry that counted it. Always returns one row.
WITH fact AS (
    UPDATE endorsement
    SET status = 'rejected', rejected_at = now(), rejected_reason = $2, country = NULL, partner = NULL, objectives = '{}'
    WHERE id = $1 AND status = 'counted'
      AND NOT EXISTS (SELECT 1 FROM log_head AS h WHERE h.statement = endorsement.statement AND h.sealed_at IS NOT NULL)
    RETURNING id, statement, kind, generation
), before AS (
    SELECT country, partner, objectives FROM endorsement WHERE id = $1
), person AS (
    DELETE FROM signatory WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact)
    RETURNING endorsement_id, mailbox_id, address, locale
), body AS (
    DELETE FROM organisation WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact) RETURNING endorsement_id
), offers AS (
    DELETE FROM succession WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact) RETURNING id
), reports AS (
    DELETE FROM report WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact) RETURNING id
), mail AS (
    INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale, detail)
    SELECT p.endorsement_id, $3, fact.statement, 'rejected', p.mailbox_id, p.address, p.locale, jsonb_build_object('reason', $4::text)
    FROM person AS p JOIN fact ON fact.id = p.endorsement_id WHERE p.endorsement_id = $1
    RETURNING id
), queued AS (
    INSERT INTO log_queue (endorsement_id, statement, op, kind, country, partner, objectives, reason, generation)
    SELECT fact.id, fact.statement, 'sub', fact.kind, before.country, before.partner, before.objectives, $2, fact.generation
    FROM fact CROSS JOIN before
    WHERE fact.id = $1
    RETURNING endorsement_id
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $5, 'reject ' || $2, fact.statement, (SELECT 'entry ' || m.index FROM log_member AS m WHERE m.endorsement_id = $1)
    FROM fact
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM fact) THEN 'rejected'
            WHEN EXISTS (
                SELECT 1 FROM endorsement AS e JOIN log_head AS h ON h.statement = e.statement
                WHERE e.id = $1 AND e.status = 'counted' AND h.sealed_at IS NOT NULL
            ) THEN 'sealed'
            ELSE 'absent' END AS outcome;

-- name: networks_overdue
-- Finds up to $2 signatories whose network key was kept for longer than $1, for `forget_network`.
SELECT p.endorsement_id FROM signatory AS p
WHERE p.network_key IS NOT NULL AND p.network_noted_at < now() - $1::interval
ORDER BY p.network_noted_at LIMIT $2;

-- name: forget_network
-- Forgets which network a signatory came from.
WITH forgotten AS (UPDATE signatory SET network_key = NULL WHERE endorsement_id = $1 RETURNING endorsement_id)
SELECT count(*) AS forgotten FROM forgotten;

-- name: outdated
-- Finds up to 1,000 counted endorsements behind the key $3 that a generation before $2 was committed to, in key order, for
-- `recommit`. The limit is a number and comes before the joins, or each page would sort the whole table.
WITH page AS MATERIALIZED (
    SELECT e.id, e.kind, e.commitment FROM endorsement AS e
    WHERE e.statement = $1 AND e.generation < $2 AND e.id > $3 AND e.status = 'counted'
    ORDER BY e.id LIMIT 1000
)
SELECT e.id AS endorsement_id, e.kind, e.commitment, coalesce(o.identity, p.identity) AS identity
FROM page AS e
LEFT JOIN signatory AS p ON p.endorsement_id = e.id
LEFT JOIN organisation AS o ON o.endorsement_id = e.id
ORDER BY e.id;

-- name: recommit
-- Gives a counted endorsement its commitment $4 for the generation $5, with a fresh salt, and queues its `add` in place of all
-- that was queued for older ones; once, and only if its commitment is still $2. Links made for it stay good. Always one row.
WITH fact AS (
    UPDATE endorsement SET commitment = $4, generation = $5
    WHERE id = $1 AND commitment = $2 AND generation < $5 AND status = 'counted'
    RETURNING id, statement, kind, commitment, country, partner, objectives, generation
), person AS (
    UPDATE signatory SET salt = $3 WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact) RETURNING endorsement_id
), body AS (
    UPDATE organisation SET salt = $3 WHERE endorsement_id = $1 AND EXISTS (SELECT 1 FROM fact) RETURNING endorsement_id
), dropped AS (
    DELETE FROM log_queue WHERE endorsement_id = $1 AND generation < $5 AND EXISTS (SELECT 1 FROM fact) RETURNING id
), queued AS (
    INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, country, partner, objectives, generation)
    SELECT id, statement, 'add', kind, commitment, country, partner, objectives, generation FROM fact WHERE id = $1
    RETURNING endorsement_id
)
SELECT count(*) AS recommitted FROM fact;

-- name: find_by_entry
-- Finds the endorsement that an entry of a statement's log counts.
SELECT endorsement_id FROM log_member WHERE statement = $1 AND index = $2;

-- name: rejected_overdue
-- Finds up to $2 rejected ids of statements that closed longer than $1 ago, for `forget_rejected`.
SELECT e.id, $1::interval AS grace FROM endorsement AS e JOIN statement AS s ON s.slug = e.statement
WHERE e.status = 'rejected' AND s.closes_at < now() - $1::interval ORDER BY e.id LIMIT $2;

-- name: forget_rejected
-- Forgets that an endorsement was rejected, if its statement still is closed for longer than $2; the public log keeps that one was.
WITH forgotten AS (
    DELETE FROM endorsement WHERE id = $1 AND status = 'rejected'
      AND EXISTS (SELECT 1 FROM statement AS s WHERE s.slug = endorsement.statement AND s.closes_at < now() - $2::interval)
    RETURNING id
)
SELECT count(*) AS forgotten FROM forgotten;

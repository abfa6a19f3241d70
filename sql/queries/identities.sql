-- Identities: those of claims and signatories that older versions made without keeping them. $1 is the endorsement id where
-- something is written.

-- name: whole
-- Says whether null is forbidden in both tables, and so nothing is left to fill.
SELECT count(*) = 2 AS whole FROM pg_constraint
WHERE conrelid IN ('submission'::regclass, 'signatory'::regclass) AND convalidated
  AND conname IN ('submission_identity_not_null', 'signatory_identity_not_null');

-- name: claims
-- Reads up to $3 claims behind the key $1, $2, in key order, filled or not: `given` is what is known without computing it.
SELECT endorsement_id, id, address, coalesce(identity, organisation ->> 'identity') AS given, identity IS NOT NULL AS filled
FROM submission WHERE (endorsement_id, id) > ($1, $2) ORDER BY endorsement_id, id LIMIT $3;

-- name: fill_claim
-- Gives a claim its identity, if it has none. Always one row.
WITH filled AS (
    UPDATE submission SET identity = $3 WHERE endorsement_id = $1 AND id = $2 AND identity IS NULL RETURNING id
)
SELECT count(*) AS filled FROM filled;

-- name: signatories
-- Reads up to $2 signatories behind the key $1, in key order, filled or not: `given` is what is known without computing it.
WITH page AS MATERIALIZED (
    SELECT endorsement_id, address, identity FROM signatory WHERE endorsement_id > $1 ORDER BY endorsement_id LIMIT $2
)
SELECT p.endorsement_id, p.address, coalesce(p.identity, o.identity) AS given, p.identity IS NOT NULL AS filled
FROM page AS p LEFT JOIN organisation AS o ON o.endorsement_id = p.endorsement_id
ORDER BY p.endorsement_id;

-- name: fill_signatory
-- Gives a signatory the identity, if they have none. Whoever stands under this key meanwhile has the same. Always one row.
WITH filled AS (
    UPDATE signatory SET identity = $2 WHERE endorsement_id = $1 AND identity IS NULL RETURNING endorsement_id
)
SELECT count(*) AS filled FROM filled;

-- name: be_brief
-- Lets this transaction give up on a lock after 5 s, rather than hold up the signers behind it.
SELECT set_config('lock_timeout', '5s', true) AS lock_timeout;

-- name: require_of_claims
-- Forbids null in claims that are written from now on. Reads none, so that signing goes on.
ALTER TABLE submission ADD CONSTRAINT submission_identity_not_null NOT NULL identity NOT VALID;

-- name: require_of_signatories
-- Forbids null in signatories that are written from now on.
ALTER TABLE signatory ADD CONSTRAINT signatory_identity_not_null NOT NULL identity NOT VALID;

-- name: validate_claims
-- Checks that no claim is without its identity, while signing goes on; fails if one is.
ALTER TABLE submission VALIDATE CONSTRAINT submission_identity_not_null;

-- name: validate_signatories
-- Checks that no signatory is without their identity.
ALTER TABLE signatory VALIDATE CONSTRAINT signatory_identity_not_null;

-- What is asked again and again reads no more than it finds, however many have signed.

-- A statement's claims are found by it: whether there is any, and which are over their time.
DROP INDEX submission_expiring;
CREATE INDEX submission_expiring ON submission (statement, expires_at) WHERE expires_at IS NOT NULL;

-- Network keys are forgotten in the order of their time. Rows are locked in key order, as signers do.
ALTER TABLE signatory ADD COLUMN network_noted_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN signatory.network_noted_at IS 'When they were confirmed, with the network key: it is forgotten 30 days later.';
WITH noted AS MATERIALIZED (
    SELECT p.endorsement_id, e.counted_at FROM signatory AS p JOIN endorsement AS e ON e.id = p.endorsement_id
    WHERE p.network_key IS NOT NULL ORDER BY p.endorsement_id FOR UPDATE OF p
)
UPDATE signatory AS p SET network_noted_at = noted.counted_at FROM noted WHERE p.endorsement_id = noted.endorsement_id;
DROP INDEX signatory_with_network;
CREATE INDEX signatory_with_network ON signatory (network_noted_at) WHERE network_key IS NOT NULL;

-- How far a restart of a log has come. One that is under way goes through everybody again, which changes nothing for those who
-- have been brought up to date.
ALTER TABLE log_head ADD COLUMN recommitting_behind uuid;
COMMENT ON COLUMN log_head.recommitting_behind IS 'Endorsements behind this id still wait for a restart to commit to them anew; null: none does.';
UPDATE log_head SET recommitting_behind = '00000000-0000-0000-0000-000000000000' WHERE shown_generation < generation;

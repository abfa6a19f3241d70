-- What is looked at again and again: since when a network key is kept, and how far a restart of a log has come.

-- For whoever was confirmed before, that is not known here without going through everybody: their keys count as 30 days old, and are
-- forgotten within minutes. So none is kept for longer than was promised.
ALTER TABLE signatory ADD COLUMN network_noted_at timestamptz NOT NULL DEFAULT now() - interval '30 days';
ALTER TABLE signatory ALTER COLUMN network_noted_at SET DEFAULT now();
COMMENT ON COLUMN signatory.network_noted_at IS 'When they were confirmed, with the network key: it is forgotten 30 days later.';

-- A restart that is under way goes through everybody again, which changes nothing for those who have been brought up to date.
ALTER TABLE log_head ADD COLUMN recommitting_behind uuid;
COMMENT ON COLUMN log_head.recommitting_behind IS 'Endorsements behind this id still wait for a restart to commit to them anew; null: none does.';
UPDATE log_head SET recommitting_behind = '00000000-0000-0000-0000-000000000000' WHERE shown_generation < generation;

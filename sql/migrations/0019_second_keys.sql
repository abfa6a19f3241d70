-- A log that ends hands over to the one that follows, by its own key; and checkpoints bear a second signature, ML-DSA-44.

ALTER TABLE log_past ADD COLUMN handover text, ADD COLUMN ml_dsa_vkey text;
COMMENT ON COLUMN log_past.handover IS 'A note in which its key says which log and which key follow it; null where the key was not at hand.';
COMMENT ON COLUMN log_past.ml_dsa_vkey IS 'The second key of its checkpoints, ML-DSA-44; null where they have only one signature.';

ALTER TABLE log_head ADD COLUMN ml_dsa_vkey text;
COMMENT ON COLUMN log_head.ml_dsa_vkey IS 'The second key that its checkpoints are signed with, ML-DSA-44; null until it did.';

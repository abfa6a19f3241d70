-- concurrently
-- What is asked again and again reads no more than it finds, however many have signed: whether a statement has claims and which of them
-- are over their time, and which network keys are.

CREATE INDEX CONCURRENTLY IF NOT EXISTS submission_pending ON submission (statement, expires_at) WHERE expires_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS submission_expiring;

CREATE INDEX CONCURRENTLY IF NOT EXISTS signatory_network_noted ON signatory (network_noted_at) WHERE network_key IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS signatory_with_network;

-- concurrently
-- What counts in a budget, and the unsent claims of a mailbox, are found by index.

CREATE INDEX CONCURRENTLY IF NOT EXISTS message_counted_for_mailbox ON message (mailbox_id, done_at) WHERE pot IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS message_counted_for_network ON message (network_key, done_at) WHERE pot IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS message_counted_for_domain ON message (domain_key, done_at) WHERE domain_key IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS message_unsent_to_mailbox ON message (mailbox_id, created_at)
    WHERE status = 'due' AND template = 'confirm';
DROP INDEX CONCURRENTLY IF EXISTS message_sent_for_network;

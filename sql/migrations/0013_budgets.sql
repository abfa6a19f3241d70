-- A mail says which budgets it was taken from: what owners ask for has a pot of its own, and a refused recipient counts. What was
-- sent before counts no more.

ALTER TABLE message
    ADD COLUMN pot text CONSTRAINT message_pot_is_known CHECK (pot IN ('claims', 'owner')),
    ADD COLUMN domain_key uuid;
COMMENT ON COLUMN message.pot IS 'Which of its mailbox''s budgets it was taken from, once it was sent or its recipient was refused; null: it counts in none.';
COMMENT ON COLUMN message.domain_key IS 'The key of its pot, network and mail domain together, if not everybody gets a mailbox there.';

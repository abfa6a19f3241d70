-- The scope `review` opened nothing, and is gone. A key that had no other stays, and opens nothing, as before.

ALTER TABLE admin_key DROP CONSTRAINT admin_key_scopes_are_known;
UPDATE admin_key SET scopes = array_remove(scopes, 'review') WHERE 'review' = ANY (scopes);
ALTER TABLE admin_key ADD CONSTRAINT admin_key_scopes_are_known CHECK (scopes <@ ARRAY['export']);

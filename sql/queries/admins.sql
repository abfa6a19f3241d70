-- Admins: their keys, kept as SHA-256, and the trail of what they did.

-- name: create_key
-- Keeps a new key's hash.
INSERT INTO admin_key (label, sha256, scopes) VALUES ($1, $2, $3) RETURNING id;

-- name: find_key
-- Finds a key that was not revoked.
SELECT id, label, scopes FROM admin_key WHERE sha256 = $1 AND revoked_at IS NULL;

-- name: keys
-- Lists all keys.
SELECT id, label, scopes, created_at, revoked_at FROM admin_key ORDER BY id;

-- name: revoke_key
-- Revokes a key.
UPDATE admin_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id;

-- name: leave_trail
-- Notes what an admin did.
INSERT INTO trail (actor, action, statement, subject, detail) VALUES ($1, $2, $3, $4, $5);

-- Admins: their keys, kept as SHA-256, and the trail of what they did.

-- name: create_key
-- Keeps a new key's hash, in the name of $4.
WITH made AS (
    INSERT INTO admin_key (label, sha256, scopes) VALUES ($1, $2, $3) RETURNING id, label
), trace AS (
    INSERT INTO trail (actor, action, detail) SELECT $4, 'create key', label FROM made
)
SELECT id FROM made;

-- name: find_key
-- Finds a key that was not revoked.
SELECT label, scopes FROM admin_key WHERE sha256 = $1 AND revoked_at IS NULL;

-- name: keys
-- Lists all keys.
SELECT id, label, scopes, created_at, revoked_at FROM admin_key ORDER BY id;

-- name: revoke_key
-- Revokes a key that is in force, in the name of $2. Always one row.
WITH revoked AS (
    UPDATE admin_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id
), trace AS (
    INSERT INTO trail (actor, action, subject) SELECT $2, 'revoke key', id FROM revoked
)
SELECT EXISTS (SELECT 1 FROM revoked) AS revoked;

-- name: leave_trail
-- Notes what an admin did that writes nothing itself; a statement that writes leaves its own trace.
INSERT INTO trail (actor, action, statement, subject, detail) VALUES ($1, $2, $3, $4, $5);

-- The installation: what must hold before anything is served.

-- name: establish
-- Notes the pepper's fingerprint and the identity rules of a new database.
INSERT INTO installation (pepper_check, identity_rules) VALUES ($1, $2) ON CONFLICT (only_row) DO NOTHING;

-- name: read
-- Reads what this database was filled with.
SELECT pepper_check, identity_rules FROM installation;

-- name: durability
-- Reads the settings without which an acknowledged confirmation could be lost.
SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums');

-- name: has_migrations
-- Says whether any migration was ever applied.
SELECT to_regclass('migration') IS NOT NULL AS has_migrations;

-- name: migrations
-- Reads which migrations were applied.
SELECT name FROM migration ORDER BY name;

-- Partners: sites that embed, their keys kept as SHA-256, and what each may know of its own. Every write gives one row, which says
-- whether there was something to write, and leaves a trace of who ($2) wrote it.

-- name: add
-- Takes a partner in, or one that was retired back, with a new key; not one that is in force already.
WITH written AS (
    INSERT INTO partner (slug, name, url, origins, key_sha256) VALUES ($1, $3, $4, $5, $6)
    ON CONFLICT (slug) DO UPDATE SET name = excluded.name, url = excluded.url, origins = excluded.origins,
        key_sha256 = excluded.key_sha256, retired_at = NULL
    WHERE partner.retired_at IS NOT NULL
    RETURNING slug
), trace AS (
    INSERT INTO trail (actor, action, detail) SELECT $2, 'add partner', slug FROM written
)
SELECT EXISTS (SELECT 1 FROM written) AS written;

-- name: change
-- Changes what is said of a partner in force; its key and its counts stay.
WITH written AS (
    UPDATE partner SET name = $3, url = $4, origins = $5 WHERE slug = $1 AND retired_at IS NULL RETURNING slug
), trace AS (
    INSERT INTO trail (actor, action, detail) SELECT $2, 'change partner', slug FROM written
)
SELECT EXISTS (SELECT 1 FROM written) AS written;

-- name: renew_key
-- Puts a new key in the place of the old one.
WITH written AS (
    UPDATE partner SET key_sha256 = $3 WHERE slug = $1 AND retired_at IS NULL RETURNING slug
), trace AS (
    INSERT INTO trail (actor, action, detail) SELECT $2, 'renew partner''s key', slug FROM written
)
SELECT EXISTS (SELECT 1 FROM written) AS written;

-- name: retire
-- Ends a partnership; the row stays, because what came through it stays counted under its slug.
WITH written AS (
    UPDATE partner SET retired_at = now() WHERE slug = $1 AND retired_at IS NULL RETURNING slug
), trace AS (
    INSERT INTO trail (actor, action, detail) SELECT $2, 'remove partner', slug FROM written
)
SELECT EXISTS (SELECT 1 FROM written) AS written;

-- name: all
-- Lists every partner, retired or not.
SELECT slug, name, url, origins, key_sha256, added_at, retired_at FROM partner ORDER BY slug;

-- name: publish_tallies
-- Publishes the counts that are ripe: $2 and ten ($1) new individuals of that partner after the last time. As with a cell of the
-- breakdown, neither the count nor what it leaves for everybody else may be from one to nine; until then the last one stands.
INSERT INTO tally_partner (statement, partner, individual_count, individual_added_count)
SELECT c.statement, c.key, c.individual_count, c.individual_added_count
FROM tally_cell AS c
JOIN tally AS t ON t.statement = c.statement
JOIN partner AS p ON p.slug = c.key AND p.retired_at IS NULL
LEFT JOIN tally_partner AS old ON old.statement = c.statement AND old.partner = c.key
WHERE c.dimension = 'partner' AND c.individual_count >= $1
  AND t.individual_count - c.individual_count NOT BETWEEN 1 AND $1 - 1
  AND c.individual_added_count >= coalesce(old.individual_added_count, 0) + $1
  AND (old.as_of IS NULL OR old.as_of <= now() - $2::interval)
ON CONFLICT (statement, partner) DO UPDATE SET individual_count = excluded.individual_count,
    individual_added_count = excluded.individual_added_count, as_of = now();

-- name: tally
-- Reads what was last published for a partner about a statement.
SELECT individual_count, as_of FROM tally_partner WHERE statement = $1 AND partner = $2;

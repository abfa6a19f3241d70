-- Names: those whose owners asked to be shown are looked at, then shown or refused. Being counted never waits for it.

-- name: queued
-- Lists the names that wait for a look, of a statement or of all, if $1 is null; and what a reviewer should know of each.
SELECT p.endorsement_id, e.statement, e.kind, p.name, p.role, o.name AS organisation, m.index AS log_index,
       lower(p.name) = lower(s.title) AS is_title,
       EXISTS (
           SELECT 1 FROM organisation AS x JOIN endorsement AS y ON y.id = x.endorsement_id
           WHERE y.statement = e.statement AND lower(x.name) = lower(p.name)
       ) AS is_organisation
FROM signatory AS p
JOIN endorsement AS e ON e.id = p.endorsement_id AND e.status = 'counted'
JOIN statement AS s ON s.slug = e.statement
LEFT JOIN organisation AS o ON o.endorsement_id = p.endorsement_id
LEFT JOIN log_member AS m ON m.endorsement_id = p.endorsement_id
WHERE p.name_status = 'queued' AND ($1::text IS NULL OR e.statement = $1)
ORDER BY e.statement, e.counted_at, p.endorsement_id;

-- name: find
-- Reads a name that is shown or waits for a look.
SELECT e.statement, e.kind, p.name
FROM signatory AS p
JOIN endorsement AS e ON e.id = p.endorsement_id AND e.status = 'counted'
WHERE p.endorsement_id = $1 AND p.name_status IN ('queued', 'shown');

-- name: show
-- Shows a queued name, if it still is $2, the one that was looked at; in the name of $5. Always one row. The trail has the entry,
-- which is public, and not the endorsement: nothing keyed by a person outlives their withdrawal.
WITH person AS (
    UPDATE signatory SET name_status = 'shown', name_place = $3, name_reference = $4
    WHERE endorsement_id = $1 AND name = $2 AND name_status = 'queued'
    RETURNING endorsement_id
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $5, 'show name', e.statement, coalesce('entry ' || m.index, 'no entry yet')
    FROM person AS p
    JOIN endorsement AS e ON e.id = p.endorsement_id
    LEFT JOIN log_member AS m ON m.endorsement_id = p.endorsement_id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM person) THEN 'shown' ELSE 'absent' END AS outcome;

-- name: refuse
-- Refuses a queued name, or hides a shown one for good, if it still is $2, the one that was looked at; in the name of $3, for the
-- reason $4. Always one row. The trail has the entry, as with `show`.
WITH person AS (
    UPDATE signatory SET name_status = 'refused', name_place = NULL, name_reference = NULL
    WHERE endorsement_id = $1 AND name = $2 AND name_status IN ('queued', 'shown')
    RETURNING endorsement_id
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $3, 'refuse name', e.statement, coalesce('entry ' || m.index, 'no entry yet') || ', ' || $4
    FROM person AS p
    JOIN endorsement AS e ON e.id = p.endorsement_id
    LEFT JOIN log_member AS m ON m.endorsement_id = p.endorsement_id
)
SELECT CASE WHEN EXISTS (SELECT 1 FROM person) THEN 'refused' ELSE 'absent' END AS outcome;

-- name: page
-- Reads the next $3 shown names after the place $1 and before the place $2: a range of an index, however many there are.
SELECT name, name_reference AS reference, name_place AS place
FROM signatory WHERE name_place > $1 AND name_place < $2 ORDER BY name_place LIMIT $3;

-- name: initials
-- Finds the letters that shown names between the places $1 and $2 begin with: one look into the index for each. $3 is how long
-- the statement's part of a place is; a script's byte and a UTF-8 letter follow, but for other scripts (z), which are one.
WITH RECURSIVE initial AS (
    (SELECT name_place AS place FROM signatory WHERE name_place > $1 AND name_place < $2 ORDER BY name_place LIMIT 1)
    UNION ALL
    SELECT (
        SELECT p.name_place FROM signatory AS p
        WHERE p.name_place > substring(i.place, 1, $3 + 1 + w.width) || '\xff'::bytea AND p.name_place < $2
        ORDER BY p.name_place LIMIT 1
    )
    FROM initial AS i
    CROSS JOIN LATERAL (SELECT CASE
        WHEN get_byte(i.place, $3) = ascii('z') THEN 0
        WHEN get_byte(i.place, $3 + 1) < 128 THEN 1
        WHEN get_byte(i.place, $3 + 1) < 224 THEN 2
        ELSE 3
    END) AS w (width)
    WHERE i.place IS NOT NULL
)
SELECT substring(place, $3 + 1, 4) AS start FROM initial WHERE place IS NOT NULL;

-- name: find_shown
-- Finds a shown name by what it is called in public links.
SELECT p.endorsement_id, p.name
FROM signatory AS p JOIN endorsement AS e ON e.id = p.endorsement_id
WHERE p.name_reference = $2 AND e.statement = $1 AND e.kind = 'individual' AND e.status = 'counted';

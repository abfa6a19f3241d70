-- Organisations: the counted ones, as readers see them.

-- name: counted
-- Lists the counted organisations of a statement that the released log holds, behind index $2, each with what opens its entry.
SELECT m.index AS log_index, o.name, o.website, o.country, o.contributions, o.identity, o.salt
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index > $2
ORDER BY m.index LIMIT $3;

-- name: listed
-- Lists the counted organisations that the released log holds, behind index $2, as a page shows them: each with its
-- representative only if their name is shown.
SELECT m.index AS log_index, o.name, o.website, o.country, CASE WHEN p.name_status = 'shown' THEN p.name END AS representative
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
LEFT JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index > $2
ORDER BY m.index LIMIT $3;

-- name: find_listed
-- Finds a counted organisation by its entry in the released log.
SELECT m.endorsement_id, o.name
FROM log_member AS m
JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size
WHERE m.statement = $1 AND m.index = $2;

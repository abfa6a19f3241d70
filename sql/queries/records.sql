-- Records: what the page of a statement shows beside its text and its tally.

-- name: read
-- Reads it in one row: the published totals, oldest first; the first $2 counted organisations of the released log; and whether
-- any name is shown, whose places lie between $3 and $4.
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'as_of', h.as_of, 'individuals', h.individual_count, 'organisations', h.organisation_count
        ) ORDER BY h.as_of), '[]') FROM tally_history AS h WHERE h.statement = $1) AS history,
       (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.log_index), '[]') FROM (
            SELECT m.index AS log_index, o.name, o.website, o.country,
                   CASE WHEN p.name_status = 'shown' THEN p.name END AS representative
            FROM log_member AS m
            JOIN organisation AS o ON o.endorsement_id = m.endorsement_id
            LEFT JOIN signatory AS p ON p.endorsement_id = m.endorsement_id
            WHERE m.statement = $1 AND m.index < (SELECT released_size FROM log_head WHERE statement = $1)
            ORDER BY m.index LIMIT $2
        ) AS f) AS organisations,
       EXISTS (SELECT 1 FROM signatory AS p WHERE p.name_place > $3 AND p.name_place < $4) AS has_names;

-- The log: what the sequencer does in its one transaction, in this order.

-- name: waiting
-- Lists the statements with anything to append, with a head that was signed and not released, or with a log that was stopped.
-- The newest generation in the queue is one probe of an index, where EXISTS may walk the whole queue of another statement.
SELECT h.statement FROM log_head AS h
WHERE h.size > h.released_size OR h.stopped_reason IS NOT NULL
   OR (SELECT max(q.generation) FROM log_queue AS q WHERE q.statement = h.statement) >= h.generation;

-- name: read_head
-- Reads the head that the next batch builds on.
SELECT h.statement, h.generation, h.origin, h.previous, h.vkey, h.ml_dsa_vkey, h.size, h.checkpoint, h.released_size,
       h.stopped_reason, h.round, h.sealed_at, h.shown_generation, h.recommitting_behind, s.sha256
FROM log_head AS h JOIN statement AS s ON s.slug = h.statement WHERE h.statement = $1;

-- name: heads
-- Lists the statements that have a log, begun or not.
SELECT statement FROM log_head ORDER BY statement;

-- name: take_head
-- Compare-and-swap, before anything else: of two sequencers at one head, one goes on and the other gets no row; nor does whoever read
-- it before it was stopped.
UPDATE log_head SET round = round + 1 WHERE statement = $1 AND round = $2 AND size = $3 AND stopped_reason IS NULL RETURNING round;

-- name: queue
-- Reads the oldest queue rows that can be appended: an `add` of who isn't counted, a `sub` of who is. The rest, whose other
-- half comes first, waits; so does what is of an older generation. The limit has the planner look up each member by its key, also
-- while a log begins anew and statistics still say that there are none.
SELECT q.endorsement_id, q.id, q.op, q.kind, q.commitment, q.country, q.partner, q.objectives, q.reason, m.index AS member_index
FROM log_queue AS q
LEFT JOIN LATERAL (SELECT m.index FROM log_member AS m WHERE m.endorsement_id = q.endorsement_id LIMIT 1) AS m ON true
WHERE q.statement = $1 AND q.generation = $3 AND (q.op = 'add') = (m.index IS NULL)
ORDER BY q.id LIMIT $2;

-- name: append
-- Appends entries from index $3 on.
INSERT INTO log_entry (statement, generation, index, entry)
SELECT $1, $2, $3 + e.place - 1, e.entry FROM unnest($4::text[]) WITH ORDINALITY AS e (entry, place);

-- name: remember
-- Notes which entries count which endorsements.
INSERT INTO log_member (endorsement_id, statement, index)
SELECT m.endorsement_id, $1, m.index FROM unnest($2::uuid[], $3::bigint[]) AS m (endorsement_id, index);

-- name: forget
-- Forgets which entries counted these endorsements: they were negated.
DELETE FROM log_member WHERE endorsement_id = ANY ($1::uuid[]);

-- name: read_tiles
-- Reads tiles by level and index.
SELECT t.level, t.index, t.hashes FROM log_tile AS t
JOIN unnest($3::smallint[], $4::bigint[]) AS wanted (level, index) ON t.level = wanted.level AND t.index = wanted.index
WHERE t.statement = $1 AND t.generation = $2;

-- name: write_tiles
-- Writes tiles, new or grown.
INSERT INTO log_tile (statement, generation, level, index, hashes)
SELECT $1, $2, t.level, t.index, t.hashes FROM unnest($3::smallint[], $4::bigint[], $5::bytea[]) AS t (level, index, hashes)
ON CONFLICT (statement, generation, level, index) DO UPDATE SET hashes = excluded.hashes;

-- name: set_head
-- Moves the head to its new size, with the checkpoint that signs it and the two keys that it is signed with.
UPDATE log_head SET size = $2, checkpoint = $3, vkey = $4, ml_dsa_vkey = $5, appended_at = now() WHERE statement = $1;

-- name: release
-- Lets readers see a head, after its checkpoint was written outside the database; never goes back.
UPDATE log_head SET released_size = size, released_checkpoint = checkpoint
WHERE statement = $1 AND generation = $2 AND size = $3 AND released_size < $3;

-- name: stop
-- Notes why nothing is signed, and the keeper $3 that it was seen in; no row if that is known, or another's objection stands.
UPDATE log_head SET stopped_reason = $2, stopped_by = $3
WHERE statement = $1 AND (stopped_by IS NULL OR stopped_by = $3) AND (stopped_reason, stopped_by) IS DISTINCT FROM ($2, $3)
RETURNING statement;

-- name: go_on
-- Takes back the objection $2 that was seen in one of the keepers $3, or before keepers had names; no row if it was another's.
UPDATE log_head SET stopped_reason = NULL, stopped_by = NULL
WHERE statement = $1 AND stopped_reason = $2 AND (stopped_by IS NULL OR stopped_by = ANY ($3::text[]))
RETURNING statement;

-- name: adopt
-- Takes back whatever objection there was, for a checkpoint was compared and adopted, or says with $2 and $3 what the comparison showed;
-- and leaves a trace of it.
WITH adopted AS (
    UPDATE log_head SET stopped_reason = $2, stopped_by = $3 WHERE statement = $1 RETURNING statement, generation
)
INSERT INTO trail (actor, action, statement, detail)
SELECT $4, 'log adopt', statement, format('generation %s, %s entries', generation, $5::bigint) FROM adopted;

-- name: keys
-- Lists the logs and the keys they are signed with.
SELECT origin, vkey FROM log_head ORDER BY statement;

-- name: released
-- Reads the newest released head of a log, or of its generation $2; of one that ended, the last checkpoint known of it. No row where
-- nothing was released.
SELECT statement, generation, origin, vkey, ml_dsa_vkey, released_checkpoint AS checkpoint, released_size AS size FROM log_head
WHERE statement = $1 AND generation = coalesce($2, generation) AND released_checkpoint IS NOT NULL
UNION ALL
SELECT statement, generation, origin, vkey, ml_dsa_vkey, checkpoint, size FROM log_past WHERE statement = $1 AND generation = $2;

-- name: entries
-- Reads entries from index $3 to before $4, in order.
SELECT entry FROM log_entry WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 ORDER BY index;

-- name: subtracted
-- Reads the entries that take back another, among those from index $3 to before $4.
SELECT entry FROM log_entry
WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 AND entry LIKE 'undersigned/v1 sub %'
ORDER BY index;

-- name: tiles_beyond
-- Names up to 20 tiles that a log of its size has no place for, by level and index.
SELECT format('%s/%s', t.level, t.index) FROM log_tile AS t
JOIN log_head AS h ON h.statement = t.statement AND h.generation = t.generation
WHERE t.statement = $1 AND t.generation = $2
  AND (t.level NOT BETWEEN 0 AND 7 OR t.index < 0 OR t.index * 256 >= h.size >> 8 * t.level)
ORDER BY t.level, t.index LIMIT 20;

-- name: standing
-- Reads how generation $2 of a log stands, and the tally beside it. No row once it has ended.
SELECT h.size, h.checkpoint, h.sealed_at, t.individual_count, t.organisation_count, t.withdrawn_count, t.duplicate_count,
       t.fraud_count, t.error_count
FROM log_head AS h JOIN tally AS t ON t.statement = h.statement WHERE h.statement = $1 AND h.generation = $2;

-- name: members
-- Lists, of the entries from $3 to before $4, those that count somebody; `strange` are those of nobody who counts and is committed to
-- by that entry, and has no change waiting. All in one view of the world, with the log's size in it. No row once generation $2 has
-- ended. The limits have the planner look each of them up by its key.
SELECT h.size, page.indexes, page.strange
FROM log_head AS h CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(m.index), '{}') AS indexes,
           coalesce(array_agg(m.index) FILTER (
               WHERE l.entry IS DISTINCT FROM format(E'undersigned/v1 add %s\n%s\n', e.kind, encode(e.commitment, 'base64'))
                 AND NOT EXISTS (SELECT 1 FROM log_queue AS q WHERE q.endorsement_id = m.endorsement_id)
           ), '{}') AS strange
    FROM log_member AS m
    LEFT JOIN LATERAL (
        SELECT e.kind, e.commitment FROM endorsement AS e WHERE e.id = m.endorsement_id AND e.status = 'counted' LIMIT 1
    ) AS e ON true
    LEFT JOIN log_entry AS l ON l.statement = $1 AND l.generation = $2 AND l.index = m.index AND l.index >= $3 AND l.index < $4
    WHERE m.statement = $1 AND m.index >= $3 AND m.index < $4
) AS page
WHERE h.statement = $1 AND h.generation = $2;

-- name: endorsed
-- Counts, among the 4,096 endorsements behind the id $3, those of this statement that count, and that no entry counts and no queue row
-- will; those that still wait for generation $2 apart. No row once that generation has ended. `last` is where the next page begins.
WITH page AS MATERIALIZED (
    SELECT e.id, e.statement, e.status, e.generation FROM endorsement AS e WHERE e.id > $3 ORDER BY e.id LIMIT 4096
), lost AS (
    SELECT p.generation FROM page AS p
    WHERE p.statement = $1 AND p.status = 'counted'
      AND NOT EXISTS (SELECT 1 FROM log_queue AS q WHERE q.endorsement_id = p.id)
      AND (p.generation < $2 OR (SELECT m.index FROM log_member AS m WHERE m.endorsement_id = p.id) IS NULL)
)
SELECT (SELECT p.id FROM page AS p ORDER BY p.id DESC LIMIT 1) AS last,
       (SELECT count(*) FROM lost WHERE lost.generation >= $2) AS uncounted,
       (SELECT count(*) FROM lost WHERE lost.generation < $2) AS left_behind
FROM log_head AS h WHERE h.statement = $1 AND h.generation = $2;

-- name: kept
-- Lists the generations before $2 that entries are stored of, and how many.
SELECT generation, size FROM log_past WHERE statement = $1 AND generation < $2 AND size > 0 ORDER BY generation;

-- name: keep_check
-- Keeps the outcome of the latest recount.
INSERT INTO log_check (statement, size, disagreements) VALUES ($1, $2, $3)
ON CONFLICT (statement) DO UPDATE SET size = excluded.size, disagreements = excluded.disagreements, checked_at = now();

-- name: latest_check
-- Reads the outcome of the latest recount.
SELECT size, disagreements, checked_at FROM log_check WHERE statement = $1;

-- name: due_checks
-- Lists the logs that were not recounted for $1.
SELECT h.statement FROM log_head AS h LEFT JOIN log_check AS c ON c.statement = h.statement
WHERE h.released_size > 0 AND (c.checked_at IS NULL OR c.checked_at < now() - $1::interval);

-- name: past
-- Reads the last checkpoint of an ended generation, its tally and what followed it.
SELECT p.origin, p.vkey, p.size, p.checkpoint, p.stored_checkpoint, p.ended_at, p.individual_count, p.organisation_count,
       p.withdrawn_count, p.duplicate_count, p.fraud_count, p.error_count, p.as_of, p.handover,
       coalesce((SELECT n.origin FROM log_past AS n WHERE n.statement = p.statement AND n.generation > p.generation
                 ORDER BY n.generation LIMIT 1), h.origin) AS followed_by
FROM log_past AS p JOIN log_head AS h ON h.statement = p.statement
WHERE p.statement = $1 AND p.generation = $2;

-- name: end_generation
-- Keeps what is known of a generation that ends: its last checkpoint $6, and of the $5 entries stored here the tally and the head $7;
-- the note $8 in which its key says what follows it, and its second key $9.
INSERT INTO log_past (
    statement, generation, origin, vkey, size, checkpoint, stored_checkpoint, individual_count, organisation_count, withdrawn_count,
    duplicate_count, fraud_count, error_count, as_of, handover, ml_dsa_vkey
)
SELECT $1, $2, $3, $4, $5, $6, $7, t.individual_count, t.organisation_count, t.withdrawn_count, t.duplicate_count, t.fraud_count,
       t.error_count, t.as_of, $8, $9
FROM (SELECT $1 AS statement) AS log LEFT JOIN tally AS t ON t.statement = log.statement AND $5::bigint > 0
ON CONFLICT (statement, generation) DO NOTHING;

-- name: open_generation
-- Begins a log anew, empty, behind the checkpoint $5, and leaves a trace of it; compare-and-swap like `take_head`, so that no batch
-- lands in between. The tally that was shown stays so until `show`, unless it was that of a log without entries. Endorsements behind
-- the id $7, which is before all of them, are then to be committed to anew.
WITH opened AS (
    UPDATE log_head SET generation = $3, origin = $4, previous = $5, vkey = NULL, ml_dsa_vkey = NULL, size = 0, checkpoint = NULL,
        released_size = 0, released_checkpoint = NULL, stopped_reason = NULL, stopped_by = NULL, round = round + 1,
        appended_at = now(), recommitting_behind = $7,
        shown_generation = CASE WHEN shown_generation = generation AND size = 0 THEN $3 ELSE shown_generation END
    WHERE statement = $1 AND round = $2 RETURNING statement, generation
), trace AS (
    INSERT INTO trail (actor, action, statement, detail)
    SELECT $6, 'log restart', statement, 'generation ' || generation FROM opened
)
SELECT generation FROM opened;

-- name: recommitted
-- Notes how far a restart has committed to endorsements anew, and leaves a trace once it is through all of them, with null for $3.
WITH moved AS (
    UPDATE log_head SET recommitting_behind = $3
    WHERE statement = $1 AND generation = $2 AND ($3::uuid IS NULL AND recommitting_behind IS NOT NULL OR recommitting_behind < $3)
    RETURNING statement, generation
)
INSERT INTO trail (actor, action, statement, detail)
SELECT $4, 'log restart', statement, 'generation ' || generation || ': everybody is queued again' FROM moved WHERE $3::uuid IS NULL;

-- name: catching_up
-- Lists the logs whose newest generation has everybody queued, and is still adding them.
SELECT statement, generation FROM log_head WHERE shown_generation < generation AND recommitting_behind IS NULL;

-- name: show
-- Lets readers see the tally of generation $2, once everybody who counted when it was opened, and still counts, is an entry of it: a
-- restart has been through all of them, and nobody who counted then is still in the queue. So only the queue is read.
UPDATE log_head SET shown_generation = generation
WHERE statement = $1 AND generation = $2 AND released_size = size AND recommitting_behind IS NULL AND NOT EXISTS (
    SELECT 1 FROM log_queue AS q CROSS JOIN LATERAL (
        SELECT e.counted_at FROM endorsement AS e WHERE e.id = q.endorsement_id AND e.status = 'counted' LIMIT 1
    ) AS e
    WHERE q.statement = $1 AND e.counted_at <= (SELECT max(p.ended_at) FROM log_past AS p WHERE p.statement = $1)
);

-- name: forget_all
-- Forgets which entries count whom: in a new generation nobody is counted yet.
DELETE FROM log_member WHERE statement = $1;

-- name: outdated
-- Finds up to 500 queue rows of an older generation, for `endorsements.recommit` where the endorsement still counts, else for `drop`.
-- The order is that of an index, or the planner might walk through all that waits for the newest generation.
WITH page AS MATERIALIZED (
    SELECT h.statement, h.generation, h.origin, q.endorsement_id, q.id
    FROM log_head AS h CROSS JOIN LATERAL (
        SELECT q.endorsement_id, q.id FROM log_queue AS q
        WHERE q.statement = h.statement AND q.generation < h.generation ORDER BY q.generation, q.id LIMIT 500
    ) AS q
    WHERE h.generation > 0
    LIMIT 500
)
SELECT q.statement, q.generation, q.origin, s.sha256, q.endorsement_id, q.id, e.kind, e.commitment,
       coalesce(o.identity, p.identity) AS identity
FROM page AS q
JOIN statement AS s ON s.slug = q.statement
LEFT JOIN endorsement AS e ON e.id = q.endorsement_id AND e.status = 'counted' AND e.generation < q.generation
LEFT JOIN signatory AS p ON p.endorsement_id = e.id
LEFT JOIN organisation AS o ON o.endorsement_id = e.id;

-- name: drop
-- Deletes one queue row of a generation before $3: the endorsement that it speaks of is gone, and so is that log.
WITH gone AS (DELETE FROM log_queue WHERE endorsement_id = $1 AND id = $2 AND generation < $3 RETURNING id)
SELECT count(*) AS dropped FROM gone;

-- name: dequeue
-- Deletes one queue row that was appended.
DELETE FROM log_queue WHERE endorsement_id = $1 AND id = $2;

-- name: unsettled
-- Says, in one view of the world, what keeps a log from being sealed: a time of closing that is not $2 past, a generation that is
-- still adding everybody again, claims that may still be counted, and queue rows; of both up to a thousand. Always one row.
SELECT coalesce((SELECT s.closes_at < now() - $2::interval FROM statement AS s WHERE s.slug = $1), false) AS closed,
       (SELECT h.shown_generation < h.generation FROM log_head AS h WHERE h.statement = $1) AS catching_up,
       (SELECT count(*) FROM (
            (SELECT 1 FROM submission AS c WHERE c.statement = $1 AND c.expires_at IS NOT NULL ORDER BY c.expires_at LIMIT 1000)
            UNION ALL
            (SELECT 1 FROM submission AS c WHERE c.statement = $1 AND c.status = 'held' ORDER BY c.confirmed_at LIMIT 1000)
            LIMIT 1000
        ) AS waiting) AS claims,
       (SELECT count(*) FROM (
            SELECT 1 FROM log_queue AS q WHERE q.statement = $1 ORDER BY q.generation, q.id LIMIT 1000
        ) AS waiting) AS queued;

-- name: seal
-- Notes that nothing follows the newest entry, once, and leaves a trace of it.
WITH sealed AS (
    UPDATE log_head SET sealed_at = now() WHERE statement = $1 AND sealed_at IS NULL RETURNING statement, size
)
INSERT INTO trail (actor, action, statement, detail) SELECT $2, 'seal', statement, 'entry ' || size - 1 FROM sealed;

-- The log: what the sequencer does in its one transaction, in this order.

-- name: waiting
-- Lists the statements with anything to append, or with a head that was signed and not released.
SELECT statement FROM log_head
WHERE size > released_size OR EXISTS (
    SELECT 1 FROM log_queue WHERE log_queue.statement = log_head.statement AND log_queue.generation >= log_head.generation
);

-- name: read_head
-- Reads the head that the next batch builds on.
SELECT h.statement, h.generation, h.origin, h.previous, h.vkey, h.size, h.checkpoint, h.released_size, h.stopped_reason, h.round,
       h.sealed_at, h.shown_generation, s.sha256
FROM log_head AS h JOIN statement AS s ON s.slug = h.statement WHERE h.statement = $1;

-- name: take_head
-- Compare-and-swap, before anything else: of two sequencers at one head, one goes on and the other gets no row.
UPDATE log_head SET round = round + 1 WHERE statement = $1 AND round = $2 AND size = $3 RETURNING round;

-- name: queue
-- Reads the oldest queue rows that can be appended: an `add` of who isn't counted, a `sub` of who is. The rest, whose other
-- half comes first, waits; so does what is of an older generation.
SELECT q.endorsement_id, q.id, q.op, q.kind, q.commitment, q.country, q.partner, q.objectives, q.reason, m.index AS member_index
FROM log_queue AS q
LEFT JOIN log_member AS m ON m.endorsement_id = q.endorsement_id
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
-- Moves the head to its new size, with the checkpoint that signs it and the key that it is signed with.
UPDATE log_head SET size = $2, checkpoint = $3, vkey = $4, appended_at = now() WHERE statement = $1;

-- name: release
-- Lets readers see a head, after its checkpoint was written outside the database; never goes back.
UPDATE log_head SET released_size = size, released_checkpoint = checkpoint
WHERE statement = $1 AND generation = $2 AND size = $3 AND released_size < $3;

-- name: stop
-- Notes why nothing is signed at the moment, or with null that all is well again.
UPDATE log_head SET stopped_reason = $2 WHERE statement = $1 AND stopped_reason IS DISTINCT FROM $2;

-- name: stopped
-- Lists the logs that nothing is signed in.
SELECT statement, stopped_reason FROM log_head WHERE stopped_reason IS NOT NULL ORDER BY statement;

-- name: heads
-- Lists the logs and the keys they are signed with.
SELECT statement, generation, origin, vkey, size, released_size, released_checkpoint FROM log_head ORDER BY statement;

-- name: entries
-- Reads entries from index $3 to before $4, in order.
SELECT entry FROM log_entry WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 ORDER BY index;

-- name: subtracted
-- Reads the entries that take back another, among those from index $3 to before $4.
SELECT index, entry FROM log_entry
WHERE statement = $1 AND generation = $2 AND index >= $3 AND index < $4 AND entry LIKE 'undersigned/v1 sub %'
ORDER BY index;

-- name: subtracted_before
-- Counts by reason what the generations before $2 took back: the tally keeps it, and this one's entries don't repeat it.
SELECT split_part(trim(entry, E'\n'), ' ', 4) AS reason, count(*) AS count FROM log_entry
WHERE statement = $1 AND generation < $2 AND entry LIKE 'undersigned/v1 sub %'
GROUP BY 1;

-- name: all_tiles
-- Reads every tile of a log, for a recount.
SELECT level, index, hashes FROM log_tile WHERE statement = $1 AND generation = $2 ORDER BY level, index;

-- name: recount
-- Counts what the endorsements say the tally should be once the queue is drained, and where entries and members differ.
SELECT
    (SELECT count(*) FROM endorsement
     WHERE statement = $1 AND generation = $2 AND status = 'counted' AND kind = 'individual') AS individuals,
    (SELECT count(*) FROM endorsement
     WHERE statement = $1 AND generation = $2 AND status = 'counted' AND kind = 'organisation') AS organisations,
    (SELECT count(*) FROM endorsement AS e WHERE e.statement = $1 AND e.generation < $2 AND e.status = 'counted'
       AND NOT EXISTS (SELECT 1 FROM log_queue AS q WHERE q.endorsement_id = e.id)) AS left_behind,
    (SELECT count(*) FILTER (WHERE op = 'add') - count(*) FILTER (WHERE op = 'sub') FROM log_queue
     WHERE statement = $1 AND generation = $2 AND kind = 'individual') AS queued_individuals,
    (SELECT count(*) FILTER (WHERE op = 'add') - count(*) FILTER (WHERE op = 'sub') FROM log_queue
     WHERE statement = $1 AND generation = $2 AND kind = 'organisation') AS queued_organisations,
    (SELECT count(*) FROM log_member AS m LEFT JOIN endorsement AS e ON e.id = m.endorsement_id AND e.status = 'counted'
     LEFT JOIN log_entry AS l ON l.statement = m.statement AND l.generation = $2 AND l.index = m.index
     WHERE m.statement = $1
       AND NOT EXISTS (SELECT 1 FROM log_queue AS q WHERE q.endorsement_id = m.endorsement_id)
       AND l.entry IS DISTINCT FROM format(E'undersigned/v1 add %s\n%s\n', e.kind, encode(e.commitment, 'base64'))
    ) AS mismatched;

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
       p.withdrawn_count, p.duplicate_count, p.fraud_count, p.error_count, p.as_of,
       coalesce((SELECT n.origin FROM log_past AS n WHERE n.statement = p.statement AND n.generation > p.generation
                 ORDER BY n.generation LIMIT 1), h.origin) AS followed_by
FROM log_past AS p JOIN log_head AS h ON h.statement = p.statement
WHERE p.statement = $1 AND p.generation = $2;

-- name: end_generation
-- Keeps what is known of a generation that ends: its last checkpoint $6, and of the $5 entries stored here the tally and the head $7.
INSERT INTO log_past (
    statement, generation, origin, vkey, size, checkpoint, stored_checkpoint, individual_count, organisation_count, withdrawn_count,
    duplicate_count, fraud_count, error_count, as_of
)
SELECT $1, $2, $3, $4, $5, $6, $7, t.individual_count, t.organisation_count, t.withdrawn_count, t.duplicate_count, t.fraud_count,
       t.error_count, t.as_of
FROM (SELECT $1 AS statement) AS log LEFT JOIN tally AS t ON t.statement = log.statement AND $5::bigint > 0
ON CONFLICT (statement, generation) DO NOTHING;

-- name: open_generation
-- Begins a log anew, empty, behind the checkpoint $5; compare-and-swap like `take_head`, so that no batch lands in between. The
-- tally that was shown stays so until `show`, unless it was that of a log without entries.
UPDATE log_head SET generation = $3, origin = $4, previous = $5, vkey = NULL, size = 0, checkpoint = NULL, released_size = 0,
    released_checkpoint = NULL, stopped_reason = NULL, round = round + 1, appended_at = now(),
    shown_generation = CASE WHEN shown_generation = generation AND size = 0 THEN $3 ELSE shown_generation END
WHERE statement = $1 AND round = $2 RETURNING generation;

-- name: catching_up
-- Lists the logs whose newest generation is still adding everybody again.
SELECT statement, generation FROM log_head WHERE shown_generation < generation;

-- name: show
-- Lets readers see the tally of generation $2, once everybody who counted when it was opened, and still counts, is an entry of it.
UPDATE log_head SET shown_generation = generation
WHERE statement = $1 AND generation = $2 AND released_size = size AND NOT EXISTS (
    SELECT 1 FROM endorsement AS e LEFT JOIN log_member AS m ON m.endorsement_id = e.id
    WHERE e.statement = $1 AND e.status = 'counted' AND m.endorsement_id IS NULL
      AND e.counted_at <= (SELECT max(p.ended_at) FROM log_past AS p WHERE p.statement = $1)
);

-- name: forget_all
-- Forgets which entries count whom: in a new generation nobody is counted yet.
DELETE FROM log_member WHERE statement = $1;

-- name: outdated
-- Finds up to 500 queue rows of an older generation, for `endorsements.recommit` where the endorsement still counts, else for `drop`.
WITH page AS MATERIALIZED (
    SELECT h.statement, h.generation, h.origin, q.endorsement_id, q.id
    FROM log_head AS h JOIN log_queue AS q ON q.statement = h.statement AND q.generation < h.generation
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
-- still adding everybody again, claims that may still be counted, and queue rows. Always one row.
SELECT coalesce((SELECT s.closes_at < now() - $2::interval FROM statement AS s WHERE s.slug = $1), false) AS closed,
       (SELECT h.shown_generation < h.generation FROM log_head AS h WHERE h.statement = $1) AS catching_up,
       (SELECT count(*) FROM submission AS c WHERE c.statement = $1) AS claims,
       (SELECT count(*) FROM log_queue AS q WHERE q.statement = $1) AS queued;

-- name: seal
-- Notes that nothing follows the newest entry, once.
UPDATE log_head SET sealed_at = now() WHERE statement = $1 AND sealed_at IS NULL;

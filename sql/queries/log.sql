-- The log: what the sequencer does in its one transaction, in this order.

-- name: waiting
-- Lists the statements with anything to append.
SELECT statement FROM log_head WHERE EXISTS (SELECT 1 FROM log_queue WHERE log_queue.statement = log_head.statement);

-- name: read_head
-- Reads the head that the next batch builds on.
SELECT h.generation, h.size, h.round, s.sha256
FROM log_head AS h JOIN statement AS s ON s.slug = h.statement WHERE h.statement = $1;

-- name: take_head
-- Compare-and-swap, before anything else: of two sequencers at one head, one goes on and the other gets no row.
UPDATE log_head SET round = round + 1 WHERE statement = $1 AND round = $2 AND size = $3 RETURNING round;

-- name: queue
-- Reads the oldest queue rows, and which of their endorsements the log counts at the moment.
SELECT q.endorsement_id, q.id, q.op, q.kind, q.commitment, q.country, q.partner, q.objectives, q.reason, m.index AS member_index
FROM (SELECT * FROM log_queue WHERE statement = $1 ORDER BY queued_at, id LIMIT $2) AS q
LEFT JOIN log_member AS m ON m.endorsement_id = q.endorsement_id
ORDER BY q.queued_at, q.id;

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

-- name: set_head
-- Moves the head to its new size.
UPDATE log_head SET size = $2, appended_at = now() WHERE statement = $1;

-- name: dequeue
-- Deletes one queue row that was appended.
DELETE FROM log_queue WHERE endorsement_id = $1 AND id = $2;

-- Messages: the outbox. Claimed by compare-and-swap on due_at, sent outside any transaction, then marked.

-- name: due
-- Reads candidates, the first of every network before the second of any, so that one flooding network can't hold up the
-- others. Locks nothing: `lease` decides who sends.
SELECT endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, detail, network_key, due_at,
       attempt_count
FROM (
    SELECT oldest.*, row_number() OVER (PARTITION BY template, network_key ORDER BY due_at, id) AS turn
    FROM (SELECT * FROM message WHERE status = 'due' AND due_at <= now() ORDER BY due_at LIMIT 5000) AS oldest
) AS waiting
ORDER BY turn, due_at LIMIT $1;

-- name: lease
-- Takes a due message until $4 from now, if nobody else did since it was read at $3; a worker that dies loses it by then.
WITH taken AS (
    UPDATE message SET due_at = now() + $4::interval
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING due_at
)
SELECT $2 AS id, (SELECT due_at FROM taken) AS leased_until;

-- name: postpone
-- Puts a message off because a budget is spent; only if it is still the one read at $3.
WITH later AS (
    UPDATE message SET due_at = now() + $4::interval
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING id
)
SELECT count(*) AS postponed FROM later;

-- name: put_off
-- Puts a leased message off that wasn't delivered, with a word on why; or marks it failed, and forgets the address, once it was
-- first offered longer than $7 ago. Only what was offered ($6) counts as an attempt. Null if it isn't leased until $3 any more.
WITH later AS (
    UPDATE message SET
        tried_at = coalesce(tried_at, CASE WHEN $6::boolean THEN now() END),
        attempt_count = attempt_count + $6::boolean::integer,
        outcome = $5,
        due_at = now() + $4::interval,
        status = CASE WHEN tried_at < now() - $7::interval THEN 'failed' ELSE 'due' END,
        address = CASE WHEN tried_at < now() - $7::interval THEN '' ELSE address END,
        detail = CASE WHEN tried_at < now() - $7::interval THEN NULL ELSE detail END,
        done_at = CASE WHEN tried_at < now() - $7::interval THEN now() END
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING status
)
SELECT (SELECT status FROM later) AS status;

-- name: finish
-- Marks a message sent, failed or dropped, with a word on why, and forgets the address.
WITH done AS (
    UPDATE message SET status = $3, outcome = $4, address = '', detail = NULL, done_at = now()
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due'
    RETURNING id
)
SELECT count(*) AS finished FROM done;

-- name: circumstances
-- Reads all that decides what a message says, at the moment it is sent. Always one row.
SELECT link.id, now() - m.created_at AS age, m.attempt_count > 0 AS attempted,
       s.id IS NOT NULL AS claimed, s.status AS claim_status, s.expires_at, s.expires_at <= now() AS expired,
       p.bound, p.address AS proven_address,
       f.id IS NOT NULL AS offered, o.name AS organisation,
       p.mailbox_id IS NOT NULL AS endorsed_by_this_mailbox,
       EXISTS (SELECT 1 FROM suppression AS x WHERE x.mailbox_id = m.mailbox_id) AS suppressed,
       EXISTS (
           SELECT 1 FROM message AS newer
           WHERE newer.endorsement_id = $1 AND newer.mailbox_id = m.mailbox_id AND newer.template = 'confirm'
             AND newer.status IN ('due', 'sent') AND (newer.created_at, newer.id) > (m.created_at, m.id)
       ) AS superseded,
       EXISTS (
           SELECT 1 FROM message AS told
           WHERE told.mailbox_id = m.mailbox_id AND told.status = 'sent' AND told.template IN ('confirm', 'manage', 'succeed')
             AND told.outcome = 'nothing' AND told.done_at > now() - interval '1 day'
       ) AS told_today
FROM (SELECT $1::uuid AS endorsement_id, $2::uuid AS id) AS link
LEFT JOIN message AS m ON m.endorsement_id = link.endorsement_id AND m.id = link.id
LEFT JOIN submission AS s ON s.endorsement_id = link.endorsement_id AND s.id = m.submission_id
LEFT JOIN succession AS f ON f.endorsement_id = link.endorsement_id AND f.id = m.submission_id AND f.expires_at > now()
LEFT JOIN organisation AS o ON o.endorsement_id = link.endorsement_id
LEFT JOIN signatory AS p ON p.endorsement_id = link.endorsement_id AND p.mailbox_id = m.mailbox_id;

-- name: sent_to_mailboxes
-- Counts each mailbox's mails of the last day that anybody could have asked for, and says when there is room for one more than $2 again.
SELECT mailbox_id, count(*) AS sent_count,
       (array_agg(done_at ORDER BY done_at DESC))[$2] + interval '1 day' - now() AS room_in
FROM message
WHERE mailbox_id = ANY ($1::uuid[]) AND status = 'sent' AND template IN ('confirm', 'manage', 'succeed')
  AND done_at > now() - interval '1 day'
GROUP BY mailbox_id;

-- name: sent_for_networks
-- Counts each network's such mails of the last hour.
SELECT network_key, count(*) AS sent_count, min(done_at) + interval '1 hour' - now() AS room_in
FROM message
WHERE network_key = ANY ($1::uuid[]) AND status = 'sent' AND template IN ('confirm', 'manage', 'succeed')
  AND done_at > now() - interval '1 hour'
GROUP BY network_key;

-- name: sent_in_all
-- Counts all such mails of the last hour.
SELECT count(*) AS sent_count, min(done_at) + interval '1 hour' - now() AS room_in
FROM message WHERE status <> 'due' AND status = 'sent' AND template IN ('confirm', 'manage', 'succeed')
  AND done_at > now() - interval '1 hour';

-- name: suppress
-- Stops confirmation mail to a mailbox, at its owner's wish.
INSERT INTO suppression (mailbox_id, reason) VALUES ($1, 'owner') ON CONFLICT (mailbox_id) DO NOTHING;

-- name: unsuppress
-- Lets confirmation mail reach a mailbox again, at its owner's wish.
DELETE FROM suppression WHERE mailbox_id = $1 AND reason = 'owner';

-- name: is_suppressed
-- Says whether confirmation mail to a mailbox is stopped.
SELECT EXISTS (SELECT 1 FROM suppression WHERE mailbox_id = $1) AS suppressed;

-- name: overdue
-- Finds up to $2 messages done with for longer than $1, for `purge`.
SELECT endorsement_id, id FROM message WHERE status <> 'due' AND done_at < now() - $1::interval
ORDER BY endorsement_id, id LIMIT $2;

-- name: purge
-- Deletes one message that is done.
WITH gone AS (DELETE FROM message WHERE endorsement_id = $1 AND id = $2 AND status <> 'due' RETURNING id)
SELECT count(*) AS purged FROM gone;

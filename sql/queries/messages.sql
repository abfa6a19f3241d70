-- Messages: the outbox. Claimed by compare-and-swap on due_at, sent outside any transaction, then marked.

-- name: due
-- Reads candidates, the first of every network before the second of any, so that one flooding network can't hold up the
-- others. Of one mailbox each network's newest comes first, and of those the newest. Locks nothing: `lease` decides who sends.
SELECT endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale, detail, network_key, due_at,
       attempt_count
FROM (
    SELECT placed.*, row_number() OVER (PARTITION BY template, network_key ORDER BY place, due_at, id) AS turn
    FROM (
        SELECT taking_turns.*,
               row_number() OVER (PARTITION BY mailbox_id, template ORDER BY mailbox_turn, created_at DESC, id) AS place
        FROM (
            SELECT oldest.*, row_number() OVER (
                PARTITION BY mailbox_id, template, network_key ORDER BY created_at DESC, id
            ) AS mailbox_turn
            FROM (SELECT * FROM message WHERE status = 'due' AND due_at <= now() ORDER BY due_at LIMIT 5000) AS oldest
        ) AS taking_turns
    ) AS placed
) AS waiting
ORDER BY turn, place, due_at LIMIT $1;

-- name: lease
-- Takes a due message until $4 from now, if nobody else did since it was read at $3; a worker that dies loses it by then.
WITH taken AS (
    UPDATE message SET due_at = now() + $4::interval
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING due_at
)
SELECT $2 AS id, (SELECT due_at FROM taken) AS leased_until;

-- name: postpone
-- Puts a message off because a budget is spent, or gives it back if it was never offered; only if it is still the one read at $3.
WITH later AS (
    UPDATE message SET due_at = now() + $4::interval
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING id
)
SELECT count(*) AS postponed FROM later;

-- name: put_off
-- Puts a leased message off that was offered and not taken, with a word on why; or marks it failed, and forgets the address, once it
-- can't be hoped for: put off because of its recipient ($6) and first so longer than $7 ago, or lost after the final dot ($8) for
-- the fourth time. Null if it isn't leased until $3 any more.
WITH later AS (
    UPDATE message SET
        attempt_count = attempt_count + 1,
        tried_at = coalesce(tried_at, CASE WHEN $6::boolean THEN now() END),
        lost_count = least(lost_count + $8::boolean::integer, 3),
        outcome = $5,
        due_at = now() + $4::interval,
        status = CASE WHEN $6 AND tried_at < now() - $7::interval OR $8 AND lost_count = 3 THEN 'failed' ELSE 'due' END,
        address = CASE WHEN $6 AND tried_at < now() - $7::interval OR $8 AND lost_count = 3 THEN '' ELSE address END,
        detail = CASE WHEN $6 AND tried_at < now() - $7::interval OR $8 AND lost_count = 3 THEN NULL ELSE detail END,
        done_at = CASE WHEN $6 AND tried_at < now() - $7::interval OR $8 AND lost_count = 3 THEN now() END
    WHERE endorsement_id = $1 AND id = $2 AND status = 'due' AND due_at = $3
    RETURNING status
)
SELECT (SELECT status FROM later) AS status;

-- name: trouble
-- Reads why no mail goes out at the moment; no row: it does.
SELECT reason, began_at, probe_at, probe_at <= now() AS is_due FROM mail_trouble;

-- name: pause
-- Notes why no mail goes out, and when one is to be tried: $2 from now.
INSERT INTO mail_trouble (reason, probe_at) VALUES ($1, now() + $2::interval)
ON CONFLICT (only_row) DO UPDATE SET reason = excluded.reason, probe_at = excluded.probe_at;

-- name: probe
-- Gives the next try, due at $1, to one worker only, and puts the one after it $2 off.
UPDATE mail_trouble SET probe_at = now() + $2::interval WHERE probe_at = $1 RETURNING true AS may_try;

-- name: resume
-- Lets mail go out again.
DELETE FROM mail_trouble;

-- name: waiting
-- Counts the messages that wait and those that failed, by reason, for an operator; nothing about a person.
SELECT status, coalesce(outcome, 'its turn') AS reason, count(*) AS message_count, min(created_at) AS oldest_at,
       min(due_at) FILTER (WHERE status = 'due') AS next_at
FROM message WHERE status IN ('due', 'failed') GROUP BY status, outcome ORDER BY status, message_count DESC, reason;

-- name: retryable
-- Finds up to $4 messages after $2 and $3, in key order, whose reason begins with $1: of those that failed only where it is given.
SELECT endorsement_id, id FROM message
WHERE (status = 'due' AND outcome IS NOT NULL OR status = 'failed' AND $1::text <> '') AND starts_with(outcome, $1)
  AND (endorsement_id, id) > ($2::uuid, $3::uuid)
ORDER BY endorsement_id, id LIMIT $4;

-- name: retry
-- Makes a message that waits or failed due at once, as if it had never been tried, if its address is still known here.
WITH known AS (
    SELECT coalesce(nullif(m.address, ''), s.address, f.address, p.address) AS address
    FROM message AS m
    LEFT JOIN submission AS s ON s.endorsement_id = $1 AND s.id = m.submission_id
    LEFT JOIN succession AS f ON f.endorsement_id = $1 AND f.id = m.submission_id
    LEFT JOIN signatory AS p ON p.endorsement_id = $1 AND p.mailbox_id = m.mailbox_id
    WHERE m.endorsement_id = $1 AND m.id = $2
), again AS (
    UPDATE message AS m SET status = 'due', address = known.address, outcome = NULL, due_at = now(), done_at = NULL,
        attempt_count = 0, tried_at = NULL, lost_count = 0, pot = NULL, domain_key = NULL
    FROM known
    WHERE m.endorsement_id = $1 AND m.id = $2 AND m.status IN ('due', 'failed') AND known.address IS NOT NULL
    RETURNING m.id
)
SELECT count(*) AS retried FROM again;

-- name: probe_now
-- Lets the next round try a mail, whatever was waited for.
UPDATE mail_trouble SET probe_at = now();

-- name: finish
-- Marks a message sent, failed or dropped, with a word on why and the budgets that it counts in, and forgets the address.
WITH done AS (
    UPDATE message SET status = $3, outcome = $4, address = '', detail = NULL, done_at = now(), pot = $5, domain_key = $6
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
       EXISTS (SELECT 1 FROM suppression AS x WHERE x.mailbox_id IN (m.mailbox_id, encode(substring(uuid_send(m.mailbox_id) FOR 12) || '\x00000000', 'hex')::uuid)) AS suppressed,
       EXISTS (
           SELECT 1 FROM message AS newer
           WHERE newer.endorsement_id = $1 AND newer.mailbox_id = m.mailbox_id AND newer.template = 'confirm'
             AND newer.network_key IS NOT DISTINCT FROM m.network_key
             AND newer.status IN ('due', 'sent') AND (newer.created_at, newer.id) > (m.created_at, m.id)
       ) AS superseded,
       EXISTS (
           SELECT 1 FROM message AS older
           WHERE older.endorsement_id = $1 AND older.submission_id = m.submission_id AND older.template = 'confirm'
             AND older.created_at < m.created_at
       ) AS renewed,
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

-- name: counted_for_mailboxes
-- Reads what counts in each mailbox's budgets: the last day's mails that anybody could have asked for, and for how long each
-- still counts.
SELECT mailbox_id, pot, network_key, done_at + interval '1 day' - now() AS counts_for
FROM message
WHERE mailbox_id = ANY ($1::uuid[]) AND pot IS NOT NULL AND done_at > now() - interval '1 day';

-- name: counted_for_networks
-- Counts each network's such mails of the last hour.
SELECT network_key AS key, count(*) AS sent_count, min(done_at) + interval '1 hour' - now() AS room_in
FROM message
WHERE network_key = ANY ($1::uuid[]) AND pot IS NOT NULL AND done_at > now() - interval '1 hour'
GROUP BY network_key;

-- name: counted_for_domains
-- Counts such mails of the last hour that one network asked for at one mail domain.
SELECT domain_key AS key, count(*) AS sent_count, min(done_at) + interval '1 hour' - now() AS room_in
FROM message
WHERE domain_key = ANY ($1::uuid[]) AND domain_key IS NOT NULL AND done_at > now() - interval '1 hour'
GROUP BY domain_key;

-- name: counted_in_all
-- Counts all such mails of the last hour.
SELECT count(*) AS sent_count, min(done_at) + interval '1 hour' - now() AS room_in
FROM message WHERE status <> 'due' AND pot IS NOT NULL AND done_at > now() - interval '1 hour';

-- name: crowded_out
-- Finds the claims of each mailbox whose mails wait behind $2 others, networks taking turns and the newest first. Reads the newest
-- 1000 of a mailbox, and leaves out what may be leased: what is due in less than $3.
SELECT waiting.endorsement_id, waiting.id
FROM unnest($1::uuid[]) AS box (id) CROSS JOIN LATERAL (
    SELECT newest.*, row_number() OVER (ORDER BY newest.turn, newest.created_at DESC, newest.id) AS place
    FROM (
        SELECT m.*, row_number() OVER (PARTITION BY m.network_key ORDER BY m.created_at DESC, m.id) AS turn
        FROM (
            SELECT endorsement_id, id, network_key, created_at, due_at FROM message
            WHERE mailbox_id = box.id AND status = 'due' AND template = 'confirm' ORDER BY created_at DESC LIMIT 1000
        ) AS m
    ) AS newest
) AS waiting
WHERE waiting.place > $2 AND waiting.due_at > now() + $3::interval;

-- name: suppress
-- Stops confirmation mail to a mailbox, at its owner's wish. Links have only the first 12 bytes of its key: $1 ends in noughts.
INSERT INTO suppression (mailbox_id, reason) VALUES ($1, 'owner') ON CONFLICT (mailbox_id) DO NOTHING;

-- name: unsuppress
-- Lets confirmation mail reach the mailbox whose key lies between $1 and $2 again, at its owner's wish.
DELETE FROM suppression WHERE mailbox_id BETWEEN $1 AND $2 AND reason = 'owner';

-- name: is_suppressed
-- Says whether confirmation mail to the mailbox whose key lies between $1 and $2 is stopped.
SELECT EXISTS (SELECT 1 FROM suppression WHERE mailbox_id BETWEEN $1 AND $2) AS suppressed;

-- name: overdue
-- Finds up to $2 messages done with for longer than $1, for `purge`.
SELECT endorsement_id, id FROM message WHERE status <> 'due' AND done_at < now() - $1::interval
ORDER BY done_at LIMIT $2;

-- name: purge
-- Deletes one message that is done.
WITH gone AS (DELETE FROM message WHERE endorsement_id = $1 AND id = $2 AND status <> 'due' RETURNING id)
SELECT count(*) AS purged FROM gone;

-- Rows for a statement ($1) that many have signed: those numbered from $2 to before $3. Every statement begins with the first one here.

-- name: signers
-- One in fifty is an organisation. Of the first thousand, one in fifty waits for something: what waits doesn't grow with what is kept.
WITH signer AS (
    SELECT n, md5($1::text || n)::uuid AS id, sha256(convert_to($1::text || n, 'UTF8')) AS commitment,
           CASE WHEN n % 50 = 0 THEN 'organisation' ELSE 'individual' END AS kind, n < 1000 AND n % 50 = 0 AS waits,
           now() - n % 20 * interval '1 day' AS since,
           CASE n % 5 WHEN 1 THEN 'shown' WHEN 2 THEN 'queued' ELSE 'hidden' END AS name_status
    FROM generate_series($2::bigint, $3::bigint - 1) AS n
)

-- name: endorsements
INSERT INTO endorsement (id, statement, kind, country, objectives, commitment, counted_at)
SELECT id, $1, kind, (ARRAY['HU', 'AM', 'AZ', 'DE'])[n % 4 + 1], '{a,c}', commitment, since FROM signer

-- name: signatories
INSERT INTO signatory (
    endorsement_id, mailbox_id, address, name, name_status, locale, source, mail_domain, network_key, consent, salt, bound, identity,
    name_place, name_reference, network_noted_at
)
SELECT id, id, n || '@example.org', 'Name ' || n, name_status, 'en', '{}', 'example.org', id,
       '{"endorse": {"at": "2027-01-01T00:00:00+00:00", "text_sha256": ""}}', commitment, commitment, 'mailbox:' || n,
       CASE name_status WHEN 'shown' THEN convert_to($1::text, 'UTF8') || '\x00696e646976696475616c0061'
           || convert_to(chr(97 + (n / 5 % 26)::integer), 'UTF8') || '\x00' || commitment END,
       CASE name_status WHEN 'shown' THEN id END, since
FROM signer

-- name: organisations
INSERT INTO organisation (endorsement_id, name, identity, country, contributions, proof, salt)
SELECT id, 'Organisation ' || n, 'name:' || n, 'HU', '{}', 'none', commitment FROM signer WHERE kind = 'organisation'

-- name: entries
-- A batch for each thousand, with its `sum`.
INSERT INTO log_entry (statement, generation, index, entry)
SELECT $1, 0, 2 + n + n / 1000, format(E'undersigned/v1 add %s\n%s\n', kind, encode(commitment, 'base64')) FROM signer
UNION ALL
SELECT $1, 0, 3 + n + n / 1000, format(E'undersigned/v1 sum %s %s\n', n - n / 50, n / 50 + 1) FROM signer WHERE n % 1000 = 999

-- name: members
INSERT INTO log_member (endorsement_id, statement, index) SELECT id, $1, 2 + n + n / 1000 FROM signer

-- name: claims
INSERT INTO submission (
    endorsement_id, id, statement, status, kind, mailbox_id, address, name, locale, objectives, source, shown_sha256, consent, salt,
    commitment, identity, confirmed_at, expires_at
)
SELECT md5('claim' || $1::text || n)::uuid, id, $1, CASE WHEN waits THEN 'held' ELSE 'pending' END, 'individual', id,
       n || '@example.net', 'Name ' || n, 'en', '{a}', '{}', commitment, CASE WHEN waits THEN '{}'::jsonb END, commitment, commitment,
       'mailbox:' || n,
       CASE WHEN waits THEN now() END, CASE WHEN NOT waits THEN now() + interval '7 days' END
FROM signer WHERE waits OR n % 5 = 1

-- name: messages
INSERT INTO message (
    endorsement_id, id, statement, template, mailbox_id, address, locale, network_key, status, outcome, due_at, done_at
)
SELECT id, id, $1, 'confirm', id, CASE WHEN waits THEN n || '@example.org' ELSE '' END, 'en', id,
       CASE WHEN waits THEN 'due' ELSE 'sent' END, CASE WHEN NOT waits THEN 'sent' END, now(), CASE WHEN NOT waits THEN since END
FROM signer

-- name: reports
INSERT INTO report (endorsement_id, id, statement, about, reason, note) SELECT id, id, $1, 'name', 'other', '' FROM signer WHERE waits

-- name: offers
INSERT INTO succession (endorsement_id, id, bound, mailbox_id, address, name, role, expires_at)
SELECT id, id, commitment, id, n || '@example.org', 'Name', 'Chair', now() + interval '7 days' FROM signer
WHERE waits AND $1::text <> ''

-- name: queue
-- Who was confirmed just now.
, fact AS (
    INSERT INTO endorsement (id, statement, kind, objectives, commitment)
    SELECT md5('queued' || $1::text || n)::uuid, $1, 'individual', '{a}', sha256(commitment) FROM signer WHERE waits
    RETURNING id, statement, kind, commitment, objectives
)
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives)
SELECT id, statement, 'add', kind, commitment, objectives FROM fact

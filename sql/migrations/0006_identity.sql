-- The identity that a commitment was made of is kept beside it: the rules that it followed may change, and the entry doesn't. SQL
-- doesn't know these rules, so `undersigned serve` fills what is there and forbids null then (signing/identities.py).

ALTER TABLE submission ADD COLUMN identity text;
ALTER TABLE signatory ADD COLUMN identity text;
COMMENT ON COLUMN submission.identity IS 'Who the endorser is, as the commitment says it; never computed again, because the rules may have changed since.';
COMMENT ON COLUMN signatory.identity IS 'Who the endorser is, as the commitment says it: the person, or the organisation that is represented.';

-- Where there is nothing to fill, null can be forbidden at once.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM submission) THEN
        ALTER TABLE submission ALTER COLUMN identity SET NOT NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM signatory) THEN
        ALTER TABLE signatory ALTER COLUMN identity SET NOT NULL;
    END IF;
END
$$;

-- The id of a claim stands in the links that were mailed to a person, and the trail outlives their withdrawal.
UPDATE trail SET subject = NULL WHERE action IN ('approve', 'reject claim');
COMMENT ON TABLE trail IS 'What admins did, without personal data: each row is written by the statement that does it.';
COMMENT ON COLUMN trail.subject IS 'What it was done to, if that is no person''s: nothing keyed by a person outlives their withdrawal.';

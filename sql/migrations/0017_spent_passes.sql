-- A solved challenge, or a turn that was waited for, lets one submission in.

CREATE TABLE spent_pass (
    id uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE spent_pass IS 'The challenges and turns that were used, until none of them is taken any more: nothing of whom.';
CREATE INDEX spent_pass_expired ON spent_pass (expires_at);

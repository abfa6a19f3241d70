-- Trouble with the relay, which is nobody's mail's, and mail whose delivery is uncertain.

ALTER TABLE message ADD COLUMN lost_count smallint NOT NULL DEFAULT 0;
ALTER TABLE message ADD CONSTRAINT message_lost_is_tried_again_three_times
    CHECK (lost_count BETWEEN 0 AND 3 AND lost_count <= attempt_count);
COMMENT ON COLUMN message.tried_at IS 'When it was first put off because of its recipient, who is given up five days later (RFC 5321, 4.5.4.1).';
COMMENT ON COLUMN message.lost_count IS 'How often the relay had all of it and its answer was lost, so that it may be delivered already.';

CREATE TABLE mail_trouble (
    only_row boolean PRIMARY KEY DEFAULT true,
    reason text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    probe_at timestamptz NOT NULL,
    CONSTRAINT mail_trouble_has_one_row CHECK (only_row)
);
COMMENT ON TABLE mail_trouble IS 'Why no mail goes out at the moment, and when one is tried again; no row: it does. Nothing about a person.';

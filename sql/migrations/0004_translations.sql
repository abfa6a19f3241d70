-- Translations of a statement's text, and which text was shown to whoever signed; ../schema.sql explains them.

ALTER TABLE consent ADD COLUMN locale text;
UPDATE consent SET locale = statement.locale FROM statement WHERE statement.slug = consent.statement;
ALTER TABLE consent ALTER COLUMN locale SET NOT NULL;
COMMENT ON TABLE consent IS 'Every consent text that was ever shown, and every translation of one, so that a signatory''s hashes can be read back.';

CREATE TABLE translation (
    statement text NOT NULL REFERENCES statement (slug),
    sha256 bytea NOT NULL,
    locale text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    translator text NOT NULL,
    consent_sha256 bytea REFERENCES consent (sha256),
    published_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (statement, sha256),
    CONSTRAINT translation_hash_is_of_the_text CHECK (sha256 = sha256(convert_to(text, 'UTF8'))),
    CONSTRAINT translation_names_its_translator CHECK (translator ~ '\S')
);
COMMENT ON TABLE translation IS 'Texts for information beside the one that is endorsed. What was shown once stays, so that its hash can be read back.';
COMMENT ON COLUMN translation.retired_at IS 'When it was corrected or taken out of the directory; null: it is the current one of its locale.';
CREATE UNIQUE INDEX translation_current ON translation (statement, locale) WHERE retired_at IS NULL;

-- Until now there was only the original to be shown.
ALTER TABLE submission ADD COLUMN shown_sha256 bytea;
UPDATE submission SET shown_sha256 = statement.sha256 FROM statement WHERE statement.slug = submission.statement;
ALTER TABLE submission ALTER COLUMN shown_sha256 SET NOT NULL;
COMMENT ON COLUMN submission.shown_sha256 IS 'Which text was shown to whoever signed: the original, or a translation of it.';
COMMENT ON COLUMN signatory.consent IS '{"endorse": {"at", "text_sha256", "translation_sha256"?, "shown_sha256"?}, "updates"?: {"at"}}: what the mailbox''s owner agreed to, and when; the translation of it that was shown, and which of the statement''s texts.';

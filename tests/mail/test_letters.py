"""Every mail in every language: its headers are whole, folded, and those that mail programs and providers look for."""

import datetime as dt
import re
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from typing import get_args
from uuid import UUID

import msgspec
import pytest

from tests.conftest import SECRET
from undersigned.database.queries.messages import Template
from undersigned.identity.tokens import Signer
from undersigned.mail import messages
from undersigned.mail.messages import About, Letter
from undersigned.settings import Settings
from undersigned.words import languages

SETTINGS = Settings(
    base_url="https://sign.undersigned.example",
    mail_from="The Undersigned <post@undersigned.example>",
    secret_keys=SECRET,
)
TEMPLATES = [*get_args(Template), "already", "nothing"]


def source_of(
    template: str, locale: str = "en", contact: str = "privacy@readers.example", settings: Settings = SETTINGS
) -> bytes:
    letter = Letter(
        template=template,
        about=About("example", "An open letter for quieter libraries", contact),
        id=UUID(int=1),
        endorsement_id=UUID(int=2),
        submission_id=UUID(int=3),
        mailbox_id=UUID(int=4),
        address="ada@example.org",
        locale=locale,
        reason="It was not you.",
        bound=bytes(32),
        expires_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
        organisation="Readers' Society",
    )
    return messages.compose(settings, Signer([SECRET]), letter, dt.timedelta(days=7)).raw


def head_and_text(template: str, locale: str = "en", contact: str = "privacy@readers.example") -> tuple[list[str], str]:
    """The lines of a mail's head, unfolded, and its whole source."""
    source = source_of(template, locale, contact).decode("ascii")
    return source.partition("\r\n\r\n")[0].replace("\r\n ", " ").split("\r\n"), source


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", languages.LANGUAGES)
def test_no_line_of_any_mail_is_longer_than_mail_programs_fold_it(template: str, locale: str) -> None:
    head, source = head_and_text(template, locale)
    assert max(len(line) for line in source.split("\r\n") if not line.startswith("List-Unsubscribe:")) <= 76
    [subject] = [line.removeprefix("Subject: ") for line in head if line.startswith("Subject: ")]
    assert all(len(word) <= 75 for word in subject.split())
    assert str(make_header(decode_header(subject))).endswith(" – sign.undersigned.example")


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", languages.LANGUAGES)
def test_every_link_stands_whole_on_a_line_of_its_own_that_nothing_wraps(template: str, locale: str) -> None:
    settings = msgspec.structs.replace(SETTINGS, base_url=f"https://{'sign.readers-together'.ljust(22, 's')}.example")
    assert len(settings.site) == 30
    source = source_of(template, locale, settings=settings)
    mail = BytesParser(policy=policy.SMTP).parsebytes(source)
    text = mail.get_body(("plain",)).get_content().replace("\r", "")  # type: ignore[union-attr]
    assert max(map(len, text.split("\n"))) <= 76
    links = [line for line in text.split("\n") if "https:" in line]
    assert links == [re.search(r"https://\S+", line)[0] for line in links]  # type: ignore[index]
    mailed = [link for link in links if "/s/" not in link]
    assert all(re.fullmatch(r"https://[a-z.-]{30}/[chmnw]/[0-9A-Za-z]{31,34}", link) for link in mailed)
    # Nor does the transport: each is on one line as it travels, in plain text, and as an address in HTML.
    travels = source.decode("ascii").split("\r\n")
    assert set(mailed) <= set(travels)
    assert mailed or template in ("rejected", "handed")
    named = mail["List-Unsubscribe"]
    assert named is None or str(named).strip("<>") in mailed


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_whose_text_has_the_link_that_stops_mail_has_it_in_a_header_on_one_line_too(template: str) -> None:
    _, source = head_and_text(template)
    link = f"https://sign.undersigned.example/n/{Signer([SECRET]).stop(UUID(int=4))}"
    has_link = link in source.partition("\r\n\r\n")[2].replace("=\r\n", "").replace("=3D", "=")
    named = [line for line in source.split("\r\n") if line.startswith("List-Unsubscribe")]
    assert [line.partition(":")[0] for line in named] == (
        ["List-Unsubscribe", "List-Unsubscribe-Post"] if has_link else []
    )
    assert all(line.endswith((">", "One-Click")) for line in named)


def test_answers_go_to_who_reads_them_and_machines_are_asked_for_none() -> None:
    head, _ = head_and_text("confirm")
    assert {
        "Reply-To: privacy@readers.example",
        "X-Auto-Response-Suppress: All",
        "Auto-Submitted: auto-generated",
    } < set(head)
    assert "Feedback-ID: confirm:undersigned:undersigned.example" in head


@pytest.mark.parametrize("contact", ["čeněk@readers.example", "a b@readers.example", "a@b@c", "x@-"])
def test_a_contact_that_no_header_can_carry_stops_no_mail(contact: str) -> None:
    head, _ = head_and_text("confirm", contact=contact)
    assert not [line for line in head if line.startswith("Reply-To")]


def test_a_contact_at_an_international_domain_is_named_in_ascii() -> None:
    head, _ = head_and_text("confirm", contact="privacy@Bücher.example")
    assert "Reply-To: privacy@xn--bcher-kva.example" in head

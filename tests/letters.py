"""What a test reads in a mail, and the bodies it signs with."""

import re
from email.message import EmailMessage

LINK = re.compile(r"http://\S+?/(c|h|m|n|w)/([\w.~-]+)")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def token_of(mail: EmailMessage, kind: str = "c") -> str:
    """The token of the link that confirms (`c`), takes over (`h`), manages (`m`), withdraws (`w`) or stops mail (`n`)."""
    return next(found[2] for found in LINK.finditer(text_of(mail)) if found[1] == kind)


def links_of(mail: EmailMessage) -> list[str]:
    """The paths of all links of ours in a mail."""
    return [f"/{found[1]}/{found[2]}" for found in LINK.finditer(text_of(mail))]


def person(email: str = "ada@example.org", **changes: object) -> dict[str, object]:
    return {"kind": "individual", "name": "Ada Example", "email": email} | changes


def representative(email: str = "rep@readers.example.org", **changes: object) -> dict[str, object]:
    organisation = {"name": "Readers' Society", "website": "https://readers.org.uk", "country": "GB"}
    return {
        "kind": "organisation",
        "name": "Rosa Example",
        "email": email,
        "role": "Chair",
        "organisation": organisation,
    } | changes

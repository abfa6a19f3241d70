"""Who an endorser is: the identity that a key is made of, and that a log entry commits to."""

import unicodedata
from typing import Literal

from undersigned.identity.domains import is_shared, registrable, website_host
from undersigned.identity.mailboxes import Mailbox

Kind = Literal["individual", "organisation"]
Proof = Literal["domain", "none"]


def of_individual(box: Mailbox) -> str:
    return f"mailbox:{box.key}"


def of_organisation(name: str, country: str, website: str | None) -> str:
    """`domain:` and the registrable domain of the website, or `name:`, the normalised name and the country.

    Raises ValueError if the website is no web address.
    """
    host = website_host(website) if website else None
    domain = registrable(host) if host else None
    if host and domain and not is_shared(host):
        return f"domain:{domain}"
    words = "".join(
        c if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFKC", name).casefold()
    )
    return f"name:{' '.join(words.split())} {country}"


def proof(box: Mailbox, identity: str) -> Proof:
    """`domain` if the mailbox lies at the organisation's own domain. It proves a mailbox there, not authority."""
    scheme, _, domain = identity.partition(":")
    own = scheme == "domain" and registrable(box.domain) == domain and not is_shared(box.domain)
    return "domain" if own else "none"

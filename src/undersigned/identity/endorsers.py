"""Who an endorser is: the identity that a key is made of, and that a log entry commits to."""

from typing import Literal

from undersigned.identity import visible
from undersigned.identity.domains import has_open_mail, is_shared, own_domain, website_host
from undersigned.identity.likeness import folded
from undersigned.identity.mailboxes import Mailbox

Kind = Literal["individual", "organisation"]
Proof = Literal["domain", "none"]


def of_individual(box: Mailbox) -> str:
    return f"mailbox:{box.key}"


def of_organisation(name: str, country: str, website: str | None) -> str:
    """`domain:` and the own domain of the website, or `name:`, the folded name and the country.

    Raises ValueError if the website is no web address.
    """
    host = website_host(website) if website and visible.typed(website) else None
    if host and not is_shared(host):
        return f"domain:{own_domain(host)}"
    return f"name:{folded(name)} {country}"


def proof(box: Mailbox, identity: str) -> Proof:
    """`domain` if the mailbox lies at the organisation's own domain. It proves a mailbox there, not authority."""
    scheme, _, domain = identity.partition(":")
    own = scheme == "domain" and own_domain(box.domain) == domain and not has_open_mail(box.domain)
    return "domain" if own else "none"

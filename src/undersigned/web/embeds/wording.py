"""What embeds say: a sentence a key, translated when it is served.

They travel without their keys, which would be a quarter of the bytes, so their order is a contract with frozen releases:
new ones come last, and none is removed or given another meaning.
"""

import re
from collections.abc import Iterable
from typing import Any

from undersigned.signing.submissions import DETAILS
from undersigned.words import languages
from undersigned.words.languages import noop

# What can be wrong with a field of the form; the rest is `error`.
FIELD_CODES = ("required", "too_long", "name_characters", "name_link", "email_invalid", "website_invalid")
SENTENCES = {
    "read": noop("Read the whole text"),
    "who": noop("Who endorses?"),
    "individual": noop("I do, as a person"),
    "organisation": noop("My organisation does"),
    "name": noop("Your name"),
    "name_hint": noop("Shown to nobody in public unless you choose so later."),
    "email": noop("Your e-mail address"),
    "email_hint": noop("We write to it to ask you to confirm. It is never shown."),
    "meant": noop("Did you mean {address}?"),
    "country": noop("Where you live"),
    "country_hint": noop("Only ever published as a total, and never one below ten."),
    "rather_not": noop("Rather not say"),
    "organisation_name": noop("Name of the organisation"),
    "organisation_country": noop("Country of the organisation"),
    "website": noop("Website"),
    "role": noop("Your role there"),
    "optional": noop("optional"),
    "objectives": noop("You endorse the whole declaration. Optionally: where would you help?"),
    "translated": noop("Translation for information; you endorse the original text ({language})."),
    "only_original": noop("This text exists only in the original ({language})."),
    "contributions": noop("What could the organisation offer?"),
    "experience": noop("Experience"),
    "resources": noop("Resources"),
    "knowledge": noop("Knowledge"),
    "next": noop("Nothing counts until you confirm from your own mailbox. What is not confirmed is deleted."),
    "privacy": noop("Please be 16 or older. %(controller)s answers for your data."),
    "privacy_link": noop("What is kept, why, and for how long"),
    "send": noop("Send me the confirmation mail"),
    "sending": noop("Sending …"),
    "failed": noop("That didn’t arrive. Nothing is lost: please try again."),
    "too_many_requests": noop("Too many at this moment. Please try again in some minutes."),
    "statement_upcoming": noop("This statement can’t be endorsed yet."),
    "statement_closed": noop("This statement is closed"),
    "elsewhere": noop("Endorse this statement"),
    "sent": noop("Check your mailbox"),
    "sent_to": noop(
        "We are sending a mail to {address}. If too many mails went to this mailbox today, it comes tomorrow at the earliest. "
        "Open the link in it to confirm. Until you do, nothing counts."
    ),
    "nothing": noop("Nothing there?"),
    "nothing_spam": noop("Look in the spam folder too."),
    "nothing_wrong": noop("If the address is wrong, correct it. Nobody is counted twice."),
    "again": noop("Try again"),
    "first": noop("Be among the first"),
    "more": noop("Show more"),
    "error": noop("Please correct this."),
    **{f"error_{code}": DETAILS[code] for code in FIELD_CODES},
}
NOTE = noop("A native speaker has not reviewed this translation yet.")


# Some sentences are those of pages; in JavaScript all have their places in braces.
PLACE = re.compile(r"%\((\w+)\)s")


def words(language: str, originals: Iterable[str] = ()) -> dict[str, Any]:
    """Its code, its direction, what it calls the languages of the originals, a note unless somebody vouches for it, and all
    sentences in it by key.
    """
    with languages.speaking(language):
        spoken = languages.current()
        return {
            "language": spoken,
            "direction": languages.direction(spoken),
            "languages": {other: languages.called(other) for other in originals},
            "note": None if languages.reviewer(spoken) else languages.gettext(NOTE),
            "sentences": {key: PLACE.sub(r"{\1}", languages.gettext(said)) for key, said in SENTENCES.items()},
        }

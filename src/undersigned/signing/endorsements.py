"""Confirming and withdrawing: the mailbox owner's click makes a fact of a claim, and their undo erases it."""

import datetime as dt
import uuid
from typing import Any, Literal
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.endorsements import Confirmed
from undersigned.errors import EndorsementRejected, FieldError, InvalidFields, LinkExpired, StatementSealed
from undersigned.identity.tokens import ConfirmLink, OwnerLink
from undersigned.signing import submissions

Outcome = Literal["counted", "held", "already_confirmed"]


class Confirmation(msgspec.Struct, frozen=True):
    """What became of a claim; `link` leads its owner to the endorsement that this call made, if it made one."""

    outcome: Outcome
    link: OwnerLink | None


async def confirm(
    db: Database,
    link: ConfirmLink,
    *,
    consent: bool,
    name: str | None,
    show_name: bool,
    updates: bool,
    translation_sha256: str | None = None,
) -> Confirmation:
    """Counts the claim behind a link once, or holds it for a look; a repeated call reads like the first.

    `name` corrects the submitted one; `translation_sha256` is of the consent text's translation, if one was shown.
    Raises InvalidFields, LinkExpired or EndorsementRejected.
    """
    if not consent:
        raise InvalidFields(
            [FieldError("/consent", "consent_required", "Without your consent nothing can be counted.")]
        )
    given = {"endorse": consented(translation_sha256)}
    if updates:
        given["updates"] = consented()
    shown = "queued" if show_name else "hidden"
    became = await _run(
        db, link.endorsement_id, link.submission_id, submissions.corrected_name(name), shown, given, None
    )
    db.stations.note("confirmation", became.outcome)
    made = OwnerLink(link.endorsement_id, became.bound) if became.bound else None
    return Confirmation(_outcome(became), made)


def consented(translation_sha256: str | None = None) -> dict[str, str]:
    """A consent of this moment, with the hash of the translation of its text, if one was shown."""
    given = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    return given | ({"translation_sha256": translation_sha256} if translation_sha256 else {})


async def release(db: Database, endorsement_id: UUID, submission_id: UUID, actor: str) -> Outcome:
    """Counts a held claim, with the name and consent its owner gave, and leaves an admin's trace of it.

    Raises LinkExpired if it is gone, or EndorsementRejected.
    """
    return _outcome(await _run(db, endorsement_id, submission_id, None, None, None, actor))


async def withdraw(db: Database, link: OwnerLink) -> bool:
    """Erases an endorsement and all that is held on its endorser; returns False if it was gone already."""
    outcome = await db.batched(db.q.endorsements.withdraw, link.endorsement_id, link.bound)
    return outcome == "withdrawn"


async def find_by_entry(db: Database, slug: str, log_index: int) -> UUID | None:
    """The endorsement that an entry of the log counts, or None."""
    return await db.maybe(db.q.endorsements.find_by_entry, slug, log_index)


async def reject(db: Database, endorsement_id: UUID, reason: str, told: str, actor: str) -> bool:
    """Takes back a counted endorsement for `duplicate`, `fraud` or `error`, mails its owner `told`, and leaves a trace of it.

    Returns False if no counted endorsement has this id. Raises StatementSealed once the log can't say so any more.
    """
    outcome = await db.batched(db.q.endorsements.reject, endorsement_id, reason, uuid.uuid4(), told, actor)
    if outcome == "sealed":
        raise StatementSealed
    return outcome == "rejected"


async def _run(db: Database, *arguments: Any) -> Confirmed:
    """Runs `confirm`, once more if it heard `expired`: it may have waited for a twin that it couldn't see yet."""
    became = await db.batched(db.q.endorsements.confirm, *arguments, uuid.uuid4())
    if became.outcome == "expired":
        became = await db.batched(db.q.endorsements.confirm, *arguments, uuid.uuid4())
    return became


def _outcome(became: Confirmed) -> Outcome:
    if became.outcome == "expired":
        raise LinkExpired
    if became.outcome == "rejected":
        raise EndorsementRejected
    return became.outcome

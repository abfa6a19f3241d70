"""Confirming and withdrawing: the mailbox owner's click makes a fact of a claim, and their undo erases it."""

import datetime as dt
import uuid
from typing import Any, Literal
from uuid import UUID

import msgspec

from undersigned.database.connection import Database, Record
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
    row = await _run(db, link.endorsement_id, link.submission_id, submissions.corrected_name(name), shown, given, False)
    db.stations.note("confirmation", row["outcome"])
    made = OwnerLink(link.endorsement_id, row["bound"]) if row["bound"] else None
    return Confirmation(_outcome(row), made)


def consented(translation_sha256: str | None = None) -> dict[str, str]:
    """A consent of this moment, with the hash of the translation of its text, if one was shown."""
    given = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    return given | ({"translation_sha256": translation_sha256} if translation_sha256 else {})


async def release(db: Database, endorsement_id: UUID, submission_id: UUID) -> Outcome:
    """Counts a held claim, with the name and consent its owner gave. Raises LinkExpired if it is gone."""
    return _outcome(await _run(db, endorsement_id, submission_id, None, None, None, True))


async def withdraw(db: Database, link: OwnerLink) -> bool:
    """Erases an endorsement and all that is held on its endorser; returns False if it was gone already."""
    row = await db.batched(db.q.endorsements.withdraw, link.endorsement_id, link.bound)
    return bool(row["outcome"] == "withdrawn")


async def find_by_entry(db: Database, slug: str, log_index: int) -> UUID | None:
    """The endorsement that an entry of the log counts, or None."""
    found: UUID | None = await db.pool.fetchval(db.q.endorsements.find_by_entry, slug, log_index)
    return found


async def reject(db: Database, endorsement_id: UUID, reason: str, told: str) -> bool:
    """Takes back a counted endorsement for `duplicate`, `fraud` or `error`, and mails its owner `told`.

    Returns False if no counted endorsement has this id. Raises StatementSealed once the log can't say so any more.
    """
    row = await db.batched(db.q.endorsements.reject, endorsement_id, reason, uuid.uuid4(), told)
    if row["outcome"] == "sealed":
        raise StatementSealed
    return bool(row["outcome"] == "rejected")


async def _run(db: Database, *arguments: Any) -> Record:
    """Runs `confirm`, once more if it heard `expired`: it may have waited for a twin that it couldn't see yet."""
    row = await db.batched(db.q.endorsements.confirm, *arguments, uuid.uuid4())
    return row if row["outcome"] != "expired" else await db.batched(db.q.endorsements.confirm, *arguments, uuid.uuid4())


def _outcome(row: Record) -> Outcome:
    outcome = row["outcome"]
    if outcome == "expired":
        raise LinkExpired
    if outcome == "rejected":
        raise EndorsementRejected
    return outcome  # type: ignore[no-any-return]

"""Owners: what endorsers see of themselves, change, take with them and take back, behind a link in their own mailbox."""

import asyncio
import uuid
from typing import Any
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.owners import HeldEndorsement
from undersigned.identity import keys
from undersigned.identity.tokens import OwnerLink
from undersigned.log import merkle, reading, receipts, witnessing
from undersigned.log.receipts import Opening, Receipt
from undersigned.signing import submissions
from undersigned.signing.bodies import Managing
from undersigned.statements.published import Statement

ENTRY_LOOKS_S = (0.1, 0.1, 0.15, 0.15, 0.25, 0.25, 0.5, 0.5, 1.0)


async def request_link(
    db: Database, pepper: str, statement: Statement, asked: Managing, network_key: UUID | None
) -> None:
    """Mails a link to manage an endorsement, or the word that nothing is held; looks nothing up.

    Raises InvalidFields.
    """
    box, kind, who = submissions.whose(asked)
    await db.batched(
        db.q.owners.request_link,
        keys.endorsement_id(pepper, statement.slug, kind, who),
        uuid.uuid4(),
        statement.slug,
        keys.mailbox_id(pepper, box),
        box.address,
        asked.locale,
        network_key,
    )


async def read(db: Database, link: OwnerLink) -> HeldEndorsement | None:
    """All that is held on an endorsement, or None if it is gone."""
    return await db.maybe(db.q.owners.read, link.endorsement_id, link.bound)


def as_document(held: HeldEndorsement) -> dict[str, Any]:
    """All that is held, to be downloaded (GDPR Art. 15 and 20). Identity and salt open the owner's entry in the public log."""
    return msgspec.structs.asdict(held) | {"salt": held.salt.hex()}


async def change(
    db: Database, link: OwnerLink, *, name: str | None = None, show_name: bool | None = None, stop_updates: bool = False
) -> bool:
    """Corrects the name, asks to show it or hides it, or stops updates. Returns False if the endorsement is gone.

    Raises InvalidFields.
    """
    outcome = await db.batched(
        db.q.owners.change,
        link.endorsement_id,
        link.bound,
        submissions.corrected_name(name),
        show_name,
        stop_updates,
    )
    return outcome == "changed"


async def leave(db: Database, link: OwnerLink) -> bool:
    """Erases an organisation's representative; the organisation stays counted. Returns False if there was nobody to erase."""
    outcome = await db.batched(db.q.owners.leave, link.endorsement_id, link.bound)
    return outcome == "left"


async def wait_for_entry(db: Database, endorsement_id: UUID) -> int | None:
    """The index of the released entry that counts an endorsement; None if that takes longer than three seconds.

    Raises DatabaseAway.
    """
    for pause_s in ENTRY_LOOKS_S:
        await asyncio.sleep(pause_s)
        index = await db.maybe(db.q.owners.entry, endorsement_id)
        if index is not None:
            return index
    return None


async def receipt(db: Database, link: OwnerLink, statement: Statement) -> str | None:
    """The receipt of an endorsement, as a C2SP tlog-proof, to the newest head that witnesses cosigned if that holds its entry.

    None if it is gone or its entry isn't released yet.
    """
    held, log = await read(db, link), await reading.released(db, statement.slug)
    if held is None or log is None or held.log_index is None or held.log_index >= log.size:
        return None
    log = await witnessing.provable(db, log, held.log_index)
    opening = Opening(log.origin, statement.sha256, held.kind, held.identity, held.salt)
    try:
        proof = await reading.inclusion_proof(db, log, held.log_index)
    except merkle.ProofInvalid:
        return None
    return receipts.build(Receipt(opening, held.log_index, proof, log.checkpoint))

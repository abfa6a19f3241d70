"""Admission: whether a submission is let in at this moment, and what it has to show for it: nothing, work, or a turn."""

from uuid import UUID

from undersigned.database.connection import Database
from undersigned.signing.limits import Limits
from undersigned.signing.turns import Turns
from undersigned.signing.work import Work


async def admit(
    db: Database,
    limits: Limits,
    gate: Work | Turns,
    slug: str,
    network_key: UUID | None,
    given: str | None,
    *,
    always: bool = False,
) -> None:
    """Lets a submission in and counts it. In a burst, and `always` where that is said, it needs what the gate asks for; each such
    pass lets one in.

    Raises TooManyRequests, NoRoom, ProofNeeded or TurnNeeded, as the gate asks, or DatabaseAway.
    """
    limits.must_have_left(network_key)
    level = max(limits.level(network_key), int(always))
    if not level:
        limits.count(network_key)
        return
    now_s = limits.now_s()
    shown = gate.read(slug, network_key, given, now_s) if given else None
    if shown is not None:
        limits.count(network_key)
        if await db.batched(db.q.limits.redeem, shown.id, shown.expires_at):
            return
    db.stations.note("submission", "asked")
    raise gate.asked(slug, network_key, level, now_s)

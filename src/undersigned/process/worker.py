"""The worker: mail, sequencer and housekeeping, each in a loop of its own. Any number may run; killing one loses nothing."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable

from undersigned.database import batching
from undersigned.database.connection import Database, connect
from undersigned.identity.tokens import Signer
from undersigned.log import check, generations, sequencer
from undersigned.log.heads import Sealer
from undersigned.mail import outbox
from undersigned.mail.messages import About
from undersigned.mail.outbox import Outbox
from undersigned.process import installation, retention
from undersigned.readers import partners
from undersigned.settings import Settings
from undersigned.signing import submissions
from undersigned.statements.published import Statements
from undersigned.tallies import breakdowns

log = logging.getLogger(__name__)

MAIL_EVERY_S = 0.5
SEQUENCE_EVERY_S = 0.15
CATCH_UP_EVERY_S = 0.5
HOUSEKEEPING_EVERY_S = 2.0
PURGE_EVERY_S = 600.0
RECOUNT_EVERY = dt.timedelta(days=1)
RECOUNT_LOOK_S = 300.0
PAUSE_AFTER_ERROR_S = 2.0
STATEMENTS_KEPT_S = 60.0


async def work(settings: Settings) -> None:
    """Runs until it is cancelled."""
    async with connect(settings.database_url) as db:
        await installation.establish(db, settings.pepper)
        box, sealer = make_outbox(db, settings), make_sealer(settings)
        await asyncio.gather(
            _repeat("mail", MAIL_EVERY_S, lambda: outbox.run_once(box)),
            _repeat("sequencer", SEQUENCE_EVERY_S, lambda: sequencer.run_once(db, sealer)),
            _repeat("generations", CATCH_UP_EVERY_S, lambda: generations.catch_up(db)),
            _repeat("housekeeping", HOUSEKEEPING_EVERY_S, lambda: keep_house(db)),
            _repeat("recount", RECOUNT_LOOK_S, lambda: recount(db)),
            _repeat("purge", PURGE_EVERY_S, lambda: retention.purge(db)),
        )


def make_outbox(db: Database, settings: Settings) -> Outbox:
    """An outbox that knows the published statements as of a minute ago at most."""
    known, loaded_at = Statements(), -STATEMENTS_KEPT_S

    async def about(slug: str) -> About:
        nonlocal loaded_at
        if time.monotonic() - loaded_at > STATEMENTS_KEPT_S:
            await known.load(db)
            loaded_at = time.monotonic()
        statement = known.get(slug)
        return About(statement.slug, statement.title, statement.controller.privacy_contact)

    return Outbox(db, settings, Signer(settings.signing_keys), about, submissions.TTL, submissions.GRACE)


def make_sealer(settings: Settings) -> Sealer:
    return Sealer(settings.log_seed, settings.data_path / "log")


async def keep_house(db: Database) -> int:
    """Counts what is held, publishes ripe breakdowns and partners' counts, and notes which texts can't change any more."""
    await db.execute(db.q.tallies.count_held)
    await db.execute(db.q.statements.mark_used, None)
    await breakdowns.publish_breakdowns(db)
    await partners.publish_tallies(db)
    return 0


async def recount(db: Database) -> int:
    """Checks every log daily, and says so when anything disagrees."""
    if disagreeing := await check.check_due(db, RECOUNT_EVERY):
        log.error("%d logs disagree with their counts: run `undersigned check`.", disagreeing)
    return 0


async def _repeat(name: str, every_s: float, step: Callable[[], Awaitable[int]]) -> None:
    """Runs a step for ever: again at once while it finds work, and after a pause when it fails."""
    while True:
        try:
            busy = await step()
        except Exception as error:
            if batching.is_unreachable(error):
                log.warning("The %s waits for the database (%s).", name, type(error).__name__)
            else:
                log.exception("The %s failed; it goes on.", name)
            await asyncio.sleep(PAUSE_AFTER_ERROR_S)
        else:
            await asyncio.sleep(0 if busy else every_s)

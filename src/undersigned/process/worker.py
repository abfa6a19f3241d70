"""The worker: mail, sequencer and housekeeping, each in a loop of its own. Any number may run; killing one loses nothing."""

import asyncio
import datetime as dt
import logging
import time
from pathlib import Path

from undersigned.database.connection import Database, connect
from undersigned.database.stations import WRITE_DOWN_EVERY_S
from undersigned.identity.tokens import Signer
from undersigned.log import check, generations, policies, sequencer, witnessing
from undersigned.log.heads import Sealer
from undersigned.log.policies import Policy, PolicyInvalid
from undersigned.mail import outbox
from undersigned.mail.delivery import Outbox
from undersigned.mail.messages import About
from undersigned.process import installation, retention, vacuuming
from undersigned.process.repeating import repeat
from undersigned.readers import partners
from undersigned.settings import PREFIX, Settings, SettingsError
from undersigned.signing import submissions
from undersigned.statements.published import Statements
from undersigned.tallies import breakdowns

log = logging.getLogger(__name__)

MAIL_EVERY_S = 0.5
SEQUENCE_EVERY_S = 0.15
CATCH_UP_EVERY_S = 0.5
HOUSEKEEPING_EVERY_S = 2.0
PURGE_EVERY_S = 600.0
VACUUM_LOOK_S = 600.0
RECOUNT_EVERY = dt.timedelta(days=1)
RECOUNT_LOOK_S = 300.0
STATEMENTS_KEPT_S = 60.0
LOOK_EVERY_S = 10.0
WITNESSES_LOOK_S = 2.0


async def work(settings: Settings) -> None:
    """Runs until it is cancelled."""
    policy = read_policy(settings)
    async with connect(settings.database_url) as db, witnessing.client() as asking:
        await installation.establish(db, settings.pepper)
        box, sealer = make_outbox(db, settings), make_sealer(settings)
        await asyncio.gather(
            repeat(db.stations, "mail", MAIL_EVERY_S, lambda: outbox.run_once(box)),
            repeat(db.stations, "sequencer", SEQUENCE_EVERY_S, lambda: sequencer.run_once(db, sealer)),
            *(
                [repeat(db.stations, "witnesses", WITNESSES_LOOK_S, lambda: witnessing.run_once(db, policy, asking))]
                if policy
                else []
            ),
            repeat(db.stations, "kept", LOOK_EVERY_S, lambda: sequencer.look(db, sealer)),
            repeat(db.stations, "generations", CATCH_UP_EVERY_S, lambda: generations.catch_up(db)),
            repeat(db.stations, "housekeeping", HOUSEKEEPING_EVERY_S, lambda: keep_house(db)),
            repeat(db.stations, "recount", RECOUNT_LOOK_S, lambda: recount(db)),
            repeat(db.stations, "purge", PURGE_EVERY_S, lambda: retention.purge(db)),
            repeat(db.stations, "vacuum", VACUUM_LOOK_S, lambda: vacuum(settings.database_url)),
            repeat(db.stations, "counts", WRITE_DOWN_EVERY_S, lambda: db.stations.write_down(db)),
        )


def make_outbox(db: Database, settings: Settings) -> Outbox:
    """An outbox that knows the published statements as of a minute ago at most, and a newer one as soon as it is asked."""
    known, loaded_at = Statements(), -STATEMENTS_KEPT_S

    async def about(slug: str) -> About:
        nonlocal loaded_at
        is_new = all(statement.slug != slug for statement in known.all())
        if is_new or time.monotonic() - loaded_at > STATEMENTS_KEPT_S:
            await known.load(db)
            loaded_at = time.monotonic()
        statement = known.get(slug)
        return About(statement.slug, statement.title, statement.controller.privacy_contact)

    return Outbox(db, settings, Signer(settings.signing_keys), about, submissions.TTL, submissions.GRACE)


def make_sealer(settings: Settings) -> Sealer:
    shared = Path(settings.log_kept_in).resolve() if settings.log_kept_in else None
    return Sealer(settings.log_seed, settings.data_path / "log", shared)


def read_policy(settings: Settings) -> Policy | None:
    """The witnesses that logs are shown to; None if none are set. Raises SettingsError."""
    if not settings.witness_policy:
        return None
    try:
        return policies.parse(Path(settings.witness_policy).read_bytes())
    except (OSError, PolicyInvalid) as error:
        raise SettingsError(f"{PREFIX}WITNESS_POLICY can't be used: {error}") from None


async def keep_house(db: Database) -> int:
    """Counts what is held, publishes ripe breakdowns and partners' counts, and notes which texts can't change any more."""
    await db.execute(db.q.tallies.count_held)
    await db.execute(db.q.statements.mark_used, None)
    await breakdowns.publish_breakdowns(db)
    await partners.publish_tallies(db)
    return 0


async def vacuum(database_url: str) -> int:
    """Clears what was deleted out of the tables, once an hour at most; returns 0, for nothing else waits."""
    await vacuuming.vacuum(database_url)
    return 0


async def recount(db: Database) -> int:
    """Checks every log daily, and says so when anything disagrees."""
    if disagreeing := await check.check_due(db, RECOUNT_EVERY):
        log.error("%d logs disagree with their counts: run `undersigned check`.", disagreeing)
    return 0

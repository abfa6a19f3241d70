"""Whatever comes at the same time, an endorser is counted once, and the tally says so."""

import asyncio
import datetime as dt
import random
import secrets
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from undersigned.database.connection import Database, connect
from undersigned.errors import LinkExpired
from undersigned.identity import keys, mailboxes
from undersigned.identity.endorsers import Kind
from undersigned.identity.tokens import ConfirmLink, OwnerLink
from undersigned.log import sequencer
from undersigned.log.heads import Sealer
from undersigned.process import retention
from undersigned.settings import Settings
from undersigned.signing import endorsements, submissions
from undersigned.signing.bodies import Checked, OrganisationClaim, Signing
from undersigned.statements.published import Statement, Statements

SEALER = Sealer("only-for-tests-and-long-enough-0123456789", Path("log"))
PEPPER = "only-for-tests-and-long-enough-0123456789"


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def example(db: Database) -> Statement:
    known = Statements()
    await known.load(db)
    return known.get("example")


async def claim(db: Database, email: str, kind: Kind = "individual") -> ConfirmLink:
    """The link of a fresh claim."""
    body = Signing(kind=kind, name="Ada Example", email=email)
    if kind == "organisation":
        body = Signing(
            kind=kind,
            name="Ada Example",
            email=email,
            role="Chair",
            organisation=OrganisationClaim(name="Readers", website="https://readers.org.uk", country="GB"),
        )
    before = {row["id"] for row in await db.pool.fetch("SELECT id FROM submission")}
    statement = await example(db)
    await submissions.submit(db, PEPPER, statement, submissions.check(statement, Checked(body)), body, None)
    row = next(
        row for row in await db.pool.fetch("SELECT endorsement_id, id FROM submission") if row["id"] not in before
    )
    return ConfirmLink(row["endorsement_id"], row["id"])


async def confirm(db: Database, link: ConfirmLink) -> str:
    done = await endorsements.confirm(db, link, consent=True, name=None, show_name=False, updates=False)
    return done.outcome


async def confirm_alone(db: Database, link: ConfirmLink) -> str:
    """Confirms on a connection of its own, as another process would: no batcher in between."""
    outcome = "expired"
    for _ in range(2):  # A twin that waited asks once more, as `endorsements.confirm` does.
        became = await db.one(
            db.q.endorsements.confirm,
            link.endorsement_id,
            link.submission_id,
            None,
            "hidden",
            {"endorse": {"at": "2027-01-01T00:00:00+00:00"}},
            None,
            uuid4(),
        )
        outcome = became.outcome
        if outcome != "expired":
            break
    return outcome


async def facts(db: Database) -> tuple[int, int, int]:
    row = await db.pool.fetchrow(
        "SELECT (SELECT count(*) FROM endorsement), (SELECT count(*) FROM signatory), (SELECT count(*) FROM log_queue)"
    )
    assert row is not None
    return row[0], row[1], row[2]


async def tally(db: Database) -> tuple[int, int]:
    while await sequencer.run_once(db, SEALER):
        pass
    row = await db.pool.fetchrow("SELECT individual_count, organisation_count FROM tally WHERE statement = 'example'")
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize("through", [confirm, confirm_alone])
async def test_64_simultaneous_confirmations_of_one_token_count_once(db: Database, through: object) -> None:
    link = await claim(db, "ada@example.org")
    outcomes = await asyncio.gather(*(through(db, link) for _ in range(64)))  # type: ignore[operator]
    assert sorted(outcomes) == ["already_confirmed"] * 63 + ["counted"]
    assert await facts(db) == (1, 1, 1)
    assert await tally(db) == (1, 0)


async def test_64_aliases_of_one_mailbox_submitted_and_confirmed_at_once_count_once(db: Database) -> None:
    forms = [
        f"{'.'.join('adaexample'[:n])}{'adaexample'[n:]}+{n}@{random.choice(['gmail.com', 'GoogleMail.com'])}"
        for n in range(1, 10)
    ]
    addresses = [forms[n % 9].replace("+", f"+{n}") for n in range(64)]
    statement = await example(db)
    bodies = [Signing(kind="individual", name="Ada", email=address) for address in addresses]
    await asyncio.gather(
        *(
            submissions.submit(db, PEPPER, statement, submissions.check(statement, Checked(body)), body, None)
            for body in bodies
        )
    )
    links = [
        ConfirmLink(row["endorsement_id"], row["id"])
        for row in await db.pool.fetch("SELECT endorsement_id, id FROM submission")
    ]
    assert len(links) == 64
    outcomes = await asyncio.gather(*(confirm_alone(db, link) for link in links))
    assert outcomes.count("counted") == 1
    assert set(outcomes) <= {"counted", "already_confirmed"}
    assert await facts(db) == (1, 1, 1)
    assert await tally(db) == (1, 0)
    assert await db.pool.fetchval("SELECT count(*) FROM submission") == 0


async def test_two_representatives_make_one_endorsement(db: Database) -> None:
    first = await claim(db, "one@readers.org.uk", "organisation")
    second = await claim(db, "two@readers.org.uk", "organisation")
    assert first.endorsement_id == second.endorsement_id
    assert await confirm(db, first) == "held"
    assert await confirm(db, second) == "held"
    assert await confirm(db, first) == "held"
    assert await endorsements.release(db, first.endorsement_id, first.submission_id, "console") == "counted"
    assert await endorsements.release(db, second.endorsement_id, second.submission_id, "console") == "already_confirmed"
    assert await tally(db) == (0, 1)


async def test_a_claim_that_waits_for_a_look_is_not_counted_by_its_own_link(db: Database) -> None:
    link = await claim(db, "one@readers.org.uk", "organisation")
    assert [await confirm(db, link) for _ in range(3)] == ["held"] * 3
    assert await facts(db) == (0, 0, 0)


async def test_an_unconfirmed_claim_can_not_be_released(db: Database) -> None:
    link = await claim(db, "one@readers.org.uk", "organisation")
    with pytest.raises(LinkExpired):
        await endorsements.release(db, link.endorsement_id, link.submission_id, "console")
    assert await facts(db) == (0, 0, 0)


async def test_a_poisoned_item_in_a_batch_fails_alone(db: Database) -> None:
    links = [await claim(db, f"p{n}@example.org") for n in range(8)]
    hostile = ["Ada"] * 8
    hostile[3] = "nul \x00 byte"
    given = {"endorse": {"at": "2027-01-01T00:00:00+00:00"}}
    outcomes = await asyncio.gather(
        *(
            db.batched(
                db.q.endorsements.confirm,
                link.endorsement_id,
                link.submission_id,
                name,
                "hidden",
                given,
                None,
                uuid4(),
            )
            for link, name in zip(links, hostile, strict=True)
        ),
        return_exceptions=True,
    )
    assert isinstance(outcomes[3], asyncpg.PostgresError | asyncpg.InterfaceError)
    assert [done.outcome for done in outcomes if not isinstance(done, BaseException)] == ["counted"] * 7
    assert await tally(db) == (7, 0)


async def test_two_processes_confirming_the_same_keys_in_opposite_orders_do_not_deadlock(
    db: Database, settings: Settings
) -> None:
    links = [await claim(db, f"p{n}@example.org") for n in range(60)]
    async with connect(settings.database_url) as other:
        for _ in range(5):
            outcomes = await asyncio.gather(
                *(confirm(db, link) for link in links), *(confirm(other, link) for link in reversed(links))
            )
            assert set(outcomes) <= {"counted", "already_confirmed"}
    assert await facts(db) == (60, 60, 60)
    assert await db.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    assert await tally(db) == (60, 0)


async def test_a_stale_withdraw_link_does_nothing_to_a_later_endorsement(db: Database) -> None:
    link = await claim(db, "ada@example.org")
    assert await confirm(db, link) == "counted"
    commitment: bytes = await db.pool.fetchval("SELECT bound FROM signatory")
    old = OwnerLink(link.endorsement_id, commitment)
    assert await endorsements.withdraw(db, old)
    with pytest.raises(LinkExpired):
        await confirm(db, link)
    again = await claim(db, "ada@example.org")
    assert await confirm(db, again) == "counted"
    assert not await endorsements.withdraw(db, old)
    assert await tally(db) == (1, 0)


async def test_add_withdraw_and_add_again_before_the_sequencer_looks_make_one(db: Database) -> None:
    for _ in range(2):
        link = await claim(db, "ada@example.org")
        assert await confirm(db, link) == "counted"
        commitment = await db.pool.fetchval("SELECT bound FROM signatory")
        assert await endorsements.withdraw(db, OwnerLink(link.endorsement_id, commitment))
    assert await confirm(db, await claim(db, "ada@example.org")) == "counted"
    assert await db.pool.fetchval("SELECT count(*) FROM log_queue") == 5
    assert await tally(db) == (1, 0)
    ops = [entry.split()[1] for entry in await _entries(db)]
    assert [op for op in ops if op != "sum"] == ["open", "add", "sub", "add", "sub", "add"]


async def test_two_sequencers_at_once_append_every_entry_once(db: Database, settings: Settings) -> None:
    links = [await claim(db, f"p{n}@example.org") for n in range(40)]
    async with connect(settings.database_url) as other:
        rounds = [sequencer.run_once(side, SEALER) for _ in range(10) for side in (db, other)]
        await asyncio.gather(*(confirm(db, link) for link in links), *rounds)
        assert await tally(other) == (40, 0)
    entries = await _entries(db)
    assert sum(" add " in entry for entry in entries) == 40
    indexes = [row["index"] for row in await db.pool.fetch("SELECT index FROM log_entry ORDER BY index")]
    assert indexes == list(range(len(entries)))
    assert entries[-1] == "undersigned/v1 sum 40 0\n"


async def test_everything_keyed_by_a_person_is_gone_after_withdrawing(db: Database) -> None:
    link = await claim(db, "ada.unmistakable@example.org")
    await claim(db, "ada.unmistakable@example.org")
    await confirm(db, link)
    await claim(db, "ada.unmistakable@example.org")
    commitment = await db.pool.fetchval("SELECT bound FROM signatory")
    assert await endorsements.withdraw(db, OwnerLink(link.endorsement_id, commitment))
    await tally(db)
    mailbox_id = keys.mailbox_id(PEPPER, mailboxes.mailbox("ada.unmistakable@example.org"))
    for row in await db.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ):
        for content in await db.pool.fetch(f'SELECT t::text AS line FROM "{row["relname"]}" AS t'):
            for trace in ("unmistakable", str(link.endorsement_id), str(mailbox_id)):
                assert trace not in content["line"], f"{row['relname']} still knows {trace}"


async def test_a_rejected_endorsement_is_taken_back_in_public_and_can_not_be_repeated(db: Database) -> None:
    link = await claim(db, "ada@example.org")
    await confirm(db, link)
    assert await tally(db) == (1, 0)
    assert await endorsements.reject(db, link.endorsement_id, "fraud", "It was not you.", "console")
    assert not await endorsements.reject(db, link.endorsement_id, "fraud", "It was not you.", "console")
    assert await tally(db) == (0, 0)
    assert (await _entries(db))[-2] == "undersigned/v1 sub 2 fraud\n"
    assert await db.pool.fetchval("SELECT count(*) FROM signatory") == 0
    assert await confirm_alone(db, await claim(db, "ada@example.org")) == "rejected"


async def test_claims_are_purged_seven_days_after_they_expired(db: Database) -> None:
    old, fresh = await claim(db, "old@example.org"), await claim(db, "fresh@example.org")
    await db.pool.execute(
        "UPDATE submission SET expires_at = now() - interval '7 days 1 minute' WHERE id = $1", old.submission_id
    )
    await db.pool.execute(
        "UPDATE submission SET expires_at = now() - interval '6 days' WHERE id = $1", fresh.submission_id
    )
    assert await retention.purge(db) == 1
    assert await db.pool.fetchval("SELECT id FROM submission") == fresh.submission_id


async def test_only_members_are_subtracted_and_a_sub_before_its_add_waits(db: Database) -> None:
    endorsement_id, queue = (
        UUID(int=7),
        "INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, reason, objectives, queued_at)",
    )
    now = dt.datetime.now(dt.UTC)
    values = "VALUES ($1, 'example', $2, 'individual', $3, $4, '{}', $5)"
    await db.pool.execute(f"{queue} {values}", endorsement_id, "sub", None, "withdrawn", now - dt.timedelta(hours=1))
    assert await tally(db) == (0, 0)
    await db.pool.execute(f"{queue} {values}", endorsement_id, "add", secrets.token_bytes(32), None, now)
    assert await tally(db) == (0, 0)
    assert [entry.split()[1] for entry in await _entries(db)] == ["open", "sum", "add", "sum", "sub", "sum"]
    assert await db.pool.fetchval("SELECT count(*) FROM log_queue") == 0


async def _entries(db: Database) -> list[str]:
    return [row["entry"] for row in await db.pool.fetch("SELECT entry FROM log_entry ORDER BY index")]

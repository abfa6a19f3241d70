"""Whatever happens in whatever order, the tally is what the model says, what the last `sum` says, and what a replay gives."""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.conftest import SECRET
from tests.slate import Slate
from undersigned.database.connection import connect
from undersigned.errors import ClaimNotFound, EndorsementRejected, LinkExpired, LogNotStarted
from undersigned.identity.tokens import ConfirmLink, OwnerLink
from undersigned.log import check, generations, sequencer
from undersigned.log.heads import Sealer
from undersigned.settings import ROOT
from undersigned.signing import endorsements, review, submissions
from undersigned.signing.bodies import Checked, OrganisationClaim, Signing
from undersigned.statements import publishing
from undersigned.statements.published import Statements

URL = "http://127.0.0.1:8000"
ENDORSERS = st.integers(0, 4)  # 0 to 2 are people, 3 and 4 organisations
PEOPLE = 3


class Signers(RuleBasedStateMachine):
    """A few endorsers do everything they can, an admin decides, and the sequencer comes by now and then, or dies."""

    slate: Slate

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()
        self.directory = tempfile.TemporaryDirectory()
        self.sealer = Sealer(SECRET, Path(self.directory.name))
        self.claims: list[tuple[int, ConfirmLink]] = []
        self.counted: dict[int, OwnerLink] = {}
        self.rejected: set[int] = set()
        self.drained = True
        self.generation = 0
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.db = await self.stack.enter_async_context(connect(self.slate.url, connections_max=2))
        await publishing.publish(self.db, ROOT / "statements" / "example", URL)
        known = Statements()
        await known.load(self.db)
        self.statement = known.get("example")

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.slate.wipe()
        self.directory.cleanup()

    @rule(endorser=ENDORSERS, mailbox=st.integers(0, 1))
    def submit(self, endorser: int, mailbox: int) -> None:
        if endorser < PEOPLE:
            body = Signing(
                kind="individual", name="Ada", email=f"e{endorser}@example.org", country="HU", objectives=["a"]
            )
        else:
            claimed = OrganisationClaim(name="Readers", website=f"https://readers{endorser}.org.uk", country="GB")
            email = f"r{mailbox}@readers{endorser}.org.uk"
            body = Signing(kind="organisation", name="Rosa", email=email, role="Chair", organisation=claimed)

        async def submit() -> ConfirmLink:
            claim = submissions.check(self.statement, Checked(body))
            await submissions.submit(self.db, SECRET, self.statement, claim, body, None)
            row = await self.db.pool.fetchrow(
                "SELECT endorsement_id, id FROM submission ORDER BY submitted_at DESC LIMIT 1"
            )
            assert row is not None
            return ConfirmLink(row["endorsement_id"], row["id"])

        self.claims.append((endorser, self.runner.run(submit())))

    @rule(data=st.data(), twins=st.integers(1, 3))
    def confirm(self, data: st.DataObject, twins: int) -> None:
        if not self.claims:
            return
        endorser, link = data.draw(st.sampled_from(self.claims))
        outcomes = self.runner.run(self._together([self._confirm(link) for _ in range(twins)]))
        self._note(endorser, outcomes)

    @rule(endorser=ENDORSERS, twins=st.integers(1, 3))
    def sign(self, endorser: int, twins: int) -> None:
        """Submits and confirms at once, and has an organisation approved: the way that most go."""
        self.submit(endorser, twins % 2)
        link = self.claims[-1][1]
        self._note(endorser, self.runner.run(self._together([self._confirm(link) for _ in range(twins)])))
        if endorser >= PEOPLE:
            self._approve(endorser, link)

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        endorser, link = data.draw(st.sampled_from(self.claims)) if self.claims else (-1, None)
        if link is not None and endorser >= PEOPLE:
            self._approve(endorser, link)

    def _approve(self, endorser: int, link: ConfirmLink) -> None:
        with contextlib.suppress(ClaimNotFound, LinkExpired, EndorsementRejected):
            outcome = self.runner.run(review.approve(self.db, link.submission_id, "test"))
            assert outcome != "counted" or (endorser not in self.counted and endorser not in self.rejected)
            if outcome == "counted":
                self._note(endorser, [endorsements.Confirmation("counted", None)])

    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        if self.claims:
            _, link = data.draw(st.sampled_from(self.claims))
            with contextlib.suppress(ClaimNotFound):
                self.runner.run(review.reject(self.db, link.submission_id, "test", "No."))

    @rule(endorser=ENDORSERS, twins=st.integers(1, 2))
    def withdraw(self, endorser: int, twins: int) -> None:
        link = self.counted.pop(endorser, None)
        if link:
            done = self.runner.run(self._together([endorsements.withdraw(self.db, link) for _ in range(twins)]))
            assert sorted(done) == [False] * (twins - 1) + [True]
            self.drained = False

    @rule(endorser=ENDORSERS, reason=st.sampled_from(["duplicate", "fraud", "error"]))
    def reject(self, endorser: int, reason: str) -> None:
        link = self.counted.pop(endorser, None)
        if link:
            assert self.runner.run(endorsements.reject(self.db, link.endorsement_id, reason, "Told.", "console"))
            self.rejected.add(endorser)
            self.drained = False

    @rule()
    def sequence(self) -> None:
        while self.runner.run(generations.catch_up(self.db)) or self.runner.run(
            sequencer.run_once(self.db, self.sealer)
        ):
            pass
        self.drained = True

    @rule()
    def die_after_the_commit(self) -> None:
        """The sequencer is stopped between its commit and the file outside the database."""
        obstacle = self.sealer.directory / f"example.{self.generation}.unfinished"
        obstacle.mkdir(exist_ok=True)
        with contextlib.suppress(IsADirectoryError):
            self.runner.run(sequencer.run_once(self.db, self.sealer))
        obstacle.rmdir()
        self.drained = False

    @rule()
    def restart(self) -> None:
        """Opens a new generation of the log; claims, links and the statement in memory stay as they were."""
        with contextlib.suppress(LogNotStarted):
            self.generation = self.runner.run(generations.restart(self.db, self.sealer, "example"))
            self.drained = False

    @invariant()
    def everything_agrees(self) -> None:
        assert self.runner.run(check.check(self.db, "example")) == []
        if self.drained:
            people = sum(endorser < PEOPLE for endorser in self.counted)
            assert self.runner.run(self._numbers()) == [(people, len(self.counted) - people)] * 2

    async def _numbers(self) -> list[tuple[int, int]]:
        tally = await self.db.pool.fetchrow(
            "SELECT individual_count, organisation_count FROM tally WHERE statement = 'example'"
        )
        # Nobody who counts is left, perhaps, where a restart begins: the new generation then has no entry yet.
        last = await self.db.pool.fetchval(
            "SELECT entry FROM log_entry WHERE generation = (SELECT max(generation) FROM log_head) ORDER BY index DESC LIMIT 1"
        )
        assert tally is not None
        summed = last.split()[2:] if last else (0, 0)
        return [(tally[0], tally[1]), (int(summed[0]), int(summed[1]))]

    async def _confirm(self, link: ConfirmLink) -> endorsements.Confirmation | None:
        try:
            return await endorsements.confirm(self.db, link, consent=True, name=None, show_name=False, updates=False)
        except (LinkExpired, EndorsementRejected):
            return None

    async def _together(self, calls: list[Any]) -> list[Any]:
        return list(await asyncio.gather(*calls))

    def _note(self, endorser: int, outcomes: list[endorsements.Confirmation | None]) -> None:
        """Takes over into the model that an endorser was counted, if one of these outcomes says so; never twice."""
        counted = [done for done in outcomes if done and done.outcome == "counted"]
        assert len(counted) <= 1
        if counted:
            assert endorser not in self.counted
            assert endorser not in self.rejected
            self.counted[endorser] = self.runner.run(self._owner(endorser))
            self.drained = False

    async def _owner(self, endorser: int) -> OwnerLink:
        ids = {link.endorsement_id for who, link in self.claims if who == endorser}
        commitment = await self.db.pool.fetchval(
            "SELECT bound FROM signatory WHERE endorsement_id = $1", next(iter(ids))
        )
        return OwnerLink(next(iter(ids)), commitment)


@pytest.mark.parametrize(
    ("histories", "steps"), [(12, 40), pytest.param(100, 60, marks=pytest.mark.long)], ids=["short", "long"]
)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_any_history_keeps_tally_model_sum_and_replay_together(slate: Slate, histories: int, steps: int) -> None:
    Signers.slate = slate
    run_state_machine_as_test(
        Signers,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )

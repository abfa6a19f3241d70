"""Reports: whoever reads a name or an organisation can say what is wrong with it, and nothing is kept about them."""

import re
from argparse import Namespace
from uuid import UUID

import pytest

from tests.api.test_public_names import show
from tests.api.test_succession import dump
from tests.conftest import World
from tests.letters import representative, token_of
from undersigned.console import reports as console
from undersigned.errors import ReportNotFound
from undersigned.identity.tokens import OwnerLink
from undersigned.process import retention
from undersigned.readers import reports
from undersigned.signing import endorsements, review

FORM = "/s/example/report"


async def endorse_for(world: World) -> OwnerLink:
    """An organisation is counted."""
    await world.submit(representative())
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    [claim] = await review.held(world.db)
    await review.approve(world.db, claim.id, "console")
    await world.count()
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory")
    assert row is not None
    return OwnerLink(row["endorsement_id"], row["bound"])


async def link_on(world: World, page: str) -> str:
    """The first "Report this" on a page."""
    [link] = re.findall(r'class="report" rel="nofollow" href="([^"]+)"', (await world.client.get(page)).text)
    return str(link)


async def report(world: World, link: str, **form: str) -> int:
    field, _, value = link.partition("?")[2].partition("=")
    answer = await world.client.post(FORM, data={field: value, "reason": "other"} | form)
    assert "no-store" in answer.headers["cache-control"]
    if answer.status_code == 303:
        assert "Thank you" in (await world.client.get(answer.headers["location"])).text
    return answer.status_code


async def test_an_organisation_is_reported_and_dealt_with(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await endorse_for(world)
    link = await link_on(world, "/s/example/organisations")
    form = await world.client.get(link)
    assert "Readers&#39; Society" in form.text
    assert 'content="noindex"' in form.text
    assert 'form="report" formaction="/s/example/report?lang=hu"' in form.text
    assert await report(world, link, reason="impersonation", note="They don’t\r\nknow of it\0\x1b[2J") == 303
    await console.waiting(world.db, world.settings, Namespace())
    printed = capsys.readouterr().out
    assert "organisation Readers' Society" in printed
    assert "    > They don’t\n    > know of it[2J\n" in printed
    assert "undersigned reject example 2 " in printed
    [waiting] = await reports.waiting(world.db)
    await console.done(world.db, world.settings, Namespace(id=waiting.id))
    assert await reports.waiting(world.db) == []
    with pytest.raises(ReportNotFound):
        await reports.finish(world.db, waiting.id, "console")


async def test_a_name_is_reported_by_a_reference_that_says_nothing_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = await show(world, "Ada Example")
    link = await link_on(world, "/s/example/names")
    assert str(owner.endorsement_id) not in link
    assert await report(world, link, reason="not_them") == 303
    [row] = await world.db.pool.fetch("SELECT endorsement_id, about, reason, note, status FROM report")
    assert tuple(row) == (owner.endorsement_id, "name", "not_them", "", "open")
    await console.waiting(world.db, world.settings, Namespace())
    assert f"undersigned names refuse {owner.endorsement_id}:" in capsys.readouterr().out


async def test_what_needs_a_correction_is_said_and_kept_in_the_form(world: World) -> None:
    await endorse_for(world)
    answer = await world.client.post(FORM, data={"organisation": "2", "reason": "made-up", "note": "a" * 501})
    assert answer.status_code == 422
    assert "Please choose what is wrong." in answer.text
    assert "no more than 500 characters" in answer.text
    assert "a" * 501 in answer.text
    assert await world.db.pool.fetchval("SELECT count(*) FROM report") == 0


@pytest.mark.parametrize(
    "query",
    ["", "?organisation=9", "?organisation=-1", "?organisation=x", "?organisation=" + "9" * 40, "?name=x",
     f"?name={UUID(int=1)}", "?name=&name="],
)  # fmt: skip
async def test_what_is_not_to_be_seen_can_not_be_reported(world: World, query: str) -> None:
    await endorse_for(world)
    assert (await world.client.get(FORM + query)).status_code == 404
    field, _, value = query.removeprefix("?").partition("=")
    assert (await world.client.post(FORM, data={field: value} if field else {})).status_code == 404


async def test_a_hidden_name_can_not_be_reported_any_more(world: World) -> None:
    owner = await show(world, "Ada Example")
    link = await link_on(world, "/s/example/names")
    await world.db.pool.execute("UPDATE signatory SET name_status = 'hidden', name_place = NULL, name_reference = NULL")
    assert await report(world, link) == 404
    assert owner


@pytest.mark.parametrize("ending", ["withdraw", "reject"])
async def test_reports_go_with_what_they_are_about(world: World, ending: str) -> None:
    owner = await show(world, "Ada Example")
    link = await link_on(world, "/s/example/names")
    assert await report(world, link, note="An unmistakable note") == 303
    traces = ["Ada Example", "unmistakable", link.rpartition("name=")[2]]
    dumped = await dump(world)
    assert [trace for trace in traces if trace not in dumped] == []
    if ending == "withdraw":
        traces.append(str(owner.endorsement_id))
        assert await endorsements.withdraw(world.db, owner)
    else:
        assert await endorsements.reject(world.db, owner.endorsement_id, "fraud", "It was not you.", "console")
    await world.send_mail()
    await world.count()
    dumped = await dump(world)
    assert [trace for trace in traces if trace in dumped] == []


async def test_a_few_reports_say_as_much_as_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "OPEN_MAX", 3)
    await endorse_for(world)
    link = await link_on(world, "/s/example/organisations")
    assert [await report(world, link) for _ in range(5)] == [303] * 5
    assert len(await reports.waiting(world.db)) == 3


async def test_a_network_can_report_only_so_often(world: World) -> None:
    await endorse_for(world)
    world.limit(submit_budget_network=2)
    link = await link_on(world, "/s/example/organisations")
    assert [await report(world, link) for _ in range(3)] == [303, 303, 429]


async def test_a_report_is_deleted_a_month_after_it_was_dealt_with(world: World) -> None:
    await endorse_for(world)
    link = await link_on(world, "/s/example/organisations")
    for _ in range(2):
        await report(world, link)
    done, _ = await reports.waiting(world.db)
    await reports.finish(world.db, done.id, "console")
    assert await retention.purge(world.db) == 0
    await world.db.pool.execute(
        "UPDATE report SET reported_at = '2020-01-01', done_at = done_at - interval '30 days 1 minute'"
    )
    assert await retention.purge(world.db) == 1
    [left] = await reports.waiting(world.db)
    assert left.id != done.id

"""What `undersigned serve` does before anything is served, and what it says then."""

from pathlib import Path

from undersigned.database import migrations
from undersigned.database.connection import connect
from undersigned.process import installation
from undersigned.settings import Settings
from undersigned.statements import publishing


async def prepare(given: Settings) -> None:
    """Brings the database up to date and publishes the statements, before anything is served."""
    await migrations.migrate(given.database_url)
    async with connect(given.database_url, connections_max=2) as db:
        await installation.establish(db, given.pepper)
        if given.statements_dir:
            await publishing.publish_all(db, Path(given.statements_dir), given.url)


def banner(given: Settings) -> str:
    """Where everything is, once it is up."""
    page = f"{given.url}/"
    if given.statements_dir:
        slugs = sorted(home.parent.name for home in Path(given.statements_dir).glob("*/statement.toml"))
        page = f"{given.url}/s/{slugs[0]}" if slugs else page
        tally = f"{given.url}/v1/statements/{slugs[0]}/tally" if slugs else ""
    else:
        tally = ""
    lines = ["", "  Undersigned is up.", "", f"  the page        {page}"]
    lines += [f"  the mailbox     {given.url}/mailbox"] if given.has_mailbox_page else []
    lines += [f"  the tally       {tally}"] if tally else []
    lines += [f"  the API         {given.url}/reference", "", "  Ctrl-C stops it.", ""]
    return "\n".join(lines)

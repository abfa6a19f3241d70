"""The only wiring of HTTP: `create_app(settings)` for tests, `create()` for the server."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig

from undersigned import __version__
from undersigned.database.connection import connect
from undersigned.database.stations import WRITE_DOWN_EVERY_S, Stations
from undersigned.database.trouble import DatabaseAway
from undersigned.identity.tokens import Signer
from undersigned.process import diagnostics, installation, lifeline
from undersigned.process.repeating import repeat
from undersigned.process.room import LOOK_EVERY_S, Room
from undersigned.readers.partners import Partners
from undersigned.settings import Settings, load
from undersigned.signing.bodies import Checked, read
from undersigned.signing.limits import EXCHANGE_EVERY_S, Limits
from undersigned.signing.turns import Turns
from undersigned.signing.work import Work
from undersigned.statements import passages
from undersigned.statements.published import Statements
from undersigned.tallies.snapshots import Tallies
from undersigned.web import api, frames, pages
from undersigned.web.exchange import assets, problems
from undersigned.web.exchange.counting import counted
from undersigned.web.exchange.edge import BODY_SIZE_MAX, at_the_edge
from undersigned.web.exchange.requests import Asked
from undersigned.web.exchange.site import HERE, Site, site_of
from undersigned.words import templates

log = logging.getLogger(__name__)

REFRESH_EVERY_S = 0.25
START_LOOK_S = 1.0
# Somebody waits for a page: what the database doesn't say by then is answered from memory, or with when to come back.
ANSWER_TIMEOUT_S = 4


DESCRIPTION = OpenAPIConfig(
    title="Undersigned",
    version=__version__,
    use_handler_docstrings=True,
    description="People and organisations endorse a published statement, prove their mailbox, and are counted once.",
    components=Components(
        security_schemes={
            "key": SecurityScheme(
                type="http",
                scheme="bearer",
                description="Made with `undersigned key create`, or a partner's, with `undersigned partner add`.",
            )
        }
    ),
)


class _CheckedBodies(OpenAPISchemaPlugin):
    """Describes a `Checked[T]` body as T."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return get_origin(value) is Checked

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Any:
        return schema_creator.for_field_definition(field_definition.inner_types[0])


def _is_checked(annotation: Any) -> bool:
    return get_origin(annotation) is Checked


def _read_checked(annotation: Any, data: Any) -> Any:
    return read(get_args(annotation)[0], data)


def create_app(settings: Settings, *, described: bool = False) -> Litestar:
    """The app. Its lifespan opens the database and keeps statements and tallies fresh in memory.

    Only a described one knows its `openapi_schema`: it also has pages about it, which take a third of a second each to answer.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        await _database_there(settings)
        async with connect(settings.database_url, answer_timeout_s=ANSWER_TIMEOUT_S) as db:
            signer, limits = Signer(settings.signing_keys), Limits(settings)
            site = Site(
                settings,
                db,
                signer,
                Statements(),
                Tallies(),
                Partners(),
                limits,
                Work(settings.signing_keys),
                Turns(signer, limits),
                settings.proxy_networks,
                Room(settings),
            )
            await installation.establish(db, settings.pepper)
            await refresh(site)
            await site.room.look(db)
            await limits.exchange(db)
            app.state.site = site
            counts = repeat(db.stations, "counts", WRITE_DOWN_EVERY_S, lambda: db.stations.write_down(db))
            room = repeat(db.stations, "room", LOOK_EVERY_S, lambda: site.room.look(db))
            counting = repeat(db.stations, "limits", EXCHANGE_EVERY_S, lambda: site.limits.exchange(db))
            running = [asyncio.create_task(each) for each in (_keep_fresh(site), counts, room, counting)]
            try:
                yield
            finally:
                for each in running:
                    each.cancel()

    app = Litestar(
        [*api.handlers, *pages.handlers(settings), *frames.handlers, assets.read_static],
        dependencies={"site": Provide(site_of, sync_to_thread=False)},
        exception_handlers={Exception: problems.answer},
        lifespan=[lifespan],
        openapi_config=DESCRIPTION if described else None,
        plugins=[_CheckedBodies()],
        request_class=Asked,
        request_max_body_size=BODY_SIZE_MAX,
        template_config=TemplateConfig(
            directory=HERE / "templates",
            engine=JinjaTemplateEngine,
            engine_callback=lambda engine: _share(engine, settings),
        ),
        type_decoders=[(_is_checked, _read_checked)],
        logging_config=None,
    )
    # Around everything, because Litestar answers 404 and 405 before its own middleware.
    app.asgi_handler = counted(at_the_edge(app.asgi_handler), lambda: _stations(app))
    return app


def create() -> Litestar:
    """What the server calls in each of its workers."""
    diagnostics.configure("web")
    lifeline.die_with_parent()
    return create_app(load())


def _stations(app: Litestar) -> Stations | None:
    site: Site | None = app.state.get("site")
    return site.db.stations if site else None


async def _database_there(settings: Settings) -> None:
    """Waits for a database that is away: a worker that failed to start would have the web server end the others with it."""
    while True:
        try:
            async with connect(settings.database_url, connections_max=1):
                return
        except DatabaseAway as error:
            log.warning("A web worker waits for the database (%s).", error.why)
            await asyncio.sleep(START_LOOK_S)


async def refresh(site: Site) -> None:
    """Takes over what has changed into this worker's memory. Raises DatabaseAway."""
    begun_at_s = time.monotonic()
    published_at = await site.tallies.refresh(site.db)
    if published_at != site.statements.published_at:
        await site.statements.load(site.db)
    if published_at != site.partners.loaded_for:
        await site.partners.load(site.db, published_at)
    site.memory.renewed(begun_at_s)


async def _keep_fresh(site: Site) -> None:
    while True:
        await asyncio.sleep(REFRESH_EVERY_S)
        try:
            await refresh(site)
        except DatabaseAway as error:
            log.warning("The tally in memory grows old: the database can't be used (%s).", error.why)
            site.db.stations.note("loop refresh", "waited")
        except Exception:
            log.exception("The tally in memory can't be refreshed; it goes on.")
            site.db.stations.note("loop refresh", "failed")
        else:
            site.db.stations.note("loop refresh", "done")


def _share(engine: JinjaTemplateEngine, settings: Settings) -> None:
    templates.share(engine.engine, settings.zone)
    engine.engine.globals |= {
        "site": urlsplit(settings.url).hostname,
        "site_url": settings.url,
        "version": __version__,
        "anchored": passages.anchored,
    }

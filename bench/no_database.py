"""What the real handler is held against: the same body, decoded and keyed in the same way, and answered at once."""

import sys
from typing import Any, get_args, get_origin

import granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from litestar import Litestar, post
from litestar.params import FromPath, JSONBody

from undersigned.identity import keys
from undersigned.signing.bodies import Accepted, Checked, Signing, read

PEPPER = "only-for-the-benchmark-0123456789abcdef"


@post("/v1/statements/{slug:str}/endorsements", status_code=202)
async def submit(slug: FromPath[str], data: JSONBody[Checked[Signing]]) -> Accepted:
    keys.endorsement_id(PEPPER, slug, data.value.kind, f"mailbox:{data.value.email}")
    return Accepted()


def create() -> Litestar:
    return Litestar([submit], openapi_config=None, logging_config=None, type_decoders=[(_is_checked, _read_checked)])


def _is_checked(annotation: Any) -> bool:
    return get_origin(annotation) is Checked


def _read_checked(annotation: Any, data: Any) -> Any:
    return read(get_args(annotation)[0], data)


if __name__ == "__main__":
    # As `undersigned.process.supervisor.web` does it.
    granian.Granian(
        "bench.no_database:create",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        workers=int(sys.argv[2]),
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        workers_kill_timeout=1,
    ).serve()

"""What the program says while it runs: one line an event on standard error, and never a person's data."""

import logging
import traceback
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _WithoutValues(logging.Formatter):
    """Shows where an exception came from and of which type it was, but not its message: a database's names the row."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        kind, _, trace = ei
        lines = [f"    {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([*lines, f"    {kind.__name__ if kind else ''}"])


def configure(name: str) -> None:
    """Sends warnings of all, and what this project has to tell, to standard error. `name` is the process's part."""
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutValues(f"%(asctime)s {name} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("undersigned").setLevel(logging.INFO)

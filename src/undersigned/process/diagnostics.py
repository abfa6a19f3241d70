"""What the program says while it runs: one line an event on standard error, and never a person's data."""

import logging
import traceback
from pathlib import Path
from types import TracebackType

from undersigned.database.trouble import why
from undersigned.settings import ROOT

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _WithoutValues(logging.Formatter):
    """Shows where an exception came from and what kind it was, and the same of its causes, but no message: it may quote a row."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        error, lines = ei[1], list[str]()
        while error is not None:
            trace = traceback.extract_tb(error.__traceback__)
            lines += [f"    {frame.filename}:{frame.lineno} {frame.name}" for frame in trace]
            lines.append(f"    {why(error)}{_file_of_ours(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            lines += ["  caused by"] if error else []
        return "\n".join(lines)


def _file_of_ours(error: BaseException) -> str:
    """The file that an error is about, if it came with the program; another's name might say something of somebody."""
    name = error.filename if isinstance(error, OSError) else None
    if isinstance(name, str) and Path(name).is_relative_to(ROOT):
        return f" {name}"
    return ""


def configure(name: str) -> None:
    """Sends warnings of all, and what this project has to tell, to standard error. `name` is the process's part."""
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutValues(f"%(asctime)s {name} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("undersigned").setLevel(logging.INFO)

"""The `undersigned` command: collects what every noun of the console declares, and runs what the arguments ask for."""

import argparse
import sys

from undersigned import __version__, console
from undersigned.console.command import as_long_as_somebody_reads
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import DomainError
from undersigned.process.postgres import EmbeddedError
from undersigned.process.supervisor import ServeError
from undersigned.settings import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit status. What goes wrong is one line on standard error."""
    with as_long_as_somebody_reads():
        options = _understood(sys.argv[1:] if arguments is None else arguments)
        try:
            return int(options.run(options))
        except (SettingsError, EmbeddedError, ServeError) as error:
            print(f"undersigned: {error}", file=sys.stderr)
        except DatabaseAway as error:
            print(
                f"undersigned: the database can't be used ({error.why}). "
                "Check UNDERSIGNED_DATABASE_URL and that the server runs.",
                file=sys.stderr,
            )
        except DomainError as error:
            print(f"undersigned: {error.detail}", file=sys.stderr)
        except KeyboardInterrupt:
            return 130
    return 1


def _understood(arguments: list[str]) -> argparse.Namespace:
    """What the arguments ask for; ends the process with status 2 where they ask for nothing that there is."""
    whole = parser()
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            whole.error(f"{argument!r} is not in UTF-8")
    return whole.parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands, whose options have in `run` what is to be done. Without a command, that is to show its help."""
    whole = argparse.ArgumentParser(
        prog="undersigned", description="Collects and counts endorsements of a statement.", formatter_class=_Listing
    )
    whole.add_argument("--version", action="version", version=__version__)

    def show_help(_: argparse.Namespace) -> int:
        whole.print_help()
        return 0

    whole.set_defaults(run=show_help)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for noun in console.NOUNS:
        noun.declare(commands)
    return whole


class _Listing(argparse.HelpFormatter):
    """Help with a line for each command: argparse forgets that it indents them, and would break after the longest."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 14


if __name__ == "__main__":
    sys.exit(main())

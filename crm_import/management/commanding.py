"""What the commands of the migration have in common: options, progress, refusals as exit codes."""

import json
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from crm_import import progress
from crm_import.planning import Options
from crm_import.refusals import Refused

EXIT_QUARANTINED = 3
EXIT_DATABASE = 9
EXIT_INTERRUPTED = 130

# The version of the document that `--json` prints.
SCHEMA = 1


def add_source(parser: ArgumentParser) -> None:
    """Declare the export, what it does not say itself, and the form of the answer."""
    parser.add_argument("source", help="a folder, a .zip, or postgres://… of a database")
    parser.add_argument(
        *("--dates",),
        type=_order,
        action="append",
        metavar="COLUMN=dmy|mdy",
        help="the order of day and month in a column of a spreadsheet",
    )
    parser.add_argument(
        "--accept-row-limit",
        action="store_true",
        help="a sheet of exactly 100,000 rows is whole",
    )
    parser.add_argument(
        *("--json",),
        action="store_true",
        dest="as_json",
        help="one JSON document on standard output, progress as JSON lines on standard error",
    )


def add_options(parser: ArgumentParser) -> None:
    """Declare what an operator can say about an import."""
    add_source(parser)
    parser.add_argument(
        *("--accept-deletes",),
        type=int,
        default=0,
        metavar="N",
        help="so many deleted rows of a table are right",
    )
    parser.add_argument(
        "--accept-columns",
        action="store_true",
        help="the export has other columns than the one before, and that is right",
    )
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        *("--delta",),
        action="store_true",
        dest="is_delta",
        help="it holds only what changed: nothing follows from what is missing",
    )
    scope.add_argument(
        *("--complete",),
        action="store_true",
        dest="is_complete",
        help="it holds everything: what is missing was deleted in the CRM",
    )


def options_of(given: Mapping[str, Any]) -> Options:
    """The options as they were given."""
    return Options(
        dates=dict(given["dates"] or ()),
        **{
            name: given[name]
            for name in (
                *("accept_row_limit", "is_delta", "is_complete"),
                *("accept_deletes", "accept_columns"),
            )
        },
    )


def teller(command: BaseCommand, *, as_json: bool, verbosity: int) -> progress.Tell:
    """How the command tells its progress: to a program, a terminal, a log, or to nobody."""
    if as_json:
        return progress.as_json(command.stderr)
    if command.stderr.isatty() and verbosity:
        return progress.on_terminal(command.stderr)
    return progress.in_lines(command.stderr) if verbosity > 1 else progress.silent


@contextmanager
def refusals_told(command: BaseCommand, *, as_json: bool) -> Iterator[None]:
    """End with the exit code that fits. Nothing was written then."""
    try:
        yield
    except Refused as error:
        raise _ended(command, error.exit_code, str(error), as_json=as_json) from error
    except DatabaseError as error:
        # Its own text holds values of rows: names and addresses of people.
        text = _objection(error)
        raise _ended(command, EXIT_DATABASE, text, as_json=as_json) from None
    except KeyboardInterrupt:
        text = "Interrupted: nothing was written. Start again when you like."
        raise _ended(command, EXIT_INTERRUPTED, text, as_json=as_json) from None


def _ended(command: BaseCommand, code: int, text: str, *, as_json: bool) -> CommandError:
    if as_json:
        document = {"schema": SCHEMA, "exit_code": code, "error": text}
        command.stdout.write(json.dumps(document))
    return CommandError(text, returncode=code)


def _objection(error: DatabaseError) -> str:
    """What the database objected to: codes and names of ours, no value of any row."""
    diag = error.__cause__.diag if isinstance(error.__cause__, psycopg.Error) else None
    said = {
        "SQLSTATE": diag and diag.sqlstate,
        "table": diag and diag.table_name,
        "constraint": diag and diag.constraint_name,
    }
    details = ", ".join(f"{name} {value}" for name, value in said.items() if value)
    return (
        f"The database stopped it ({details or 'no connection'}). Nothing was written. "
        "Start again; when it stops there again, report this line."
    )


class Interrupts:
    """Ctrl-C counts until everything is about to be committed: `too_late` ends that.

    Otherwise an import that was committed would be told as one that wrote nothing.
    """

    def __enter__(self) -> "Interrupts":
        self._here = threading.current_thread() is threading.main_thread()
        self._before = signal.getsignal(signal.SIGINT) if self._here else None
        return self

    def too_late(self) -> None:
        if self._here:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_error: object) -> None:
        if self._here:
            signal.signal(signal.SIGINT, self._before)


def _order(text: str) -> tuple[str, str]:
    column, _equals, order = text.partition("=")
    if not column or order not in ("dmy", "mdy"):
        message = f"{text} is no COLUMN=dmy or COLUMN=mdy"
        raise ArgumentTypeError(message)
    return column.strip().lower(), order

"""What the commands of the migration share on their command lines."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from typing import Any

from crm_import.sources import Choices


def add_source(parser: ArgumentParser) -> None:
    """Declare the export, and what an operator decides about one that does not say it itself."""
    parser.add_argument("source", help="a folder, a .zip, or postgres://… of a database")
    parser.add_argument(
        *("--dates",),
        type=_order,
        action="append",
        default=[],
        metavar="COLUMN=dmy|mdy",
        help="the order of day and month in a column of a spreadsheet",
    )
    parser.add_argument(
        "--accept-row-limit",
        action="store_true",
        help="a sheet of exactly 100,000 rows is whole",
    )


def choices(options: Mapping[str, Any]) -> Choices:
    """What `add_source` was told beside the export."""
    return Choices(dict(options["dates"]), options["accept_row_limit"])


def _order(text: str) -> tuple[str, str]:
    column, _equals, order = text.partition("=")
    if not column or order not in ("dmy", "mdy"):
        message = f"{text} is no COLUMN=dmy or COLUMN=mdy"
        raise ArgumentTypeError(message)
    return column.strip().lower(), order

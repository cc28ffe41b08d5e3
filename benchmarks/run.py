"""`make bench`: the numbers of docs/performance.md, each against a baseline in the same run."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.setup import ROOT, prepare

SMALL_PATIENTS = 10_000
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
# In the order in which they run; those before `admin` need no large database.
NAMES = ("import", "race", "slots", "options", "history", "search", "admin", "rest")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {','.join(NAMES)}")
    parser.add_argument("--large", type=int, default=1_000_000, metavar="N", help="patients")
    parser.add_argument("--contacts", type=int, default=100_000, help="rows of the export")
    parser.add_argument("--reuse", action="store_true", help="keep and reuse the databases")
    parser.add_argument("--write", action="store_true", help="put the table into docs")
    options = parser.parse_args()
    options.only = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = set(options.only) - set(NAMES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    return options


def main() -> int:
    """Run what was asked for and print the table; 1 when something does not hold."""
    options = arguments()
    prepare()
    from benchmarks import (
        choosing,
        databases,
        importing,
        offering,
        pages,
        racing,
        recording,
        rest,
        searching,
    )
    from benchmarks.measure import Line

    benches: dict[str, Callable[[], list[Line]]] = {
        "import": lambda: importing.run(contacts=options.contacts),
        "race": racing.run,
        "slots": offering.run,
        "options": choosing.run,
        "history": recording.run,
        "search": searching.run,
        "admin": pages.run,
        "rest": rest.run,
    }
    lines: list[Line] = []
    made: list[str] = []
    started = time.monotonic()
    load = os.getloadavg()[0]
    try:
        print("Databases:", flush=True)
        if set(options.only) - {"import"}:
            made.append(databases.SMALL)
            databases.have(databases.SMALL, patients=SMALL_PATIENTS, reuse=options.reuse)
        if set(options.only) & {"search", "admin", "rest"}:
            made.append(databases.LARGE)
            databases.have(databases.LARGE, patients=options.large, reuse=options.reuse)
        for name in NAMES:
            if name in options.only:
                print(f"{name} ...", flush=True)
                new = benches[name]()
                lines += new
                for line in new:
                    print(f"  {line.what}: {line.measured} {line.ratio_shown} {line.verdict}")
    finally:
        if not options.reuse:
            for name in made:
                databases.drop(name)
    table = markdown(lines)
    about = (
        f"{machine()}; load {load:.1f} before; {options.large:,} patients; "
        f"{time.monotonic() - started:.0f} s in all"
    )
    print(f"\n{about}\n\n{table}")
    if options.write:
        write(f"{about}.\n\n{table}")
    return int(any(line.held is False for line in lines))


def machine() -> str:
    """What was measured on."""
    model = ""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        for row in file:
            if row.startswith("model name"):
                model = row.split(":", 1)[1].strip()
                break
    from django import get_version
    from django.db import connection

    connection.ensure_connection()
    version = connection.pg_version
    return (
        f"{time.strftime('%Y-%m-%d')}; {os.cpu_count()} cores ({model or platform.machine()}); "
        f"PostgreSQL {version // 10000}.{version % 10000}, Django {get_version()}, "
        f"Python {platform.python_version()}"
    )


def markdown(lines: list) -> str:
    """The lines as a table."""
    rows = [
        "| what | measured | baseline in the same run | ratio | hold | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {each.what} | {each.measured} | {each.baseline} | {each.ratio_shown} | {each.hold} "
        f"| {each.verdict} |"
        for each in lines
    ]
    return "\n".join(rows)


def write(text: str) -> None:
    """Replace what stands between the markers of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

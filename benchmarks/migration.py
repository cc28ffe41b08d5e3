"""`make bench-migration`: what the migration costs, in ratios to a raw COPY of the same files.

Every measurement is a process of its own on a database of its own, so that memory and CPU are its
own. CPU is that of the client and of every process of the server, background ones too.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from benchmarks.setup import prepare

    prepare()

from django.core.management import get_commands

from benchmarks import databases, exports
from benchmarks.importing import measured
from benchmarks.measure import Line

ROWS = 1_000_000
SMALL = 10_000
COMPARED = 20_000  # rows of the ways that are too slow for more
# Beyond the client's memory at ten thousand rows.
MOST_MB = 15

Took = dict[str, float]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-migration", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help="rows of Contact")
    return parser.parse_args()


def main() -> int:
    """Measure and print the table; 1 when something does not hold."""
    from benchmarks.run import machine, markdown

    options = arguments()
    load, started = os.getloadavg()[0], time.monotonic()
    lines = list(lines_of(options.rows))
    print(f"\n{machine()}; load {load:.1f} before; {time.monotonic() - started:.0f} s in all\n")
    print(markdown(lines))
    return int(any(line.held is False for line in lines))


def lines_of(rows: int) -> Iterator[Line]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as parent:
        paths = {name: Path(parent) / name for name in ("first", "again", "later", "little", "few")}
        counts = exports.first(paths["first"], contacts=rows)
        exports.first(paths["little"], contacts=min(SMALL, rows))
        exports.first(paths["few"], contacts=min(COMPARED, rows))
        exports.shuffled(paths["first"], paths["again"])
        exports.day_later(paths["first"], paths["later"])
        print(", ".join(f"{number:,} {table}" for table, number in counts.items()), flush=True)
        databases.make(databases.EMPTY)
        try:
            yield from _migration(paths, counts)
            yield from _other_ways(paths["few"], min(COMPARED, rows))
        finally:
            databases.drop(databases.EMPTY)


def _migration(paths: dict[str, Path], counts: dict[str, int]) -> Iterator[Line]:
    with databases.scratch():
        raw = measured("copy", paths["first"])
    with databases.scratch():
        little = measured("import", paths["little"])
    known = get_commands()
    with databases.scratch():
        load = measured("import", paths["first"])
        verify = measured("verify", paths["first"]) if "crm_verify" in known else None
        same = measured("import", paths["first"])
        again = measured("import", paths["again"])
        later = measured("import", paths["later"])
    rows = ", ".join(f"{number:,} {table}" for table, number in counts.items() if number > 1000)
    against = _against(raw)
    yield against(f"first load ({rows})", load, 12)
    if verify is not None:
        yield against("first load and `crm_verify`", _sum(load, verify), 14)
    yield against("the very same files again", same, 4)
    yield against("a full re-export in which nothing changed", again, 4)
    yield against("a full re-export in which 1 % changed", later, 5)
    if "crm_rollback" in known:
        with databases.scratch():
            measured("import", paths["first"])
            back = measured("rollback", paths["first"])
        yield Line(
            what="`crm_rollback` of the first load",
            measured=_cost(back),
            baseline=f"the load: {load['cpu']:.1f} CPU-s",
            ratio=back["cpu"] / load["cpu"],
            hold="≤ 1x",
            held=back["cpu"] <= load["cpu"],
        )
    more = load["grown_mb"] - little["grown_mb"]
    yield Line(
        what=f"client memory, {counts['Contact']:,} contacts",
        measured=f"+{load['grown_mb']:.0f} MB",
        baseline=f"{SMALL:,} contacts: +{little['grown_mb']:.0f} MB",
        hold=f"≤ {MOST_MB} MB more",
        held=more <= MOST_MB,
    )


def _other_ways(folder: Path, contacts: int) -> Iterator[Line]:
    """What people write when they have no migration. django-import-export is not installed."""
    with databases.scratch():
        raw = measured("copy", folder)
    with databases.scratch():
        load = measured("import", folder)
    with databases.scratch():
        bulk = measured("bulk_create", folder)
    against = _against(raw)
    size = f"{contacts:,} contacts"
    yield against(f"first load, {size}", load)
    yield against(f"streamed `bulk_create` of people, forms and calls only, {size}", bulk)


def _against(raw: Took) -> Callable[..., Line]:
    def line(what: str, took: Took, most: float | None = None) -> Line:
        ratio = took["cpu"] / raw["cpu"]
        return Line(
            what=what,
            measured=_cost(took),
            baseline=f"COPY into text tables: {raw['cpu']:.2f} CPU-s",
            ratio=ratio,
            hold=f"≤ {most}x" if most else "",
            held=ratio <= most if most else None,
        )

    return line


def _cost(took: Took) -> str:
    return f"{took['cpu']:.1f} CPU-s ({took['client']:.1f} client; {took['wall']:.0f} s)"


def _sum(one: Took, other: Took) -> Took:
    return {key: one[key] + other[key] for key in one}


if __name__ == "__main__":
    sys.exit(main())

"""The migration against the least that can be done with the same files: COPY them as they are.

Each measurement is a process of its own (this file run as a program), so that the memory it
reports is its own.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from benchmarks.setup import prepare

    prepare()

from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from benchmarks import databases
from benchmarks.measure import Line, cost
from crm_import.demo import write_export

QUARANTINED = 3
BLOCK = 1 << 20


def copy_raw(folder: Path) -> None:
    """COPY every file into a new table of text columns and an identity column."""
    with connection.cursor() as cursor:
        for file in sorted(folder.glob("*.csv")):
            with file.open(newline="", encoding="utf-8-sig") as rows:
                columns = next(csv.reader(rows))
            table = sql.Identifier(f"raw_{file.stem.lower()}")
            names = [sql.Identifier(column) for column in columns]
            cursor.execute(
                sql.SQL(
                    "CREATE TABLE {} (row_number bigint GENERATED ALWAYS AS IDENTITY, {})"
                ).format(
                    table, sql.SQL(", ").join(sql.SQL("{} text").format(name) for name in names)
                )
            )
            statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, HEADER true)").format(
                table, sql.SQL(", ").join(names)
            )
            with file.open("rb") as source, cursor.copy(statement) as copy:
                while block := source.read(BLOCK):
                    copy.write(block)


def import_all(folder: Path) -> None:
    """The real command. Some rows of a generated export belong into quarantine."""
    try:
        call_command("crm_import", str(folder), verbosity=0)
    except CommandError as error:
        if error.returncode != QUARANTINED:
            raise
    except SystemExit as stop:
        if stop.code not in (0, QUARANTINED):
            raise


def child(what: str, folder: Path) -> None:
    """Do it once in the scratch database and print the cost and the memory as JSON."""
    databases.switch(databases.SCRATCH)
    connection.ensure_connection()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with cost() as found:
        {"copy": copy_raw, "import": import_all}[what](folder)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stderr.write(
        json.dumps(
            {
                "cpu": found.cpu,
                "client": found.client,
                "wall": found.wall,
                "grown_mb": grown / 1024,
            }
        )
    )


def measured(what: str, folder: Path) -> dict[str, float]:
    """Run `child` in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), what, str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    print(f"  {what}: {result['cpu']:.2f} CPU-s, {result['wall']:.1f} s", flush=True)
    return result


def _export(parent: Path, *, contacts: int) -> tuple[Path, dict[str, int]]:
    """An export with about that many contacts: some write twice, so fewer people are enough."""
    folder = parent / f"crm-{contacts}"
    counts = write_export(folder, people=round(contacts / 1.05))
    return folder, counts


def run(*, contacts: int) -> list[Line]:
    """Three lines: first load, a second run of the same files, and the client's memory."""
    with tempfile.TemporaryDirectory() as parent:
        small, _counts = _export(Path(parent), contacts=contacts // 10)
        folder, counts = _export(Path(parent), contacts=contacts)
        databases.make(databases.EMPTY)
        with databases.scratch():
            raw = measured("copy", folder)
        with databases.scratch():
            little = measured("import", small)
        with databases.scratch():
            first = measured("import", folder)
            again = measured("import", folder)
        databases.drop(databases.EMPTY)
    rows = ", ".join(f"{number:,} {table}" for table, number in counts.items() if number > 1000)
    baseline = f"COPY into text tables: {raw['cpu']:.2f} CPU-s"
    more = first["grown_mb"] - little["grown_mb"]
    return [
        _ratio(f"`crm_import`, first load ({rows})", first, raw, baseline, 12),
        _ratio("`crm_import`, the same files again", again, raw, baseline, 4),
        Line(
            what="`crm_import`, client memory for ten times the rows",
            measured=f"+{more:.0f} MB ({first['grown_mb']:.0f} MB)",
            baseline=f"{contacts // 10:,} contacts: {little['grown_mb']:.0f} MB",
            hold="flat (≤ 25 MB more)",
            held=more <= 25,
        ),
    ]


def _ratio(what: str, took: dict[str, Any], raw: dict[str, Any], baseline: str, most: int) -> Line:
    ratio = took["cpu"] / raw["cpu"]
    return Line(
        what=what,
        measured=f"{took['cpu']:.1f} CPU-s ({took['client']:.1f} client; {took['wall']:.0f} s)",
        baseline=baseline,
        ratio=ratio,
        hold=f"≤ {most}x",
        held=ratio <= most,
    )


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]))

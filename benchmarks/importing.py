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
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from benchmarks.setup import prepare

    prepare()

from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg import sql

from benchmarks import databases
from benchmarks.measure import Line, cost
from bookings.models import Booking
from crm_import.demo import write_export
from crm_import.models import ImportRun
from patients.models import Patient, Submission

QUARANTINED = 3
BLOCK = 1 << 20
BATCH = 1000


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


def verify(_folder: Path) -> None:
    """Count everything a second time, as an operator does after a load."""
    call_command("crm_verify", verbosity=0)


def rollback(_folder: Path) -> None:
    """Take the last run back."""
    run = ImportRun.objects.order_by("-started_at").values_list("pk", flat=True)[0]
    call_command("crm_rollback", str(run), "--apply", verbosity=0)


def bulk_create(folder: Path) -> None:
    """The usual loop over Contact.csv: batches of objects, three tables, nothing recognised."""
    people: list[Patient] = []
    forms: list[Submission] = []
    calls: list[Booking] = []

    def flush() -> None:
        for model, batch in ((Patient, people), (Submission, forms), (Booking, calls)):
            model._default_manager.bulk_create(batch)
            batch.clear()

    with (folder / "Contact.csv").open(newline="", encoding="utf-8") as rows, transaction.atomic():
        for row in csv.DictReader(rows):
            # Addresses are unique: only the import knows what to do with a second one.
            patient = Patient(
                first_name=row["firstname"],
                last_name=row["lastname"] or "?",
                stage=Patient.Stage.LEAD,
            )
            people.append(patient)
            forms.append(
                Submission(
                    patient=patient,
                    source=Submission.Source.LEGACY_CRM,
                    payload=row,
                    match=Submission.Match.NEW,
                )
            )
            if start := _instant(row["booking_date"]):
                calls.append(
                    Booking(
                        patient=patient,
                        starts_at=start,
                        ends_at=start + timedelta(minutes=30),
                        status=Booking.Status.COMPLETED,
                    )
                )
            if len(people) == BATCH:
                flush()
        flush()


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def child(what: str, folder: Path) -> None:
    """Do it once in the scratch database and print the cost and the memory as JSON."""
    databases.switch(databases.SCRATCH)
    connection.ensure_connection()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with cost() as found:
        WAYS[what](folder)
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


WAYS: dict[str, Callable[[Path], None]] = {
    "copy": copy_raw,
    "import": import_all,
    "verify": verify,
    "rollback": rollback,
    "bulk_create": bulk_create,
}


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

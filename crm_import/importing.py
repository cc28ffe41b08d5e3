"""The migration: read an export of the legacy CRM and bring it into the portal.

One run is one transaction: it is there as a whole or not at all, whatever happens to the process
or the machine. Running the same export again changes nothing. A dry run is the real run, rolled
back. A row that was placed before and comes again unchanged counts as `unchanged`; a quarantined
row that comes again is still quarantined and counts so, so that the exit code stays honest.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pghistory
from django.db import DataError, connection, transaction
from django.utils import timezone

from crm_import import reporting, sources, staging
from crm_import.models import ImportRun
from crm_import.refusals import AnotherRun
from crm_import.transform import RULES, transform
from portal.core.history import acting
from portal.core.models import User

# Any number will do as long as no other lock of the portal has it.
LOCK = 0x63726D5F696D706F


@dataclass(slots=True)
class Result:
    """What a run did. `report` is the contract of `--report`."""

    run: ImportRun
    report: dict[str, Any]
    source: sources.Source
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        return sum(table["quarantined"] for table in self.report["tables"].values())


def run(
    *,
    source: Path | str,
    by: User | None,
    dry_run: bool = False,
    choices: sources.Choices | None = None,
    accept_deletes: int = 0,
    problems: TextIO | None = None,
    progress: Callable[[str, int], None] = lambda name, rows: None,
) -> Result:
    """Import the export at `source`, whatever shape it has (crm_import.sources).

    `by` is who started it, None for the command line. `choices` are about the source;
    `accept_deletes` is how many deleted rows of a table somebody has looked at. Into `problems`
    the problems that stand are written as CSV, also by a dry run. `progress` is called with the
    name of each step and its rows.

    Raises a `Refused` (crm_import.refusals); then nothing was written.
    """
    export = sources.detect(source, choices or sources.Choices())
    fingerprint = staging.fingerprint(export.parts, RULES)
    with closing(export), one_transaction(by=by, dry_run=dry_run):
        last = ImportRun.objects.order_by("-started_at", "-id").first()
        this = ImportRun.objects.create(source=export.name[:300], fingerprint=fingerprint, by=by)
        result = Result(this, {}, export)

        def watch(name: str, rows: int, seconds: float) -> None:
            result.seconds[name] = result.seconds.get(name, 0) + seconds
            progress(name, rows)

        with pghistory.context(run=str(this.pk)):
            if last is not None and last.fingerprint == fingerprint:
                outcome = reporting.repeated(last)
            else:
                outcome = _import(this, last, export, accept_deletes, watch)
        result.report = reporting.report(this, outcome, dry_run=dry_run)
        this.report = result.report
        this.finished_at = timezone.now()
        this.save(update_fields=["report", "finished_at"])
        if problems is not None:
            reporting.write_problems(problems)
    return result


@contextmanager
def one_transaction(
    *, by: User | None, dry_run: bool, reason: str = "import of the legacy CRM"
) -> Iterator[None]:
    """The one transaction of a run; no other run is under way meanwhile. Raises AnotherRun."""
    with transaction.atomic(), acting(by=by, reason=reason):
        with connection.cursor() as cursor:
            # A killed client must not leave its server process at work (and holding the lock).
            cursor.execute("SET LOCAL client_connection_check_interval = '500ms'")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise AnotherRun(
                    "Another crm_import is running. Wait until it has finished and start again."
                )
        yield
        if dry_run:
            transaction.set_rollback(True)


def _keep_temporary_tables_in_memory() -> None:
    """With the default of 8 MB every step reads its tables from files again, with checksums.

    Only a session that had no temporary table yet may change it; another one stays as it is.
    """
    with suppress(DataError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL temp_buffers = '256MB'")


def _import(
    this: ImportRun,
    last: ImportRun | None,
    export: sources.Source,
    accept_deletes: int,
    watch: Callable[[str, int, float], None],
) -> reporting.Outcome:
    """Stage and transform. Everything is compared with the archive when there was a run before."""
    _keep_temporary_tables_in_memory()
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")  # of a run before in the same transaction
        cursor.execute("CREATE TEMP TABLE crm_this (id uuid, started timestamptz) ON COMMIT DROP")
        cursor.execute("INSERT INTO crm_this VALUES (%s, %s)", [this.pk, this.started_at])
        cursor.execute("ANALYZE crm_this")
        cursor.execute("CREATE TEMP TABLE crm_again (entity text, row_id bigint) ON COMMIT DROP")
        cursor.execute("CREATE TEMP TABLE crm_back (entity text, row_id bigint) ON COMMIT DROP")
    staged = []
    for parts in staging.by_table(export.parts):
        begun = timezone.now()
        read = staging.stage(parts, this, compare=last is not None)
        watch(
            f"read {parts[0].table.name}",
            sum(item.ledger.records for item in read),
            (timezone.now() - begun).total_seconds(),
        )
        staged += read
    if last is not None:
        staging.count_again()
        staging.brake(staged, accept_deletes)
    created = transform(watch=watch)
    reporting.add_file_problems(this, staged)
    reporting.expect_outcomes()
    return reporting.count(this, staged, created)

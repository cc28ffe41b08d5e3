"""The migration: read an export of the legacy CRM and bring it into the portal.

One run is one transaction: it is there as a whole or not at all, whatever happens to the process
or the machine. Running the same export again at once changes nothing. A dry run is the real run,
rolled back. A row that the archive has and that no rollback took back counts as `unchanged` when
it comes again, and as quarantined as long as it is, so that the exit code stays honest. What people
decide about rows that are here already is a run without files (`again`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pghistory
from django.db import DataError, connection, transaction
from django.utils import timezone

from crm_import import (
    brakes,
    firstload,
    freshness,
    locks,
    reporting,
    scope,
    sources,
    staging,
    vanished,
)
from crm_import.models import ImportPlan, ImportRun, Scope
from crm_import.progress import Progress, Tell, silent
from crm_import.refusals import Brake, DecisionNeeded
from crm_import.tables import OPTIONS
from crm_import.transform import RULES, Renamed, Written, transform
from portal.core.history import acting
from portal.core.models import User

# Bytes of an export and the archive that are worth memory of their own.
_MUCH = 1 << 22


@dataclass(slots=True)
class Result:
    """What a run did. `report` is the contract of `--report`.

    `fingerprint` is what it was made from, `updated` counts changed records, `brakes` is what a
    plan found that somebody has to look at.
    """

    run: ImportRun
    report: dict[str, Any]
    source: sources.Source
    fingerprint: dict[str, str]
    updated: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    brakes: list[str] = field(default_factory=list)
    undecided: int = 0  # placed rows with a value that was left out until somebody decides
    is_repeated: bool = False  # the run before was given the very same export

    @property
    def quarantined(self) -> int:
        return sum(table["quarantined"] for table in self.report["tables"].values())


def run(
    *,
    source: Path | str,
    by: User | None,
    dry_run: bool = False,
    choices: sources.Choices | None = None,
    is_complete: bool = False,
    accept_deletes: int = 0,
    accept_columns: bool = False,
    plan: ImportPlan | None = None,
    is_planning: bool = False,
    problems: TextIO | None = None,
    progress: Tell = silent,
    ending: Callable[[Result], None] = lambda result: None,
) -> Result:
    """Import the export at `source`, whatever shape it has (crm_import.sources).

    `by` is who started it, None for the command line. `choices` are about the source;
    `is_complete` says that it holds everything the CRM has. `accept_deletes` and `accept_columns`
    are what somebody has looked at (crm_import.brakes). With a `plan`, nothing is done when it is
    stale. With `is_planning` a brake is noted in the result, for a dry run. Into `problems` the
    problems that stand are written as CSV, also by a dry run. `progress` is told each event, and
    `ending` is called last before the transaction ends.

    Raises a `Refused` (crm_import.refusals); then nothing was written.
    """
    export = sources.detect(source, choices or sources.Choices())
    with closing(export), one_transaction(by=by, dry_run=dry_run):
        if is_complete and export.is_delta:
            raise DecisionNeeded(
                f"{export.name} holds only what changed ({export.kind}), so no row is gone because "
                "it is not there. Leave --complete away."
            )
        made_from = freshness.fingerprint(export.parts)
        if plan is not None:
            freshness.expect_fresh(plan, made_from)
        last = ImportRun.objects.order_by("-started_at", "-id").first()
        this = ImportRun.objects.create(
            source=export.name[:300],
            fingerprint=staging.fingerprint(export.parts, RULES),
            by=by,
            plan=plan,
            scope=_scope(export, is_complete=is_complete),
        )
        work = _Work(
            this,
            last,
            export,
            Progress(progress, sum(part.size for part in export.parts)),
            brakes.Accepted(accept_deletes, accept_columns),
            Result(this, {}, export, made_from),
            is_planning=is_planning,
        )
        with pghistory.context(run=str(this.pk)):
            outcome = _repeated(work) or _import(work)
        result = work.result
        result.report = {
            **reporting.report(this, outcome, dry_run=dry_run),
            "scope": this.scope,
            "watermark": reporting.watermark(last, work.staged),
        }
        result.updated = outcome.updated
        this.report = {
            **result.report,
            "updated": result.updated,
            "undecided": result.undecided,
        }
        this.finished_at = timezone.now()
        this.save(update_fields=["report", "shape", "finished_at", "meanings"])
        if problems is not None:
            reporting.write_problems(problems)
        ending(result)
    return result


@dataclass(slots=True)
class _Work:
    """What the steps of one run share. `last` is the run before."""

    this: ImportRun
    last: ImportRun | None
    export: sources.Source
    progress: Progress
    accepted: brakes.Accepted
    result: Result
    is_planning: bool
    staged: list[staging.Staged] = field(default_factory=list)

    def watch(self, name: str, rows: int, seconds: float) -> None:
        self.result.seconds[name] = self.result.seconds.get(name, 0) + seconds
        self.progress.add(rows)


def _scope(export: sources.Source, *, is_complete: bool) -> str:
    if is_complete:
        return Scope.COMPLETE
    return Scope.DELTA if export.is_delta else ""


@contextmanager
def one_transaction(
    *, by: User | None, dry_run: bool, reason: str = "import of the legacy CRM"
) -> Iterator[None]:
    """The one transaction of a run; no other run is under way meanwhile. Raises AnotherRun."""
    with transaction.atomic(), acting(by=by, reason=reason):
        with connection.cursor() as cursor:
            # A killed client must not leave its server process at work (and holding the lock).
            cursor.execute("SET LOCAL client_connection_check_interval = '500ms'")
        locks.take(by=by)
        yield
        with connection.cursor() as cursor:
            # In a transaction around this one, what comes next is no longer the run's: later runs
            # ask history whose a change was (sql/62_updates.sql).
            cursor.execute(
                "SELECT set_config('pghistory.context_id', '', true), "
                "set_config('pghistory.context_metadata', '', true)"
            )
        if dry_run:
            transaction.set_rollback(True)


def _keep_temporary_tables_in_memory(size: int) -> None:
    """With the default of 8 MB every step reads its tables from files again, with checksums.

    Not for an export and an archive of a few bytes: all of that memory is searched whenever a table
    goes. Only a session that had no temporary table yet may change it; another one stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_size('crm_import_legacycontact') "
            "+ pg_relation_size('crm_import_legacypatient')"
        )
        if size + cursor.fetchone()[0] < _MUCH:
            return
    with suppress(DataError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL temp_buffers = '256MB'")


def _repeated(work: _Work) -> reporting.Outcome | None:
    """The outcome when the run before was given the very same export; None when there is work."""
    this, last = work.this, work.last
    if last is None or last.fingerprint != this.fingerprint or last.scope != this.scope:
        return None
    this.shape, this.meanings = last.shape, last.meanings
    work.result.is_repeated = True
    work.result.undecided = last.report.get("undecided", 0)
    return reporting.repeated(last)


def _import(work: _Work) -> reporting.Outcome:
    """Stage and transform. Everything is compared with the archive when there was a run before."""
    this, last = work.this, work.last
    _begin(this, sum(part.size for part in work.export.parts))
    for parts in staging.by_table(work.export.parts):
        begun = time.monotonic()
        phase = f"read {parts[0].table.name}"
        work.progress.begin(phase)
        read = staging.stage(parts, this, compare=last is not None, told=work.progress.read)
        if last is not None and this.scope == Scope.COMPLETE:
            read += vanished.bury(read, this)
        work.progress.table_ends(sum(part.size for part in parts))
        work.result.seconds[phase] = time.monotonic() - begun
        work.staged += read
    this.shape = brakes.shape(work.export, work.staged)
    if last is not None:
        staging.count_again()
        _brake(work)
    written = _place(work)
    reporting.add_file_problems(this, work.staged)
    reporting.expect_outcomes()
    work.result.undecided = reporting.undecided(this)
    return reporting.count(this, work.staged, written)


def _brake(work: _Work) -> None:
    found = brakes.found(
        work.staged,
        work.this.shape,
        brakes.last_whole(),
        work.accepted,
        is_complete=work.this.scope == Scope.COMPLETE,
    )
    if work.is_planning:
        work.result.brakes += found
    elif found:
        raise Brake("\n".join([*found, "Nothing was written."]))


def _begin(this: ImportRun, size: int = 0) -> None:
    _keep_temporary_tables_in_memory(size)
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")  # of a run before in the same transaction
        cursor.execute(
            "CREATE TEMP TABLE crm_this (id uuid, started timestamptz, whole boolean, "
            "many boolean) ON COMMIT DROP"
        )
        cursor.execute(
            "INSERT INTO crm_this VALUES (%s, %s, true, true)", [this.pk, this.started_at]
        )
        cursor.execute("ANALYZE crm_this")
        for name in ("crm_again", "crm_back"):
            cursor.execute(
                f"CREATE TEMP TABLE {name} (entity varchar(20), row_id bigint) ON COMMIT DROP"
            )


@dataclass(frozen=True, slots=True)
class Again:
    """A run without files, and the rows of each of its steps by the step's name."""

    run: ImportRun
    rows: Mapping[str, int]


def again(
    *, by: User, source: str, reason: str, prepare: Callable[[ImportRun], Iterable[Renamed]]
) -> Again:
    """Do the rules again on what the archive holds, after `prepare` wrote what was decided.

    Rows that were placed stay as they are: what changes are rows in quarantine and those with a
    value that `prepare` returns. `source` names the run, without personal data; `reason` goes into
    history. A run without files has no fingerprint, so the next import compares everything.

    Raises AnotherRun, DoesNotAddUp, and whatever `prepare` raises; then nothing was written.
    """
    rows: dict[str, int] = {}

    def watch(name: str, number: int, _seconds: float) -> None:
        rows[name] = number

    with one_transaction(by=by, dry_run=False, reason=reason):
        this = ImportRun.objects.create(source=source[:300], fingerprint="", by=by)
        with pghistory.context(run=str(this.pk)):
            renamed = list(prepare(this))
            _begin(this)
            written = transform(watch=watch, renamed=renamed)
            reporting.expect_outcomes()
        outcome = reporting.tried_again(this, written)
        report = reporting.report(this, outcome, dry_run=False)
        this.report = {**report, "updated": outcome.updated}
        this.finished_at = timezone.now()
        this.save(update_fields=["report", "finished_at"])
    return Again(this, rows)


def _place(work: _Work) -> Written:
    """Transform what has to be looked at."""
    this, last = work.this, work.last
    new = {item.ledger.entity for item in work.staged if item.rows}
    with connection.cursor() as cursor:
        # Rows of lists, and labels, that came back are as good as new.
        cursor.execute("SELECT DISTINCT entity FROM crm_back")
        new |= {entity for (entity,) in cursor.fetchall()}
        meanings = scope.meanings(cursor, RULES)
        whole = last is None or last.meanings != meanings or OPTIONS.name in new
        free = firstload.unhindered(sum(item.rows for item in work.staged))
        written = transform(
            watch=work.watch, begin=work.progress.begin, whole=whole, is_new=bool(new)
        )
        work.progress.begin("indexes and keys")
        begun = time.monotonic()
        free.put_back()
        work.watch("indexes and keys", free.number, time.monotonic() - begun)
        work.progress.end()
        this.meanings = scope.meanings(cursor, RULES)
    return written

"""One profile: read, measure, judge. Nothing of it stays."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from crm_import import sources, staging
from crm_import.profiling import columns, dates, findings, keys, options, reading
from crm_import.profiling.facts import Profile, TableFacts
from crm_import.sources.words import LOCAL
from crm_import.tables import OPTIONS, TABLES

Progress = Callable[[str, int], None]


def run(
    *,
    source: Path | str,
    choices: sources.Choices | None = None,
    include_personal: bool = False,
    progress: Progress = lambda name, rows: None,
) -> Profile:
    """What the export at `source` is and holds.

    `progress` is called with the name of each step and its rows. Raises a `Refused`
    (crm_import.refusals) when the export cannot be read, or in two ways.
    """
    export = sources.detect(source, choices or sources.Choices())
    profile = Profile(
        *(export.name, export.kind, export.why, export.is_delta, sorted(export.ignored)),
        *(LOCAL.key, include_personal),
    )
    with closing(export), _writing_nothing() as cursor:
        read: dict[str, reading.ReadTable] = {}
        for parts in staging.by_table(export.parts):
            name = parts[0].table.name
            read[name] = reading.read(cursor, parts)
            progress(f"read {name}", read[name].rows)
        found = [read[table.name] for table in TABLES if table.name in read]
        for table in found:
            keys.collect(cursor, table.table)
        cursor.execute(f"ANALYZE {keys.KNOWN_IDS}")
        for table in found:
            facts = _table(cursor, table, profile)
            profile.tables.append(facts)
            progress(f"looked at {facts.name}", facts.rows)
        profile.options = options.inventory(
            *(cursor, found), has_labels=OPTIONS.name in read, include_personal=include_personal
        )
    profile.findings = list(findings.of(profile))
    return profile


@contextmanager
def _writing_nothing() -> Iterator[Any]:
    """A cursor that can fill the temporary tables of a profile and write nothing else."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A killed client must not leave its server process at work.
        cursor.execute("SET LOCAL client_connection_check_interval = '500ms'")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("SET LOCAL jit = off")
        reading.prepare(cursor)
        keys.prepare(cursor)
        cursor.execute("SET TRANSACTION READ ONLY")
        yield cursor
        transaction.set_rollback(True)


def _table(cursor: Any, read: reading.ReadTable, profile: Profile) -> TableFacts:
    personal = profile.includes_personal
    creator = columns.creator(read)
    return TableFacts(
        name=read.table.name,
        rows=read.rows,
        deleted=read.deleted,
        unreadable=dict(read.unreadable),
        files=read.files,
        columns=columns.measure(cursor, read, include_personal=personal),
        missing=read.missing,
        ids=keys.ids(cursor, read.table),
        lookups=keys.lookups(cursor, read.table, is_delta=profile.is_delta),
        dates=dates.measure(cursor, read, creator, include_personal=personal),
        creator=creator,
    )

"""Erasing somebody of whom the archive has rows and the portal has nobody.

Who became a patient is erased on the patient's page (`patients.erasure`), and that reaches the
archive. What is left are rows in quarantine, left out, or taken back. They are named by a legacy
id, or by an address that only one person has. All that is known of them goes, in one transaction
and as a run of its own in the ledger. Whether anything is left says `patients.traces.scan`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from crm_import import erasing, importing, reporting, whose_rows
from crm_import.models import Entity, ImportRun, LegacyDossier, RowOutcome
from crm_import.refusals import DecisionNeeded, NoSuchRow
from crm_import.whose_rows import ARCHIVE, Named, Rows
from patients import sought
from patients.holdings import Sought
from patients.sought import Matcher
from portal.core.history import unsealed
from portal.core.models import User


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went: rows by kind, and how many of them a later export brings back.

    `values` are what the rows said of the person, to look for it.
    """

    run: ImportRun
    rows: Mapping[str, int]
    recurring: int
    values: Collection[Sought]


def forget(
    *,
    by: User | None,
    legacy_id: UUID | None = None,
    address: str = "",
    reason: str = "",
    dry_run: bool = False,
) -> Forgotten:
    """Erase the rows of one legacy id, or of one address. A dry run is the real one, rolled back.

    An id that never came is remembered, so that later imports pass over it. Raises NoSuchRow,
    DecisionNeeded when that is or may be somebody else, and AnotherRun; then nothing was changed.
    """
    with importing.one_transaction(by=by, dry_run=dry_run, reason="erasure from the archive"):
        theirs = whose_rows.of_id(legacy_id) if legacy_id else _at(address)
        values = set(whose_rows.named(theirs))
        for one in whose_rows.alike(values):
            theirs.add(one.entity, one.row, one.legacy_id)
        theirs = whose_rows.completed(theirs)
        _expect_nobody(theirs)
        values |= set(whose_rows.named(theirs))
        if Matcher(values).found(reason):
            raise NoSuchRow("The reason names the person. Write a case number instead.")
        this = ImportRun.objects.create(
            source=f"erasure from the archive ({reason or 'no reason given'})"[:300],
            fingerprint="",
            by=by,
        )
        passed = _of_files(theirs)
        with unsealed("erasure"):
            gone = erasing.forget(theirs, values)
            if legacy_id and not theirs.ids:
                erasing.remember({entity: [legacy_id] for entity in ARCHIVE})
            RowOutcome.objects.bulk_create(passed)
        rows = {label: number for label, number in sorted(gone.rows.items()) if number}
        report = reporting.report(this, reporting.nothing(), dry_run=dry_run)
        this.report = {**report, "erased": rows}
        this.finished_at = timezone.now()
        this.save(update_fields=["report", "finished_at"])
    if legacy_id:
        values.add((str(sought.Kind.LEGACY_ID), str(legacy_id)))
    return Forgotten(this, rows, gone.recurring, values)


def _at(address: str) -> Rows:
    """The rows with an address, when they are of one person who became nobody."""
    folded = {value for _kind, value in sought.email(address)}
    found = list(whose_rows.at(folded))
    if not found:
        raise NoSuchRow(
            "The archive has no row with this address. Nothing was changed. Look for another "
            "spelling, or name the row with --id."
        )
    if len(whose_rows.unplaced(found)) < len(found):
        raise DecisionNeeded(
            f"The address belongs to somebody in the portal ({_became(found)}). Nothing was "
            "changed. Erase them on their page; for another person with the address say --id."
        )
    if _people(found) > 1:
        ids = sorted({str(one.legacy_id) for one in found if one.legacy_id})
        raise DecisionNeeded(
            "Rows of different names have this address. Nothing was changed. Say --id with one "
            f"of: {', '.join(ids) or 'none of them has one; give them ids under Quarantine'}."
        )
    theirs = Rows()
    for one in found:
        theirs.add(one.entity, one.row, one.legacy_id)
    return whose_rows.completed(theirs)


def _people(found: Collection[Named]) -> int:
    """How many people these rows are of: rows with one id, or one name, are of one."""
    people: list[set[Any]] = []
    for one in found:
        marks = {*one.names, *({one.legacy_id} - {None})}
        alike = [person for person in people if person & marks]
        people = [person for person in people if person not in alike]
        people += [marks.union(*alike)] if marks else []
    return len(people)


def _became(found: Collection[Named]) -> str:
    ids = {one.legacy_id for one in found if one.legacy_id}
    return _listed(whose_rows.placed(ids))


def _listed(became: Any) -> str:
    pairs = became.order_by().values_list("target_model", "target_id").distinct()
    return ", ".join(f"{model.split('.')[1]} {target}" for model, target in pairs)


def _expect_nobody(theirs: Rows) -> None:
    """Raise DecisionNeeded when one of the ids became somebody, or hangs on somebody."""
    # A dossier that is held back may be that of somebody who is in the portal.
    dossiers = LegacyDossier.objects.filter(pk__in=theirs.rows[Entity.DOSSIER])
    owners = {UUID(cell) for cell in dossiers.values_list("patient", flat=True) if _is_id(cell)}
    if somebody := _listed(whose_rows.placed(theirs.ids | owners)):
        raise DecisionNeeded(
            f"That is somebody in the portal ({somebody}). Nothing was changed. Erase a patient on "
            "their page, which reaches the archive as well."
        )


def _is_id(cell: str) -> bool:
    try:
        UUID(cell)
    except ValueError:
        return False
    return True


def _of_files(theirs: Rows) -> list[RowOutcome]:
    """A line for each row, without its id: the counts of its file are to add up without it."""
    return [
        RowOutcome(
            run_id=run, entity=entity, row=row, outcome=RowOutcome.Outcome.IGNORED, reason="erased"
        )
        for entity, rows in theirs.rows.items()
        for row, run in ARCHIVE[entity]
        ._default_manager.filter(pk__in=rows)
        .values_list("pk", "file__run_id")
    ]

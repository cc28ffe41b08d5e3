"""Putting a row in quarantine right, or leaving it out, with a reason.

The row itself never changes. Corrected cells make a further row of the archive, as if the CRM had
sent it: it takes the place of the row that it corrects, and gives way when the CRM sends a newer
version. A row that is left out counts as ignored, from then on. Both take effect in a run of their
own, on that row alone (`crm_import.settling`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_import import standing
from crm_import.models import (
    Correction,
    ImportRun,
    LegacyRow,
    RowOutcome,
    SourceFile,
)
from crm_import.tables import TABLES, Table, archived
from portal.core.errors import Refused
from portal.core.models import User

Kind = Correction.Kind

# By these the versions of a row are told apart: a corrected row is still of the same version.
KEPT = ("createdon", "modifiedon", "statecode", "versionnumber")
LONGEST = 20_000
# Reasons for which a row may be right as it is: somebody says so by correcting nothing.
TAKEN_AS_IT_IS = ("version_conflict", "number_doubtful")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What somebody says about a row of the archive: the corrected cells, or that it is left out.

    Cells that say the same as the row may be among them.
    """

    entity: str
    row: int
    reason: str
    cells: Mapping[str, str] = field(default_factory=dict)
    is_waiver: bool = False


def table_of(entity: str) -> Table:
    """The table of this name. Raises Refused for another name."""
    for table in TABLES:
        if table.name == entity:
            return table
    raise Refused(_("There is no such table."), code="no_such_row")


def columns(entity: str) -> tuple[str, ...]:
    """The columns that can be corrected; the first one is the id."""
    return tuple(name for name in table_of(entity).columns if name not in KEPT)


def stands(fix: Fix) -> bool:
    """Whether that was said already, word for word, and not taken back since."""
    kind = Kind.WAIVE if fix.is_waiver else Kind.FIX
    said = list(standing.corrections().filter(entity=fix.entity, row=fix.row, kind=kind))
    row = archived(fix.entity, fix.row) if said else None
    return row is not None and any(one.cells == _differing(row, fix) for one in said)


def demand(fix: Fix) -> tuple[LegacyRow, RowOutcome]:
    """The row and why it is in quarantine. Raises Refused when this cannot be said about it."""
    row, outcome = archived(fix.entity, fix.row), RowOutcome.objects.last_of(fix.entity, fix.row)
    if row is None or outcome is None:
        raise Refused(_("There is no such row in the archive."), code="no_such_row")
    if outcome.outcome != RowOutcome.Outcome.QUARANTINED:
        raise Refused(
            _("The row is no longer in quarantine. Look at what became of it."), code="not_held"
        )
    if not fix.reason.strip():
        raise Refused(_("Say why. It is kept with your name."), code="no_reason")
    if fix.is_waiver:
        return row, outcome
    known = columns(fix.entity)
    if unknown := sorted(set(fix.cells) - set(known)):
        message = _("These columns cannot be corrected: %(names)s.")
        raise Refused(message % {"names": ", ".join(unknown)}, code="no_such_column")
    if any(len(cell) > LONGEST for cell in fix.cells.values()):
        raise Refused(_("A cell is too long to be typed."), code="too_long")
    differing = _differing(row, fix)
    if not differing and outcome.reason not in TAKEN_AS_IT_IS:
        raise Refused(_("Nothing is corrected. Change a cell, or leave the row out."), code="same")
    if known[0] in differing:
        _demand_new_id(fix, outcome)
    return row, outcome


def apply(fix: Fix, *, run: ImportRun, by: User) -> Correction:
    """Write down what was said; what it changes is for the run around it. Raises Refused."""
    row, outcome = demand(fix)
    cells = {} if fix.is_waiver else _differing(row, fix)
    replacement = None if fix.is_waiver else _archive(row, fix.entity, cells, run)
    return Correction.objects.create(
        entity=fix.entity,
        row=fix.row,
        legacy_id=outcome.legacy_id or _id_of(cells.get(columns(fix.entity)[0], "")),
        kind=Kind.WAIVE if fix.is_waiver else Kind.FIX,
        cells=cells,
        replacement=replacement.pk if replacement else None,
        reason=fix.reason.strip(),
        by=by,
        run=run,
    )


def _differing(row: LegacyRow, fix: Fix) -> dict[str, str]:
    """The cells that say another thing than the row."""
    return {name: cell for name, cell in fix.cells.items() if cell != getattr(row, name, None)}


def _id_of(cell: str) -> UUID | None:
    try:
        return UUID(cell.strip())
    except ValueError:
        return None


def _demand_new_id(fix: Fix, outcome: RowOutcome) -> None:
    """An id is given to a row that has none, and to no other; nobody else has it."""
    table = table_of(fix.entity)
    given = _id_of(fix.cells[table.id])
    if outcome.legacy_id is not None or given is None or not given.int:
        raise Refused(
            _("Only a row without a usable id is given one, and that is a UUID."), code="bad_id"
        )
    rows: Any = table.model._default_manager
    own = models.Func(models.F(table.id), function="crm_guid", output_field=models.UUIDField())
    # One that it was given before, by a correction that was taken back, is its own.
    before = Correction.objects.filter(entity=fix.entity, row=fix.row, kind=Kind.FIX)
    others = rows.exclude(pk__in=before.values("replacement"))
    if others.alias(own=own).filter(own=given).exists():
        raise Refused(_("Another row of this table has that id."), code="id_taken")


def _archive(row: LegacyRow, entity: str, cells: Mapping[str, str], run: ImportRun) -> LegacyRow:
    """The corrected row, which counts among those of its version, with its line in the ledger."""
    now = timezone.now()
    content = orjson.dumps(dict(sorted(cells.items())))
    ledger = SourceFile.objects.create(
        run=run,
        entity=entity,
        name=f"correction of {entity} {row.pk}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        columns=sorted(cells),
        records=1,
    )
    own = {one.name for one in LegacyRow._meta.get_fields()} | {"id"}
    names = [one.name for one in row._meta.concrete_fields if one.name not in own]
    # Of two rows of one version the one that was written later counts, which begins with a letter:
    # only where the CRM tells versions apart, else its next delivery could not come through.
    has_version = any(getattr(row, name, "") for name in ("versionnumber", "modifiedon"))
    model: Any = type(row)
    made: LegacyRow = model._default_manager.create(
        file=ledger,
        record=row.record,
        extra={**(row.extra or {}), "corrected": f"{now:%Y-%m-%dT%H:%M:%SZ}"},
        written=f"corrected {now:%Y-%m-%dT%H:%M:%S.%fZ}" if has_version else "",
        **{name: cells.get(name, getattr(row, name)) for name in names},
    )
    return made

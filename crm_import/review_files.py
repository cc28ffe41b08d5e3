"""The open decisions of the migration as a CSV file, for people who do not use the admin.

One line for each: a pair that may be one person (`pair`), a value nobody has decided on (`value`),
a row in quarantine (`row`). People fill in `decision`, and what it needs; other columns are for
reading. A line without a decision is left alone, and so is one whose decision stands already.
Everything is looked at first; when one line is wrong, nothing is done.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO
from uuid import UUID

from django.db import transaction

from crm_import import correcting, deciding, remembering, settling, understanding
from crm_import.correcting import Fix
from crm_import.deciding import Verdict
from crm_import.models import HeldRow, OptionValue, PairDecision
from crm_import.reporting import harmless
from crm_import.tables import archived
from patients import reviewing
from patients.models import PossibleDuplicate
from portal.core.errors import Refused
from portal.core.models import User

HEADER = (
    *("kind", "key", "about", "rows", "proposal"),
    *("decision", "meaning", "cells", "reason"),
)
PERSONAL = ("first", "second")
NEEDED = ("kind", "key", "decision")
DECISIONS: Mapping[str, Sequence[str]] = {
    "pair": ("same", "different", "later"),
    "value": ("approve", "reject"),
    "row": ("fix", "waive"),
}
State = PossibleDuplicate.State


class Wrong(Exception):
    """The file cannot be carried out. `lines` say where and why; nothing was written."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Done:
    """How many decisions were carried out, and how many stood already."""

    carried_out: int
    stood: int
    run: str


# --- export -------------------------------------------------------------------------------------


def export(file: TextIO, *, include_personal: bool = False) -> int:
    """Write what waits for a decision and return the number of lines.

    Names, addresses and the cells of rows are left out unless `include_personal`.
    """
    columns = (*HEADER, *PERSONAL) if include_personal else HEADER
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    number = 0
    for line in _waiting(include_personal=include_personal):
        writer.writerow([harmless(line.get(name, "")) for name in columns])
        number += 1
    return number


def _waiting(*, include_personal: bool) -> Iterator[dict[str, Any]]:
    pairs = PossibleDuplicate.objects.open().filter(evidence__source="legacy_crm").in_queue()
    people = ("first_patient", "second_patient", "first_specialist", "second_specialist")
    if include_personal:
        pairs = pairs.select_related(*people).defer(*(f"{name}__search" for name in people))
    for pair in pairs.iterator(chunk_size=1000):
        ids = remembering.legacy_ids(pair)
        if ids is None:
            continue  # with somebody who did not come from the CRM: for the admin
        about = f"{pair.tier} {pair.evidence.get('because', '')}"
        line = {"kind": "pair", "key": f"{ids[0]}+{ids[1]}", "about": about}
        if include_personal:
            line["first"], line["second"] = (
                f"{one.full_name} <{one.email}>" for one in pair.people
            )
        yield line
    for value in OptionValue.objects.waiting():
        yield {
            "kind": "value",
            "key": f"{value.option_set}:{value.value}",
            "about": " / ".join(value.labels),
            "rows": value.seen,
            "proposal": deciding.in_words(value.option_set, value.meaning),
        }
    for held in HeldRow.objects.order_by("entity", "reason", "row").iterator(chunk_size=1000):
        line = {
            "kind": "row",
            "key": f"{held.entity}:{held.row}",
            "about": held.reason,
            "proposal": _proposal(held),
        }
        if include_personal:
            row = archived(held.entity, held.row)
            cells = row.cells if row else {}
            line["first"] = "; ".join(f"{name}={cell}" for name, cell in cells.items())
        yield line


def _proposal(held: HeldRow) -> str:
    advice = str(understanding.reason(held.reason).advice)
    found = understanding.proposal(held.entity, held.row)
    return f"{advice} {found.capitalize()}." if found else advice


# --- import -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file with a decision in it."""

    number: int
    kind: str
    key: str
    decision: str
    meaning: str
    cells: str
    reason: str


@dataclass
class _Plan:
    """What the lines ask for."""

    pairs: list[tuple[UUID, State, str]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    stood: int = 0

    def __len__(self) -> int:
        return len(self.pairs) + len(self.verdicts) + len(self.fixes)


def carry_out(file: TextIO, *, by: User, dry_run: bool = False) -> Done:
    """Carry out the decisions of a file, all or none.

    Raises Wrong when a line is, and Refused when what they ask for cannot be done now.
    """
    lines = list(_read(file))
    with transaction.atomic():
        plan = _planned(lines)
        for pair, decision, reason in plan.pairs:
            reviewing.decide(duplicate_id=pair, decision=decision, by=by, reason=reason)
        done = settling.settle(
            by=by, reason="file of decisions", verdicts=plan.verdicts, fixes=plan.fixes
        )
        if dry_run:
            transaction.set_rollback(True)
    return Done(len(plan), plan.stood, str(done.run.pk) if done.run else "")


def _read(file: TextIO) -> Iterator[Line]:
    """The lines with a decision. Raises Wrong for a file that is none of ours."""
    try:
        head = file.readline()
        separator = ";" if head.count(";") > head.count(",") else ","
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=separator), [])]
        if missing := [name for name in NEEDED if name not in names]:
            raise Wrong([f"The first line has no column {', '.join(missing)}. Export a new file."])
        for number, cells in enumerate(csv.reader(file, delimiter=separator), start=2):
            said = {name: _plain(cell) for name, cell in zip(names, cells, strict=False)}
            if said.get("decision"):
                yield Line(
                    number,
                    said.get("kind", "").lower(),
                    said.get("key", ""),
                    said["decision"].lower(),
                    *(said.get(name, "") for name in ("meaning", "cells", "reason")),
                )
    except UnicodeDecodeError:
        raise Wrong(["The file is not UTF-8. Save it as “CSV UTF-8” and try again."]) from None


def _plain(cell: str) -> str:
    """The cell without the mark that keeps a spreadsheet from calculating with it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and harmless(text[1:]) == text else text


def _planned(lines: Iterable[Line]) -> _Plan:
    """What is to be done. Raises Wrong with a sentence for each line that cannot be."""
    plan = _Plan()
    wrong: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    pairs: dict[str, UUID] = {}
    for line in lines:
        where = f"line {line.number}"
        if line.decision not in DECISIONS.get(line.kind, ()):
            known = ", ".join(DECISIONS.get(line.kind, ())) or "pair, value or row as its kind"
            wrong.append(f"{where}: “{line.decision}” is no decision here. Write {known}.")
            continue
        if before := seen.get((line.kind, line.key)):
            wrong.append(f"{where}: line {before} decides the same. Keep one of them.")
            continue
        seen[line.kind, line.key] = line.number
        if line.kind == "pair" and not pairs:
            pairs = _pairs()
        try:
            _add(line, plan, pairs)
        except Refused as refused:
            wrong.append(f"{where}: {refused.message}")
    if wrong:
        raise Wrong(wrong)
    return plan


def _add(line: Line, plan: _Plan, pairs: Mapping[str, UUID]) -> None:
    if line.kind == "pair":
        _add_pair(line, plan, pairs)
    elif line.kind == "value":
        _add_verdict(line, plan)
    else:
        _add_fix(line, plan)


def _pairs() -> dict[str, UUID]:
    """The pairs that came from the CRM, by their key."""
    found = PossibleDuplicate.objects.filter(evidence__source="legacy_crm").only("evidence")
    ids = ((pair.pk, remembering.legacy_ids(pair)) for pair in found.iterator(chunk_size=1000))
    return {f"{pair[0]}+{pair[1]}": key for key, pair in ids if pair}


def _add_pair(line: Line, plan: _Plan, pairs: Mapping[str, UUID]) -> None:
    key = pairs.get(line.key.lower())
    decision = State(line.decision)
    if key is None:
        if _remembered(line.key) != line.decision:
            raise Refused("There is no such pair any more. Export a new file.")
        plan.stood += 1
        return
    pair = PossibleDuplicate.objects.get(pk=key)
    if pair.state == decision:
        plan.stood += 1
        return
    if missing := reviewing.missing(pair, decision):
        raise Refused(missing[0].message)
    plan.pairs.append((key, decision, line.reason))


def _remembered(key: str) -> str:
    """What was decided about a pair that is gone; blank for nothing."""
    first, _plus, second = key.partition("+")
    try:
        ids = {"first_id": UUID(first), "second_id": UUID(second)}
    except ValueError:
        return ""
    last = PairDecision.objects.filter(**ids).order_by("-pk").first()
    return last.decision if last else ""


def _add_verdict(line: Line, plan: _Plan) -> None:
    option_set, _colon, value = line.key.partition(":")
    known = OptionValue.objects.filter(option_set=option_set, value=value).first()
    said = line.meaning or (known.meaning if known else "")
    meaning = deciding.meaning_of(option_set, said) if line.decision == "approve" else ""
    if meaning is None:
        choices = ", ".join(name for _stored, name in deciding.meanings(option_set)[:20])
        raise Refused(f"“{line.meaning}” is no meaning of {option_set}. Write one of: {choices}.")
    verdict = Verdict(option_set, value, meaning)
    if deciding.stands(verdict):
        plan.stood += 1
        return
    deciding.demand(verdict)
    plan.verdicts.append(verdict)


def _add_fix(line: Line, plan: _Plan) -> None:
    entity, _colon, row = line.key.partition(":")
    if not row.isdecimal():
        raise Refused("That is no key of a row. Export a new file.")
    fix = Fix(
        entity=entity,
        row=int(row),
        reason=line.reason,
        cells=_cells(line.cells) if line.decision == "fix" else {},
        is_waiver=line.decision == "waive",
    )
    if correcting.stands(fix):
        plan.stood += 1
        return
    correcting.demand(fix)
    plan.fixes.append(fix)


def _cells(text: str) -> dict[str, str]:
    """`firstname=Anna; lastname=Berg` as cells. Raises Refused for anything else."""
    cells = {}
    for part in filter(str.strip, text.split(";")):
        name, equals, cell = part.partition("=")
        if not equals:
            raise Refused("Write the corrected cells as column=value; column=value.")
        cells[name.strip().lower()] = cell.strip()
    return cells

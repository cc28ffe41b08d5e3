"""Erasing a person (GDPR article 17): asked for, approved by somebody else, executed, verified.

1. `request` lists what will go and what stays, and why. Nothing is changed.
2. `approve` is the word of a second person; the database refuses the first one's.
3. `execute` deletes the rows in one transaction under the patient's lock, then the stored files,
   and then verifies. What fails is recorded with the request, which can be executed again.
4. `verify` looks for the person's values in the whole database. Only when nothing is found is the
   certificate issued, and the values that were looked for are deleted, too.

What is found in a record about another living person may belong there: `accept` says so.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import documents, forgetting, holdings, sought, traces
from patients.forgetting import Incomplete
from patients.holdings import Found
from patients.locking import locked
from patients.models import Document, ErasedPatient, ErasureRequest, Patient, SoughtValue
from patients.sought import Matcher
from portal.core.errors import Missing, Refused
from portal.core.history import acting
from portal.core.models import User

logger = logging.getLogger(__name__)

State = ErasureRequest.State
Ground = ErasureRequest.Ground

EXECUTABLE = (State.APPROVED, State.FAILED, State.FILES_LEFT)
VERIFIABLE = (State.ERASED, State.TRACES_LEFT)

# Said on every certificate: nobody should believe more than was done.
BEYOND = (
    "Backups, and old versions kept by the file store. After a restore, erase this person again.",
    "Stored files that no row names (an upload that was cut off): nothing finds them by person.",
    "Blocks of deleted rows and the write-ahead log, until PostgreSQL uses them again.",
    "What was sent to others (physicians, trial sites, sponsors, hospitals): tell them separately.",
    "The legacy CRM itself. This portal passes over the person's rows there, known by their ids.",
    "Log files, which hold ids only.",
)
# Said with the number of records that were erased here.
RECURRING = (
    "Records of the legacy CRM without a readable id: a later export brings them back. "
    "Have them removed there first. Erased here: {count}."
)


class ErasureFailed(Refused):
    """Something could not be deleted. The request says what, and can be executed again."""

    code = "erasure_failed"


class TracesLeft(Refused):
    """The person was found somewhere after the erasure. The request lists where."""

    code = "traces_left"


def missing_to_request(patient: Patient) -> tuple[Missing, ...]:
    """Why this person cannot be erased now; empty when they can."""
    found = []
    if patient.processing_restricted:
        message = _("Processing is restricted (art. 18). Lift the restriction first.")
        found.append(Missing("restricted", message))
    if ErasureRequest.objects.open().filter(patient_id=patient.pk).exists():
        found.append(Missing("requested", _("An erasure of this person is under way.")))
    return tuple(found)


def plan(patient_id: UUID) -> dict[str, Any]:
    """What an erasure would do: rows and history by table, files, and what stays and why."""
    found = holdings.find(holdings.person(patient_id))
    rows: Counter[str] = Counter()
    history: Counter[str] = Counter()
    for holding in holdings.holdings():
        if holding.kept:
            continue
        rows[holding.label] = len(found.now[holding.label])
        past = holdings.events(holding, found)
        history[holding.label] = past.count() if past is not None else 0
    for part in holdings.parts():
        rows.update(part.count(found))
    return {
        "rows": _counted(rows),
        "history": _counted(history),
        "files": len(forgetting.stored_files(found)),
        "kept": _kept(found),
    }


def request(*, patient_id: UUID, by: User, ground: str, reference: str = "") -> ErasureRequest:
    """Ask for a person to be erased, with the plan. Raises Refused, Patient.DoesNotExist."""
    with transaction.atomic(), acting(by=by, reason="erasure requested"):
        patient = locked(patient_id)
        if missing := missing_to_request(patient):
            raise Refused(missing[0].message, code=missing[0].code, missing=missing)
        found = holdings.find(holdings.person(patient_id))
        if Matcher(sought.of(found)).found(reference):
            message = _("The reference names the person. Write a number instead.")
            raise Refused(message, code="reference_names_person")
        wanted = ErasureRequest(
            patient_id=patient_id,
            former_ids=list(found.person.ids[1:]),
            ground=ground,
            reference=reference,
            requested_by=by,
            plan=plan(patient_id),
        )
        wanted.full_clean()
        wanted.save(force_insert=True)
        return wanted


def withdraw(*, request_id: UUID, by: User) -> ErasureRequest:
    """Call a request off while nothing was erased. Raises Refused."""
    with transaction.atomic(), acting(by=by, reason="erasure withdrawn"):
        wanted = _locked(request_id, State.PLANNED, State.APPROVED, State.FAILED)
        wanted.state = State.WITHDRAWN
        wanted.save(update_fields=("state",))
        return wanted


def approve(*, request_id: UUID, by: User) -> ErasureRequest:
    """Say yes to somebody else's request, with the plan as it is now. Raises Refused."""
    with transaction.atomic(), acting(by=by, reason="erasure approved"):
        wanted = _locked(request_id, State.PLANNED)
        if wanted.requested_by_id == by.pk:
            message = _("Somebody else has to approve what you requested.")
            raise Refused(message, code="second_person")
        locked(wanted.patient_id)
        wanted.plan = plan(wanted.patient_id)
        wanted.former_ids = list(holdings.person(wanted.patient_id).ids[1:])
        wanted.state, wanted.approved_by = State.APPROVED, by
        wanted.approved_at = timezone.now()
        wanted.save(update_fields=("plan", "former_ids", "state", "approved_by", "approved_at"))
        return wanted


def execute(*, request_id: UUID, by: User) -> ErasureRequest:
    """Erase the person, and look whether they are gone. It commits by itself, step by step.

    So it cannot be part of a larger transaction (RuntimeError). Raises Refused when it cannot
    begin, ErasureFailed when a row or a file could not be deleted, and TracesLeft.
    """
    try:
        with transaction.atomic(durable=True), acting(by=by, reason="erasure"):
            wanted = _locked(request_id, *EXECUTABLE)
            if wanted.state != State.FILES_LEFT:
                _erase(wanted, by=by)
    except (DatabaseError, Incomplete) as error:
        _fail(request_id, by=by, failure=_where(error))
        message = _("The erasure failed and nothing was erased (%(where)s). Execute it again.")
        raise ErasureFailed(message % {"where": _where(error)}) from error
    _delete_files(request_id, by=by)
    return verify(request_id=request_id, by=by)


def verify(*, request_id: UUID, by: User) -> ErasureRequest:
    """Look for the erased person everywhere; certify that they are gone. Raises TracesLeft."""
    wanted = ErasureRequest.objects.get(pk=request_id)
    _demand(wanted, *VERIFIABLE)
    values = set(wanted.sought_values.values_list("kind", "value"))
    report = traces.scan(values)
    return _certify(request_id, by=by, searched=_searched(report, values), accepted={})


def accept(*, request_id: UUID, by: User) -> ErasureRequest:
    """Say that the traces in the records of other people belong there, and certify that.

    Raises Refused when a trace is in nobody's record, or when none was looked for yet.
    """
    wanted = ErasureRequest.objects.get(pk=request_id)
    _demand(wanted, State.TRACES_LEFT)
    searched = wanted.certificate["searched"]
    if not may_be_accepted(wanted):
        message = _("Some traces are in nobody's record. Have them removed, and verify again.")
        raise Refused(message, code="traces_left")
    accepted = {"by": str(by), "at": timezone.now().isoformat(), "traces": searched["traces"]}
    return _certify(request_id, by=by, searched={**searched, "traces": []}, accepted=accepted)


def may_be_accepted(wanted: ErasureRequest) -> bool:
    """Whether every trace is in the record of another living person."""
    searched = wanted.certificate.get("searched", {})
    found = searched.get("traces", [])
    return bool(found) and not searched["more"] and all(one["of_another"] for one in found)


def erased(patient_id: UUID) -> ErasedPatient | None:
    """The tombstone of an id; None for anybody who was not erased."""
    return ErasedPatient.objects.filter(old_id=patient_id).first()


# --- executing


def _erase(wanted: ErasureRequest, *, by: User) -> None:
    """Delete every row; note the files and the values to look for. Everything or nothing.

    Raises Refused when somebody was merged into the person, or taken out, since the approval:
    nobody approved that the other one goes, too.
    """
    locked(wanted.patient_id)
    person = holdings.person(wanted.patient_id)
    if set(person.ids) != {wanted.patient_id, *wanted.former_ids}:
        message = _("A merge changed who this is after the approval. Withdraw, and request anew.")
        raise Refused(message, code="person_changed")
    found = holdings.find(person)
    values = sought.of(found)
    done = forgetting.forget(found, values, request=wanted)
    SoughtValue.objects.bulk_create(
        SoughtValue(request=wanted, kind=kind, value=value) for kind, value in sorted(values)
    )
    wanted.executed_by, wanted.executed_at = by, timezone.now()
    wanted.files_left = done.files
    wanted.state = State.FILES_LEFT
    wanted.failure = ""
    wanted.certificate = {
        "deleted": {
            "rows": _counted(done.rows),
            "history": _counted(done.history),
            "mentions": _counted(done.mentions),
            "files": 0,
        },
        "kept": _kept(holdings.find(found.person)),
        "recurring": done.recurring,
    }
    wanted.save()


def _delete_files(request_id: UUID, *, by: User) -> None:
    """Delete what is left of the files, and note each that is gone. Raises ErasureFailed."""
    with transaction.atomic(), acting(by=by, reason="erasure"):
        wanted = _locked(request_id, State.FILES_LEFT)
        gone, failure = [], ""
        for name in wanted.files_left:
            try:
                documents.remove(Document(file=name))
                gone.append(name)
            except Exception as error:  # every store has errors of its own
                logger.exception("A file of erasure %s could not be deleted.", request_id)
                failure = type(error).__name__
        wanted.certificate["deleted"]["files"] += len(gone)
        wanted.files_left = [name for name in wanted.files_left if name not in gone]
        wanted.failure = f"{failure}: {len(wanted.files_left)} files" if failure else ""
        wanted.state = State.FILES_LEFT if failure else State.ERASED
        wanted.save()
    if failure:
        message = _("The rows are erased, but not all files (left: %(count)d). Execute it again.")
        raise ErasureFailed(message % {"count": len(wanted.files_left)})


def _fail(request_id: UUID, *, by: User, failure: str) -> None:
    with transaction.atomic(), acting(by=by, reason="erasure failed"):
        wanted = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
        wanted.state, wanted.failure = State.FAILED, failure[:200]
        wanted.save(update_fields=("state", "failure"))


def _where(error: Exception) -> str:
    """What failed, without any value: the database's own texts may quote rows."""
    if isinstance(error, Incomplete):
        return str(error)
    diagnosis = getattr(error.__cause__, "diag", None)
    table = getattr(diagnosis, "table_name", None)
    rule = getattr(diagnosis, "constraint_name", None)
    return ", ".join(part for part in (type(error).__name__, table, rule) if part)


# --- certifying


def _certify(
    request_id: UUID, *, by: User, searched: dict[str, Any], accepted: dict[str, Any]
) -> ErasureRequest:
    """Keep what the search came to. Without a trace the erasure is verified, else TracesLeft."""
    with transaction.atomic(), acting(by=by, reason="erasure verified"):
        wanted = _locked(request_id, *VERIFIABLE)
        wanted.certificate = {
            **wanted.certificate,
            "searched": searched,
            "kept_ids": _kept_ids(searched["kept"]),
            "accepted": accepted,
            # An erasure that was executed by an older version has no number.
            "beyond": [*BEYOND, RECURRING.format(count=wanted.certificate.get("recurring", "?"))],
        }
        if searched["traces"]:
            wanted.state = State.TRACES_LEFT
        else:
            wanted.state = State.VERIFIED
            wanted.verified_by, wanted.verified_at = by, timezone.now()
            wanted.sought_values.all().delete()
        wanted.save()
    if searched["traces"]:
        raise TracesLeft(
            _("Erased, but not without a trace (places: %(count)d). Look at each of them.")
            % {"count": len(searched["traces"]) + searched["more"]}
        )
    return wanted


def _searched(report: traces.Report, values: set[holdings.Sought]) -> dict[str, Any]:
    kinds = Counter(kind for kind, _value in values)
    texts = kinds.get(sought.Kind.TEXT, 0)
    omitted = [SoughtValue._meta.db_table]
    return {
        "values": dict(sorted(kinds.items())),
        "names": sought.Kind.NAME in kinds,
        "texts_in_full": texts < sought.MOST_TEXTS,
        "tables": report.tables,
        "not_searched": omitted,
        "files": report.files,
        "traces": [asdict(one) for one in report.traces],
        "more": report.uncounted,
        "of_others": dict(sorted(report.others.items())),
        "kept": dict(sorted(report.kept.items())),
    }


def _kept(found: Found) -> list[dict[str, Any]]:
    """The tables in which rows stay, with how many and why."""
    return [
        {"table": holding.label, "rows": len(found.now[holding.label]), "why": holding.kept}
        for holding in holdings.holdings()
        if holding.kept and found.now[holding.label]
    ]


def _kept_ids(hits: Mapping[str, int]) -> list[dict[str, Any]]:
    """Why an id of the person stays in rows that are not theirs; those that there are."""
    kept = []
    for part in holdings.parts():
        for where, why in part.kept.items():
            label, _dot, column = where.rpartition(".")
            rows = hits.get(f"{apps.get_model(label)._meta.db_table}.{column}", 0)
            kept += [{"table": label, "rows": rows, "why": why}] if rows else []
    return kept


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {label: count for label, count in sorted(counts.items()) if count}


def _locked(request_id: UUID, *states: str) -> ErasureRequest:
    rows = ErasureRequest.objects.select_for_update(of=("self",))
    wanted = rows.get(pk=request_id)
    _demand(wanted, *states)
    return wanted


def _demand(wanted: ErasureRequest, *states: str) -> None:
    if wanted.state not in states:
        message = _("This cannot be done now: %(state)s.")
        state = wanted.get_state_display()
        raise Refused(message % {"state": state}, code=f"erasure_{wanted.state}")

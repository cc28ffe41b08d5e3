"""On every record that was migrated: the legacy rows behind it, by which rule, in which run.

Who may not open the archive is told the same without links: ids of rows say nothing of anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_import.admin.rows import MANY
from crm_import.models import Crosswalk, Entity, ImportRun, OptionValue, RowOutcome
from crm_import.tables import TABLES
from patients.models import MergedPatient, Patient, Submission
from portal.core.admin import origins
from portal.core.admin.display import NOTHING, moment, record_link
from portal.core.admin.origins import Origin, Source
from portal.core.permissions import may
from referrals.models import CTReferral, EAPDossier

RULES: Mapping[str, str | Promise] = {
    "first": gettext_lazy("It started the record."),
    "decided": gettext_lazy("Somebody decided that it is the same person."),
    "linked": gettext_lazy("Linked in the CRM, with the same name."),
    "linked_part": gettext_lazy("Linked in the CRM, with part of the name."),
    "same_email_and_name": gettext_lazy("Same e-mail and name."),
    "same_eap_and_name": gettext_lazy("Same dossier number and name."),
    "same_trial_and_name": gettext_lazy("Same trial and name."),
    "same_licence_and_name": gettext_lazy("Same license and last name."),
    "same_name": gettext_lazy("Same name."),
    "same_patient_and_trial": gettext_lazy("Same patient and trial."),
    "same_number_and_patient": gettext_lazy("Same number and patient."),
    "booking_date": gettext_lazy("Its booking date."),
    "earlier_booking_date": gettext_lazy("A booking date that was overwritten later."),
    "known": gettext_lazy("It came in before."),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A legacy row behind a record."""

    entity: str
    legacy_id: UUID
    rule: str | Promise
    run: ImportRun | None


def _crosswalk(label: str, ids: Any) -> list[_Row]:
    """`ids` is a list, or a query for them."""
    rows = Crosswalk.objects.filter(target_model=label, target_id__in=ids)
    return [
        _Row(one.entity, one.legacy_id, RULES.get(one.rule, one.rule), one.run)
        for one in rows.select_related("run").order_by("pk")[: MANY + 1]
    ]


def _direct(record: Any) -> list[_Row]:
    return _crosswalk(record._meta.label_lower, [record.pk])


def _of_patient(record: Any) -> list[_Row]:
    own = Patient.objects.filter(pk=record.pk).order_by().values("pk")
    former = MergedPatient.objects.filter(survivor=record).order_by().values("old_id")
    return _crosswalk(record._meta.label_lower, own.union(former, all=True))


def _through(model: Any, field: str) -> Callable[[Any], list[_Row]]:
    """Of a record that rows only name: the rows that became what points at it."""

    def rows(record: Any) -> list[_Row]:
        pointing = model.objects.filter(**{field: record}).order_by("pk")
        return _crosswalk(model._meta.label_lower, pointing.values("pk")[:MANY])

    return rows


def _of_submission(record: Submission) -> list[_Row]:
    if record.source != Submission.Source.LEGACY_CRM:
        return []
    legacy_id = record.match_evidence.get("legacy_id")
    placed = Crosswalk.objects.filter(legacy_id=legacy_id, entity=Entity.CONTACT).order_by("pk")
    came = placed.select_related("run").first() if legacy_id else None
    if came is None:
        return []
    version = record.match_evidence.get("version")
    rule = _("One version of the row is one form.")
    if version is not None:
        rule = _("Version %(version)s of the row, word for word.") % {"version": version}
    return [_Row(Entity.CONTACT, came.legacy_id, rule, came.run)]


_ROWS: Mapping[str, Callable[[Any], list[_Row]]] = {
    "patients.patient": _of_patient,
    "patients.specialist": _direct,
    "patients.hospital": _direct,
    "patients.specialization": _direct,
    "patients.medicalcondition": _direct,
    "patients.submission": _of_submission,
    "bookings.booking": _direct,
    "referrals.ctreferral": _direct,
    "referrals.eapdossier": _direct,
    "referrals.clinicaltrial": _through(CTReferral, "trial"),
    "referrals.expandedaccessprogram": _through(EAPDossier, "program"),
}
_OF_VALUES = {"patients.medicalcondition": "medical_condition", "referrals.product": "product"}


def origin(record: Any, user: Any) -> Origin | None:
    """The legacy rows and option values that a record was made of; None when there are none."""
    label = record._meta.label_lower
    rows = _ROWS[label](record) if label in _ROWS else []
    sources = [*_sources(rows[:MANY], user), *_values(record, user)]
    if not sources:
        return None
    listed = reverse("admin:crm_import_crosswalk_changelist")
    has_more = len(rows) > MANY and may(user, "view", Crosswalk)
    return Origin(
        said=_("From the legacy CRM."),
        sources=sources,
        more_url=f"{listed}?{urlencode({'q': record.pk})}" if has_more else "",
    )


def _sources(rows: Sequence[_Row], user: Any) -> list[Source]:
    archived = _archived(rows)
    return [
        Source(
            what=_named(row, archived.get((row.entity, row.legacy_id)), user),
            rule=row.rule,
            came=_run(row.run, user),
        )
        for row in rows
    ]


def _archived(rows: Sequence[_Row]) -> dict[tuple[str, UUID], int]:
    """The newest row of the archive of each legacy id that became something."""
    if not rows:
        return {}
    placed = (RowOutcome.Outcome.IMPORTED, RowOutcome.Outcome.MERGED)
    outcomes = RowOutcome.objects.filter(
        legacy_id__in={row.legacy_id for row in rows}, outcome__in=placed
    ).order_by("row")
    return {(one.entity, one.legacy_id): one.row for one in outcomes if one.legacy_id}


def _named(row: _Row, archived: int | None, user: Any) -> SafeString | str:
    """The table and the legacy id, leading to the row as it came."""
    said = f"{Entity(row.entity).label} {row.legacy_id}"
    model = next(table.model for table in TABLES if table.name == row.entity)
    if archived is None or not may(user, "view", model):
        return said
    url = reverse(f"admin:crm_import_{model._meta.model_name}_change", args=[archived])
    return format_html('<a class="portal-link" href="{}">{}</a>', url, said)


def _run(run: ImportRun | None, user: Any) -> SafeString | str:
    if run is None:
        return NOTHING
    when = moment(run.started_at)
    return record_link(run, when) if may(user, "view", ImportRun) else when


def _values(record: Any, user: Any) -> list[Source]:
    """Values of an option set that mean this record."""
    option_set = _OF_VALUES.get(record._meta.label_lower)
    if option_set is None:
        return []
    meant = OptionValue.objects.filter(
        option_set=option_set, meaning=str(record.pk), state=OptionValue.State.APPROVED
    ).select_related("run")
    return [
        Source(
            what=record_link(value) if may(user, "view", OptionValue) else str(value),
            rule=_("A value of the option set: %(labels)s") % {"labels": ", ".join(value.labels)},
            came=_run(value.run, user),
        )
        for value in meant[:MANY]
    ]


origins.join(origin)

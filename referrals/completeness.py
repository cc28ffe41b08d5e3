"""Which of the things that are needed to offer a trial or program the catalogue has.

Each need is one condition in SQL, so that a page, a list and REST count the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _

from referrals.models import (
    ClinicalTrial,
    ExpandedAccessProgram,
    ProgramCondition,
    TrialCondition,
    TrialSite,
)
from referrals.models.described import Described


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is needed: a stable key, what it is called, and when it is there."""

    key: str
    label: Any
    is_met: Any


def _filled(field: str) -> Q:
    return ~Q(**{field: ""})


def _any(model: type[models.Model], key: str, **lookups: Any) -> Exists:
    return Exists(model._default_manager.filter(**{key: OuterRef("pk")}, **lookups))


_CONTACT = ~Q(contacts=[])
_AT_A_SITE = Q(_any(TrialSite, "trial", contacts__0__isnull=False))
_BOTH = (
    Need("title", _("title"), _filled("title")),
    Need("sponsor", _("sponsor"), _filled("sponsor")),
    Need("criteria", _("eligibility criteria"), _filled("criteria_text")),
    Need(
        "confirmed", _("confirmation by the trial or sponsor"), Q(last_confirmed_on__isnull=False)
    ),
)
NEEDS: dict[type[Described], Sequence[Need]] = {
    ClinicalTrial: (
        *_BOTH,
        Need("status", _("status"), ~Q(status="UNKNOWN")),
        Need("study_type", _("study type"), _filled("study_type")),
        Need("interventions", _("interventions"), ~Q(interventions=[])),
        Need("conditions", _("a condition of ours"), _any(TrialCondition, "trial")),
        Need("sites", _("a site in a known country"), _any(TrialSite, "trial", country__gt="")),
        Need(
            "contact",
            _("somebody to ask"),
            _CONTACT | _AT_A_SITE,
        ),
    ),
    ExpandedAccessProgram: (
        *_BOTH,
        Need("availability", _("availability"), ~Q(availability="UNKNOWN")),
        Need("product", _("product"), Q(product__isnull=False)),
        Need("access_types", _("kinds of access"), ~Q(access_types=[])),
        Need("conditions", _("a condition of ours"), _any(ProgramCondition, "program")),
        Need("countries", _("countries"), ~Q(countries=[])),
        Need("contact", _("somebody to ask"), _CONTACT),
    ),
}


class _Missing(models.Func):
    """The keys of the needs that are not met, as an array."""

    function = "array_remove"
    template = "array_remove(ARRAY[%(expressions)s]::text[], NULL)"
    output_field = ArrayField(models.TextField())


def missing(model: type[Described]) -> models.Expression:
    """The SQL of the keys of what is missing."""
    return _Missing(
        *(
            Case(
                When(need.is_met, then=Value(None)),
                default=Value(need.key),
                output_field=models.TextField(),
            )
            for need in NEEDS[model]
        )
    )


def percent(model: type[Described]) -> models.Expression:
    """The SQL of the share of needs that are met, from 0 to 100."""
    needs = NEEDS[model]
    met: Any = Value(0)
    for need in needs:
        met = met + Case(When(need.is_met, then=Value(1)), default=Value(0))
    return models.ExpressionWrapper(met * 100 / len(needs), output_field=models.IntegerField())


def missing_of(row: Described) -> list[Need]:
    """What is missing of one row, in the order of the needs."""
    model = type(row)
    keys = model._default_manager.annotate(lacking=missing(model)).values_list("lacking", flat=True)
    lacking = keys.get(pk=row.pk)
    return [need for need in NEEDS[model] if need.key in lacking]

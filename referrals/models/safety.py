"""Safety reports: what happened to a patient in expanded access, who has to know, and until when.

`referrals.models.safety_clocks` has the law behind the clocks. The status is changed by verbs only
(`referrals.safety_reporting`).
"""

from datetime import datetime
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Least
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.eap import EAPDossier
from referrals.models.safety_clocks import FOR_AUTHORITY, FOR_SPONSOR, NO_MOMENT, LatestDay


class SafetyReportQuerySet(models.QuerySet[Any]):
    """Safety reports, in the words of those who have to send them."""

    def waiting(self) -> Self:
        """Somebody has still to be told, by law."""
        return self.filter(due_at__isnull=False)


# A report goes on from one of its own dossier. It takes another row to see that, so no CHECK can.
_ONE_DOSSIER = pgtrigger.Trigger(
    name="one_dossier",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=(
        "IF NEW.follows_id IS NOT NULL AND NEW.dossier_id IS DISTINCT FROM "
        "(SELECT dossier_id FROM referrals_safetyreport WHERE id = NEW.follows_id) THEN "
        "RAISE EXCEPTION 'reports of two dossiers' USING ERRCODE = 'check_violation', "
        "CONSTRAINT = 'referrals_safetyreport_one_dossier', TABLE = TG_TABLE_NAME; "
        "END IF; RETURN NEW;"
    ),
)


@pgtrigger.register(_ONE_DOSSIER)
@tracked
class SafetyReport(Record):
    """One adverse event of a patient as we heard of it, and whom we told.

    What is learnt later about the same event is a further report that `follows` this one: it has
    clocks of its own, from the moment of the new knowledge.
    """

    class Seriousness(models.TextChoices):
        # ICH E2A, section II.B.
        DEATH = "death", _("Death")
        LIFE_THREATENING = "life_threatening", _("Life-threatening")
        HOSPITALISATION = "hospitalisation", _("Hospitalisation, or prolonged")
        DISABILITY = "disability", _("Lasting or significant disability")
        CONGENITAL = "congenital", _("Congenital anomaly or birth defect")
        MEDICALLY_IMPORTANT = "medically_important", _("Other medically important")

    class Expectedness(models.TextChoices):
        EXPECTED = "expected", _("Expected")
        UNEXPECTED = "unexpected", _("Unexpected")
        UNKNOWN = "unknown", _("Not assessed")

    class Relatedness(models.TextChoices):
        RELATED = "related", _("Related")
        POSSIBLE = "possible", _("Possibly related")
        NOT_RELATED = "not_related", _("Not related")
        UNKNOWN = "unknown", _("Not assessed")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Nobody told")
        REPORTED = "reported", _("Reported")
        CLOSED = "closed", _("Closed")

    class Outcome(models.TextChoices):
        # ICH E2B(R3), E.i.7.
        RECOVERED = "recovered", _("Recovered")
        RECOVERING = "recovering", _("Recovering")
        NOT_RECOVERED = "not_recovered", _("Not recovered")
        SEQUELAE = "sequelae", _("Recovered with sequelae")
        FATAL = "fatal", _("Fatal")
        UNKNOWN = "unknown", _("Unknown")

    dossier = models.ForeignKey(
        EAPDossier,
        verbose_name=_("dossier"),
        on_delete=models.PROTECT,
        related_name="safety_reports",
    )
    follows = models.ForeignKey(
        "self",
        verbose_name=_("goes on from"),
        on_delete=models.PROTECT,
        null=True,  # null: the first report of this event
        blank=True,
        related_name="followed_by",
        help_text=_("The report of the same event to which this adds something."),
    )
    description = models.TextField(
        _("what happened"),
        help_text=_("The event, treatment and course. No names: the sponsor reads this."),
    )
    seriousness = ArrayField(
        models.CharField(max_length=20, choices=Seriousness.choices),
        verbose_name=_("why it is serious"),
        default=list,
        blank=True,
        help_text=_("All that apply; none: not serious, and no clock runs."),
    )
    expectedness = models.CharField(
        _("expectedness"),
        max_length=15,
        choices=Expectedness.choices,
        default=Expectedness.UNKNOWN,
        help_text=_("By the investigator's brochure. Not assessed counts as unexpected."),
    )
    relatedness = models.CharField(
        _("relatedness"),
        max_length=15,
        choices=Relatedness.choices,
        default=Relatedness.UNKNOWN,
        help_text=_("By the physician. Not assessed counts as suspected."),
    )
    onset_on = models.DateField(_("began on"), null=True, blank=True)  # null: not known
    aware_at = models.DateTimeField(
        _("known since"), help_text=_("When the first of us heard of it. The clocks start here.")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    sponsor_told_at = models.DateTimeField(
        _("sponsor told"), null=True, blank=True
    )  # null: not yet
    sponsor_reference = models.CharField(_("sponsor's reference"), max_length=100, blank=True)
    authority_told_at = models.DateTimeField(
        _("authority told"),
        null=True,  # null: not yet
        blank=True,
        help_text=_("By the sponsor, or by the physician who is the sponsor."),
    )
    authority = models.CharField(_("which authority"), max_length=100, blank=True)
    authority_reference = models.CharField(_("authority's reference"), max_length=100, blank=True)
    outcome = models.CharField(
        _("outcome of the event"), max_length=15, choices=Outcome.choices, blank=True
    )
    closing_remark = models.TextField(_("closing remark"), blank=True)
    sponsor_due_at = models.GeneratedField(
        verbose_name=_("sponsor to be told by"),
        expression=FOR_SPONSOR,
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )
    authority_due_at = models.GeneratedField(
        verbose_name=_("authority to be told by"),
        expression=FOR_AUTHORITY,
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )
    due_at = models.GeneratedField(
        verbose_name=_("next to be told by"),
        expression=Case(
            When(status="closed", then=NO_MOMENT),
            default=Least(  # of PostgreSQL, which passes over nulls
                Case(When(sponsor_told_at=None, then=FOR_SPONSOR), default=NO_MOMENT),
                Case(When(authority_told_at=None, then=FOR_AUTHORITY), default=NO_MOMENT),
            ),
            output_field=models.DateTimeField(),
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    objects: ClassVar[SafetyReportQuerySet] = SafetyReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("safety report")
        verbose_name_plural = _("safety reports")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("status", "draft", "reported", "closed"),
                name="referrals_safetyreport_status_known",
            ),
            one_of(
                *("outcome", "", "recovered", "recovering", "not_recovered", "sequelae"),
                *("fatal", "unknown"),
                name="referrals_safetyreport_outcome_known",
            ),
            one_of(
                *("expectedness", "expected", "unexpected", "unknown"),
                name="referrals_safetyreport_expectedness_known",
            ),
            one_of(
                *("relatedness", "related", "possible", "not_related", "unknown"),
                name="referrals_safetyreport_relatedness_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    seriousness__contained_by=[
                        "death",
                        "life_threatening",
                        "hospitalisation",
                        "disability",
                        "congenital",
                        "medically_important",
                    ]
                ),
                name="referrals_safetyreport_seriousness_known",
                violation_error_message=_("This is no known choice."),
            ),
            models.CheckConstraint(
                condition=~Q(description=""),
                name="referrals_safetyreport_described",
                violation_error_message=_("Say what happened."),
            ),
            models.CheckConstraint(
                condition=Q(onset_on=None) | Q(onset_on__lte=LatestDay("aware_at")),
                name="referrals_safetyreport_known_after_onset",
                violation_error_message=_("It cannot be known before it began."),
            ),
            models.CheckConstraint(
                condition=(Q(sponsor_told_at=None) | Q(sponsor_told_at__gte=F("aware_at")))
                & (Q(authority_told_at=None) | Q(authority_told_at__gte=F("aware_at"))),
                name="referrals_safetyreport_told_after_known",
                violation_error_message=_("Nobody is told before it was known."),
            ),
            models.CheckConstraint(
                condition=Q(status="closed")
                | Q(status="draft", sponsor_told_at=None, authority_told_at=None)
                | Q(status="reported", sponsor_told_at__isnull=False)
                | Q(status="reported", authority_told_at__isnull=False),
                name="referrals_safetyreport_reported_says_when",
                violation_error_message=_("Reported means that somebody was told on a day."),
            ),
            models.CheckConstraint(
                condition=Q(authority_told_at=None) | ~Q(authority=""),
                name="referrals_safetyreport_names_authority",
                violation_error_message=_("Say which authority was told."),
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | ~Q(outcome=""),
                name="referrals_safetyreport_closed_has_outcome",
                violation_error_message=_("A report is closed with the outcome of the event."),
            ),
            models.CheckConstraint(
                condition=~Q(follows=F("id")),
                name="referrals_safetyreport_not_itself",
                violation_error_message=_("A report cannot go on from itself."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_safetyreport_newest"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="referrals_safetyreport_changed"),
            # Who has to be told next.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="referrals_safetyreport_due",
            ),
        )

    class Privacy:
        none = (
            "dossier",
            "follows",
            "aware_at",
            "status",
            "sponsor_told_at",
            "authority_told_at",
            "authority",
            "sponsor_due_at",
            "authority_due_at",
            "due_at",
        )
        identifying = ("sponsor_reference", "authority_reference")
        medical = ("seriousness", "expectedness", "relatedness", "onset_on", "outcome")
        free_text = ("description", "closing_remark")

    def __str__(self) -> str:
        said = " ".join(self.description.split())
        return said if len(said) <= 60 else f"{said[:59]}…"

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_safetyreport_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse a report of another dossier to go on from."""
        super().clean()
        if self.follows is not None and self.follows.dossier_id != self.dossier_id:
            message = _("That is a report of another dossier. Choose one of this dossier.")
            raise ValidationError({"follows": ValidationError(message, code="other_dossier")})

    @property
    def is_serious(self) -> bool:
        return bool(self.seriousness)

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether somebody should have been told before `now`."""
        return self.due_at is not None and self.due_at < now

"""What was agreed to be done for a dossier. The status is changed by verbs (`following_up`)."""

from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.eap import EAPDossier
from referrals.models.routes import Responsible


class FollowUpQuerySet(models.QuerySet[Any]):
    """Follow-ups, in the words of those who do them."""

    def open(self) -> Self:
        return self.filter(status=FollowUp.Status.OPEN)

    def due(self, *, today: date) -> Self:
        """Not done, and due by `today`."""
        return self.open().filter(due_on__lte=today)


@tracked
class FollowUp(Record):
    """One thing to be done for a dossier on a day: look after the patient, or report."""

    class Kind(models.TextChoices):
        VISIT = "visit", _("Visit")
        PHONE = "phone", _("Phone call")
        LAB = "lab", _("Lab test")
        SPONSOR_REPORT = "sponsor_report", _("Report to the sponsor")
        AUTHORITY_REPORT = "authority_report", _("Report to the authority")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    # These are owed also after the treatment has ended (21 CFR 312.310(c)(2): a summary of the
    # results, adverse effects included, at the conclusion of treatment).
    REPORTS: ClassVar[tuple[str, ...]] = ("sponsor_report", "authority_report")

    dossier = models.ForeignKey(
        EAPDossier, verbose_name=_("dossier"), on_delete=models.PROTECT, related_name="follow_ups"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    responsible = models.CharField(
        _("who acts"),
        max_length=20,
        choices=Responsible.choices,
        default=Responsible.NAVIGATOR,
    )
    instructions = models.CharField(
        _("what to do"), max_length=300, blank=True, help_text=_("“ALT, AST and bilirubin”")
    )
    due_on = models.DateField(_("due"))
    repeats_days = models.PositiveSmallIntegerField(
        _("again after days"),
        null=True,  # null: it is done once
        blank=True,
        help_text=_("When it is done, the next one is put down. Counted from the due day."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    done_on = models.DateField(_("done"), null=True, blank=True)  # null: not done
    outcome_text = models.TextField(_("what came of it"), blank=True)

    objects: ClassVar[FollowUpQuerySet] = FollowUpQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("status", "open", "done", "cancelled"),
                name="referrals_followup_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_on__isnull=False)
                | Q(status__in=("open", "cancelled"), done_on=None),
                name="referrals_followup_done_says_when",
                violation_error_message=_("What is done has a day, and only that."),
            ),
            models.CheckConstraint(
                condition=Q(repeats_days=None) | Q(repeats_days__gt=0),
                name="referrals_followup_repeats",
                violation_error_message=_("It comes again after a day at the earliest."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_followup_newest"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="referrals_followup_changed"),
            # What is due, soonest first.
            models.Index(
                fields=["due_on", "id"], condition=Q(status="open"), name="referrals_followup_due"
            ),
        )

    class Privacy:
        none = ("dossier", "kind", "responsible", "due_on", "repeats_days", "status", "done_on")
        free_text = ("instructions", "outcome_text")

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_followup_change", args=[self.pk])

"""Referrals of a patient to a clinical trial. Their status is changed by verbs only."""

from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, Specialist
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.catalogue import NO_LONGER_RECRUITING, ClinicalTrial, TrialSite
from referrals.models.physicians import demand_physician
from referrals.models.reasons import UNFIT
from referrals.models.routes import Responsible


class CTReferralQuerySet(models.QuerySet[Any]):
    """Referrals, in the words of the people who wait for them."""

    def active(self) -> Self:
        return self.filter(status__in=CTReferral.ACTIVE)

    def no_longer_recruiting(self) -> Self:
        """Not enrolled yet, and the trial takes nobody in any more."""
        return self.filter(
            status__in=CTReferral.BEFORE_ENROLMENT, trial__status__in=NO_LONGER_RECRUITING
        )

    def waiting_on_site(self) -> Self:
        """Sent, and the site has to say something."""
        return self.filter(status__in=CTReferral.AT_THE_SITE)

    def silent(self, *, today: date) -> Self:
        """Sent, and the site has not answered by the day on which it should have."""
        return self.waiting_on_site().filter(due_on__lt=today)


@tracked
class CTReferral(Record):
    """One patient referred to one trial. Referring again after an end is a further row."""

    class Eligible(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        UNKNOWN = "unknown", _("Unknown")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        INELIGIBLE = "ineligible", _("Ineligible")
        ELIGIBLE = "eligible", _("Eligible")
        DECLINED = "declined", _("Declined by the patient")
        REFERRED = "referred", _("Referred")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged by the site")
        SCREENING = "screening", _("Screening")
        SCREEN_FAILED = "screen_failed", _("Screen failed")
        ENROLLED = "enrolled", _("Enrolled")
        COMPLETED = "completed", _("Completed")
        DISCONTINUED = "discontinued", _("Discontinued")
        SITE_DECLINED = "site_declined", _("Declined by the site")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        TRIAL_CLOSED = "trial_closed", _("Trial closed")
        LOST_CONTACT = "lost_contact", _("Lost contact")
        DECEASED = "deceased", _("Deceased")

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Pending")
        ENROLLED = "enrolled", _("Enrolled")
        SCREEN_FAILED = "screen_failed", _("Screen failed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SITE_DECLINED = "site_declined", _("Declined by the site")
        OTHER = "other", _("Another outcome")

    ACTIVE: ClassVar[tuple[str, ...]] = (
        "draft",
        "eligible",
        "referred",
        "acknowledged",
        "screening",
        "enrolled",
    )
    BEFORE_ENROLMENT: ClassVar[tuple[str, ...]] = tuple(s for s in ACTIVE if s != "enrolled")

    AT_THE_SITE: ClassVar[tuple[str, ...]] = ("referred", "acknowledged", "screening")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="ct_referrals",
        db_index=False,  # an index of Meta begins with it
    )
    trial = models.ForeignKey(
        ClinicalTrial,
        verbose_name=_("trial"),
        on_delete=models.PROTECT,
        related_name="referrals",
        db_index=False,  # an index of Meta begins with it
    )
    physician = models.ForeignKey(
        Specialist,
        verbose_name=_("physician"),
        on_delete=models.PROTECT,
        null=True,  # null: not sent yet, or not recorded in the legacy CRM
        blank=True,
        related_name="ct_referrals",
        limit_choices_to={"contact_type": "physician"},
        help_text=_("Who treated the patient when the referral was sent."),
    )
    status = models.CharField(
        _("status"), max_length=15, choices=Status.choices, default=Status.DRAFT
    )
    eligible = models.CharField(
        _("eligible"), max_length=10, choices=Eligible.choices, default=Eligible.UNKNOWN
    )
    ineligible_reason = models.CharField(
        _("why not"),
        max_length=20,
        choices=[(reason.value, reason.label) for reason in UNFIT],
        blank=True,
    )
    ineligible_text = models.TextField(_("why not, in words"), blank=True)
    referred_at = models.DateTimeField(_("referred"), null=True, blank=True)  # null: not sent
    outcome = models.CharField(
        _("outcome"), max_length=15, choices=Outcome.choices, default=Outcome.PENDING
    )
    site = models.ForeignKey(
        TrialSite,
        verbose_name=_("site"),
        on_delete=models.PROTECT,
        null=True,  # null: not sent yet, or not recorded in the legacy CRM
        blank=True,
        related_name="referrals",
    )
    status_since = models.DateTimeField(
        _("in this status since"), null=True, blank=True
    )  # null: not recorded in the legacy CRM
    due_on = models.DateField(
        _("answer due on"),
        null=True,  # null: nobody is waited for
        blank=True,
        help_text=_("When the one who holds the case is to be asked again."),
    )
    enrolled_on = models.DateField(_("enrolled on"), null=True, blank=True)  # null: not enrolled

    objects: ClassVar[CTReferralQuerySet] = CTReferralQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("clinical-trial referral")
        verbose_name_plural = _("clinical-trial referrals")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("status", "draft", "ineligible", "eligible", "declined", "referred"),
                *("acknowledged", "screening", "screen_failed", "enrolled", "completed"),
                *("discontinued", "site_declined", "withdrawn", "trial_closed", "lost_contact"),
                "deceased",
                name="referrals_ctreferral_status_known",
            ),
            one_of(
                *("outcome", "pending", "enrolled", "screen_failed", "withdrawn"),
                *("site_declined", "other"),
                name="referrals_ctreferral_outcome_known",
            ),
            models.UniqueConstraint(
                fields=("patient", "trial"),
                condition=models.Q(
                    status__in=(
                        "draft",
                        "eligible",
                        "referred",
                        "acknowledged",
                        "screening",
                        "enrolled",
                    )
                ),
                name="referrals_ctreferral_one_active",
                violation_error_message=_("This patient has an active referral to this trial."),
            ),
            models.CheckConstraint(
                condition=~models.Q(status="ineligible") | ~models.Q(ineligible_reason=""),
                name="referrals_ctreferral_ineligible_has_reason",
                violation_error_message=_("Ineligible needs a coded reason."),
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=("enrolled", "completed", "discontinued"))
                | ~models.Q(eligible="no"),
                name="referrals_ctreferral_enrolled_not_ineligible",
                violation_error_message=_("Somebody who is not eligible cannot be enrolled."),
            ),
            # Further on, the legacy CRM did not always say when.
            models.CheckConstraint(
                condition=~models.Q(status__in=("referred", "acknowledged", "screening"))
                | models.Q(referred_at__isnull=False),
                name="referrals_ctreferral_referred_says_when",
                violation_error_message=_("Say when the referral was sent."),
            ),
        )
        indexes = (
            # The list, newest first; a patient's referrals.
            models.Index(fields=["-created_at", "-id"], name="referrals_ctreferral_newest"),
            models.Index(
                fields=["patient", "-created_at", "-id"], name="referrals_ctreferral_patient"
            ),
            models.Index(fields=["trial", "-created_at", "-id"], name="referrals_ctreferral_trial"),
            models.Index(
                fields=["status", "-created_at", "-id"], name="referrals_ctreferral_status"
            ),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="referrals_ctreferral_changed"),
            # The queue of sites that keep silent, the longest first.
            models.Index(
                fields=["due_on", "id"],
                condition=models.Q(status__in=("referred", "acknowledged", "screening")),
                name="referrals_ctreferral_due",
            ),
        )

    class Privacy:
        none = ("patient", "physician", "status", "referred_at", "status_since", "due_on")
        medical = ("trial", "site", "enrolled_on", "eligible", "ineligible_reason", "outcome")
        free_text = ("ineligible_text",)

    def __str__(self) -> str:
        return f"{self.trial.registry_id}: {self.get_status_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_ctreferral_change", args=[self.pk])

    def clean(self) -> None:
        """Also refuse a physician who is none (a foreign key cannot say it)."""
        super().clean()
        demand_physician(self.physician)

    @property
    def is_no_longer_recruiting(self) -> bool:
        """Whether the trial takes nobody in any more before this patient was enrolled."""
        return self.status in self.BEFORE_ENROLMENT and self.trial.status in NO_LONGER_RECRUITING

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def holder(self) -> Responsible | None:
        """Who has to act next; None when it has ended."""
        return _HOLDERS.get(CTReferral.Status(self.status))


_HOLDERS = {
    CTReferral.Status.DRAFT: Responsible.NAVIGATOR,
    CTReferral.Status.ELIGIBLE: Responsible.NAVIGATOR,
    CTReferral.Status.REFERRED: Responsible.SITE,
    CTReferral.Status.ACKNOWLEDGED: Responsible.SITE,
    CTReferral.Status.SCREENING: Responsible.SITE,
    CTReferral.Status.ENROLLED: Responsible.SITE,
}

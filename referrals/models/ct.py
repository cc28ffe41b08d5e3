"""Referrals of a patient to a clinical trial. Their status is changed by verbs only."""

from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, Specialist
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.catalogue import NO_LONGER_RECRUITING, ClinicalTrial
from referrals.models.physicians import demand_physician


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
        return self.filter(
            status__in=(
                CTReferral.Status.REFERRED,
                CTReferral.Status.ACKNOWLEDGED,
                CTReferral.Status.SCREENING,
            )
        )


@tracked
class CTReferral(Record):
    """One patient referred to one trial. Referring again after an end is a further row."""

    class Eligible(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        UNKNOWN = "unknown", _("Unknown")

    class IneligibleReason(models.TextChoices):
        AGE = "age", _("Age")
        DIAGNOSIS = "diagnosis", _("Diagnosis or subtype")
        STAGE = "stage", _("Stage or too late after diagnosis")
        PRIOR_TREATMENT = "prior_treatment", _("Earlier treatment")
        PERFORMANCE = "performance", _("Performance status")
        LAB = "lab", _("Lab values or organ function")
        COMORBIDITY = "comorbidity", _("Other illness or medication")
        GENETICS = "genetics", _("Genetic or molecular test")
        DISTANCE = "distance", _("Distance or travel")
        OTHER = "other", _("Another reason")

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
        _("why not"), max_length=20, choices=IneligibleReason.choices, blank=True
    )
    ineligible_text = models.TextField(_("why not, in words"), blank=True)
    referred_at = models.DateTimeField(_("referred"), null=True, blank=True)  # null: not sent
    outcome = models.CharField(
        _("outcome"), max_length=15, choices=Outcome.choices, default=Outcome.PENDING
    )

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
        )

    class Privacy:
        none = ("patient", "physician", "status", "referred_at")
        medical = ("trial", "eligible", "ineligible_reason", "outcome")
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

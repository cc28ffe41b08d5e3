"""Options reports: what a patient or physician was told about the options, as it was told."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models import Document, Patient
from portal.core.choices import language_choices
from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User


@append_only
@tracked
class OptionsReport(Record):
    """One report as it was made; `referrals.reporting` makes them, nothing changes them.

    The PDF is one of the patient's documents. `content` is what both it and the HTML say.
    """

    class Audience(models.TextChoices):
        PATIENT = "patient", _("the patient")
        PHYSICIAN = "physician", _("the physician")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="options_reports",
        db_index=False,  # an index of Meta begins with it
    )
    number = models.PositiveBigIntegerField(_("number"))
    audience = models.CharField(_("for"), max_length=10, choices=Audience.choices)
    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    content = models.JSONField(_("content"))
    html = models.TextField(_("HTML"))
    html_sha256 = models.CharField(_("SHA-256 of the HTML"), max_length=64)
    document = models.OneToOneField(
        Document, verbose_name=_("PDF"), on_delete=models.PROTECT, related_name="options_report"
    )
    made_by = models.ForeignKey(
        User, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="options_reports"
    )

    class Meta:
        verbose_name = _("options report")
        verbose_name_plural = _("options reports")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("number",),
                name="referrals_optionsreport_number_once",
                violation_error_message=_("Another report has this number."),
            ),
            one_of(
                *("audience", "patient", "physician"),
                name="referrals_optionsreport_audience_known",
            ),
        )
        indexes = (
            # A patient's reports, newest first.
            models.Index(
                fields=["patient", "-created_at", "-id"], name="referrals_optionsreport_of"
            ),
            models.Index(fields=["-created_at", "-id"], name="referrals_optionsreport_newest"),
        )

    class Privacy:
        none = ("patient", "number", "audience", "language", "html_sha256", "document", "made_by")
        # Not free text: most of it are titles of trials and sentences of ours, which stand in many
        # rows, so nothing in it tells whose it was.
        medical = ("content", "html")
        # A row never changes, so its history would be a second copy.
        not_in_history = ("content", "html")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_optionsreport_change", args=[self.pk])

    @property
    def title(self) -> str:
        """What the report and its files are called: nothing personal."""
        words = {"number": self.number, "audience": self.get_audience_display()}
        return _("Options report %(number)d, for %(audience)s") % words

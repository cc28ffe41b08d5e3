"""What was said and decided about a patient: submissions, consents, notes, documents.

Submissions, consents and notes are append-only: the database refuses to change or delete them.
"""

from datetime import timedelta
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patients import Patient
from portal.core.choices import language_choices
from portal.core.constraints import one_of
from portal.core.history import append_only, tracked
from portal.core.models import Record, User

# The clocks of two machines never agree to the second.
CLOCKS_DIFFER = timedelta(minutes=5)


@append_only
@tracked
class Submission(Record):
    """One form of the landing page as it came in, word for word, and how it was matched."""

    class Source(models.TextChoices):
        LANDING_PAGE = "landing_page", _("landing page")
        API = "api", _("another system")
        LEGACY_CRM = "legacy_crm", _("legacy CRM")

    class Match(models.TextChoices):
        NEW = "new", _("new person")
        JOINED = "joined", _("joined a known person")
        AMBIGUOUS = "ambiguous", _("new person, may be known")
        MANUAL = "manual", _("matched by hand")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="submissions",
        db_index=False,  # an index of Meta begins with it
    )
    source = models.CharField(_("source"), max_length=20, choices=Source.choices)
    received_at = models.DateTimeField(_("received"), default=timezone.now, db_default=Now())
    payload = models.JSONField(
        _("as it came in"),
        encoder=DjangoJSONEncoder,
        help_text=_("The form's fields and what was filled in, unchanged."),
    )
    match = models.CharField(_("match"), max_length=20, choices=Match.choices)
    match_evidence = models.JSONField(_("why"), default=dict, blank=True, db_default={})
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=200,
        blank=True,
        help_text=_("Given by the sender: the same key is the same submission."),
    )

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "idempotency_key"),
                condition=~models.Q(idempotency_key=""),
                name="patients_submission_key_once",
                violation_error_message=_("This submission has been received already."),
            ),
        )
        indexes = (
            # The list and a patient's submissions, newest first.
            models.Index(fields=["-received_at", "-id"], name="patients_submission_newest"),
            models.Index(
                fields=["patient", "-received_at", "-id"], name="patients_submission_patient"
            ),
            # The filters of the list, by source (REST as well) and by match, in its order.
            models.Index(
                fields=["source", "-received_at", "-id"], name="patients_submission_source"
            ),
            models.Index(fields=["match", "-received_at", "-id"], name="patients_submission_match"),
        )

    class Privacy:
        none = ("patient", "source", "received_at", "match", "idempotency_key")
        identifying = ("match_evidence",)
        free_text = ("payload",)

    def __str__(self) -> str:
        received = timezone.localtime(self.received_at)
        return f"{self.get_source_display()}, {received:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_submission_change", args=[self.pk])


class ConsentQuerySet(models.QuerySet[Any]):
    """Decisions about consent. One dated in the future counts from then on."""

    def current(self) -> Self:
        """The last decision for each patient, purpose and scope."""
        return self.filter(
            id=_last_decision(purpose=models.OuterRef("purpose"), scope=models.OuterRef("scope"))
        )

    def active(self, purpose: str, *, scope: str = "") -> Self:
        """Decisions in force that allow `purpose` within `scope`.

        A decision without a scope is about all of them, so the last of both counts.
        """
        last = _last_decision(purpose=purpose, scope__in={"", scope})
        return self.filter(id=last, decision=Consent.Decision.GIVEN)

    def refusing(self, purpose: str) -> Self:
        """Decisions in force that say no to `purpose`, whatever for."""
        noes = (Consent.Decision.REFUSED, Consent.Decision.WITHDRAWN)
        last = _last_decision(purpose=purpose, scope="")
        return self.filter(purpose=purpose, scope="", decision__in=noes, id=last)


def _last_decision(**about: Any) -> models.Subquery:
    made = Consent.objects.filter(
        patient=models.OuterRef("patient"), decided_at__lte=Now() + CLOCKS_DIFFER, **about
    )
    return models.Subquery(made.order_by("-decided_at", "-id").values("id")[:1])


@append_only
@tracked
class Consent(Record):
    """One decision of a patient about one use of their data. The last one counts."""

    class Purpose(models.TextChoices):
        NAVIGATION = "navigation", _("processing health data to find options")
        CONTACT = "contact", _("being called and written to")
        PHYSICIAN = "physician", _("sharing with the physician")
        TRIAL_SITE = "trial_site", _("sharing with a trial site")
        EAP_SPONSOR = "eap_sponsor", _("sharing for an expanded access program")
        EHR = "ehr", _("exchanging with a hospital's record")
        RESEARCH = "research", _("pseudonymous statistics and research")

    class Decision(models.TextChoices):
        GIVEN = "given", _("Given")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Method(models.TextChoices):
        WEB_FORM = "web_form", _("web form")
        PHONE = "phone", _("read out on the phone")
        PAPER = "paper", _("signed paper")
        EMAIL = "email", _("e-mail")
        API = "api", _("another system")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="consents"
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    scope = models.CharField(
        _("scope"),
        max_length=200,
        blank=True,
        help_text=_("For one trial or program only: its number. Blank: for all of them."),
    )
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    text_version = models.CharField(
        _("text version"),
        max_length=50,
        help_text=_("The version of the text that was read or heard."),
    )
    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    method = models.CharField(_("how"), max_length=10, choices=Method.choices)
    obtained_by = models.ForeignKey(
        User,
        verbose_name=_("obtained by"),
        on_delete=models.PROTECT,
        null=True,  # null: by a form, nobody of staff was there
        blank=True,
        related_name="consents_obtained",
    )
    evidence = models.TextField(
        _("evidence"), blank=True, help_text=_("Where the proof is: a file, a recording, a form.")
    )
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Given by the program that sent it: the same key is the same decision."),
    )

    objects: ClassVar[ConsentQuerySet] = ConsentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("-decided_at", "-id")
        constraints = (
            one_of(
                *("decision", "given", "refused", "withdrawn"),
                name="patients_consent_decision_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(text_version=""),
                name="patients_consent_names_its_text",
                violation_error_message=_("Say which version of the text this is about."),
            ),
            models.UniqueConstraint(
                fields=("idempotency_key",),
                condition=~models.Q(idempotency_key=""),
                name="patients_consent_key_once",
                violation_error_message=_("This decision has been received already."),
            ),
        )
        indexes = (
            # What is in force for a patient and purpose; also a patient's consents.
            models.Index(
                fields=["patient", "purpose", "scope", "-decided_at"],
                name="patients_consent_in_force",
            ),
            models.Index(fields=["-decided_at", "-id"], name="patients_consent_newest"),
            # The filters of the list and of REST, each in the order of the list.
            models.Index(fields=["purpose", "-decided_at", "-id"], name="patients_consent_purpose"),
            models.Index(
                fields=["decision", "-decided_at", "-id"], name="patients_consent_decision"
            ),
        )

    class Privacy:
        none = (
            "patient",
            "purpose",
            "decision",
            "decided_at",
            "text_version",
            "language",
            "method",
            "obtained_by",
            "idempotency_key",
        )
        medical = ("scope",)
        free_text = ("evidence",)

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.get_decision_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_consent_change", args=[self.pk])

    def clean(self) -> None:
        """A decision is one that was made: dated ahead, it would outlive its withdrawal."""
        super().clean()
        if self.decided_at and self.decided_at > timezone.now() + CLOCKS_DIFFER:
            raise ValidationError({"decided_at": _("A decision cannot be dated in the future.")})


@append_only
@tracked
class Note(Record):
    """What a member of staff wrote down about a patient. A correction is a further note."""

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="notes",
        db_index=False,  # an index of Meta begins with it
    )
    author = models.ForeignKey(
        User,
        verbose_name=_("author"),
        on_delete=models.PROTECT,
        null=True,  # null: came from the legacy CRM, which did not record who wrote it
        blank=True,
        related_name="notes",
    )
    text = models.TextField(_("text"))
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Given by the program that sent it: the same key is the same note."),
    )

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(text=""),
                name="patients_note_not_blank",
                violation_error_message=_("An empty note says nothing."),
            ),
            models.UniqueConstraint(
                fields=("idempotency_key",),
                condition=~models.Q(idempotency_key=""),
                name="patients_note_key_once",
                violation_error_message=_("This note has been received already."),
            ),
        )
        indexes = (
            # A patient's notes, newest first.
            models.Index(fields=["patient", "-created_at", "-id"], name="patients_note_patient"),
            models.Index(fields=["-created_at", "-id"], name="patients_note_newest"),
        )

    class Privacy:
        none = ("patient", "author", "idempotency_key")
        free_text = ("text",)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_note_change", args=[self.pk])


def document_path(document: "Document", filename: str) -> str:
    """Where a document is stored: a random name, which says nothing in a path or a log."""
    name = uuid4().hex
    return f"{name[:2]}/{name}"


@tracked
class Document(Record):
    """A file about a patient: a report, a letter, a signed form.

    The bytes are in the file store (the setting STORAGES), where no URL leads; `content_type` is
    what the file was found to be, whatever it was called. `patients.documents` writes these rows.
    """

    class Kind(models.TextChoices):
        MEDICAL_REPORT = "medical_report", _("medical report")
        LETTER = "letter", _("letter")
        CONSENT_FORM = "consent_form", _("signed consent form")
        IDENTITY = "identity", _("proof of identity")
        OTHER = "other", _("other")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="documents"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=200)
    file = models.FileField(_("file"), upload_to=document_path, max_length=200)
    content_type = models.CharField(_("content type"), max_length=100, editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    uploaded_by = models.ForeignKey(
        User,
        verbose_name=_("uploaded by"),
        on_delete=models.PROTECT,
        null=True,  # null: sent by the patient
        blank=True,
        editable=False,
        related_name="documents",
    )

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(title=""),
                name="patients_document_titled",
                violation_error_message=_("Give the document a title."),
            ),
            models.CheckConstraint(
                condition=models.Q(size__gt=0),
                name="patients_document_not_empty",
                violation_error_message=_("The file is empty."),
            ),
            models.UniqueConstraint(
                fields=["file"],
                name="patients_document_own_file",
                violation_error_message=_("Another document has this file."),
            ),
        )
        indexes = (
            # A patient's documents, newest first.
            models.Index(
                fields=["patient", "-created_at", "-id"], name="patients_document_patient"
            ),
            models.Index(fields=["-created_at", "-id"], name="patients_document_newest"),
        )

    class Privacy:
        none = ("patient", "kind", "content_type", "size", "sha256", "uploaded_by")
        identifying = ("file",)
        free_text = ("title",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_document_change", args=[self.pk])

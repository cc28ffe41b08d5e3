"""What the portal says to patients by mail: the outbox, and afterwards the record of it."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patients import Patient
from portal.core.choices import language_choices
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record


class MessageQuerySet(models.QuerySet[Any]):
    """Messages, in the words of those who send them."""

    def unfinished(self) -> Self:
        """Still to be sent, or to be decided about."""
        return self.filter(status__in=Message.UNFINISHED)

    def due(self, *, now: datetime) -> Self:
        """To be looked at by now; also what a worker that died was about to send."""
        return self.unfinished().filter(due_at__lte=now)


@tracked
class Message(Record):
    """One thing to say to a patient once. Whether and what is decided when it is sent.

    Written by `patients.outgoing` and `patients.sending`. The words are not kept: they follow from
    the kind and from what it is about, and their links act for the patient.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not sent")
        SET_ASIDE = "set_aside", _("Set aside")

    class Dropped(models.TextChoices):
        DECEASED = "deceased", _("The patient has died")
        RESTRICTED = "restricted", _("Their data may not be used")
        DO_NOT_CONTACT = "do_not_contact", _("They are not to be contacted")
        CLOSED = "closed", _("Their record is closed")
        NO_CONSENT = "no_consent", _("No consent to be written to is in force")
        NO_ADDRESS = "no_address", _("They have no e-mail address")
        OVERTAKEN = "overtaken", _("What it was about has changed")
        TOO_LATE = "too_late", _("It would have come too late")
        MAIL_OFF = "mail_off", _("The portal sends no mail")

    UNFINISHED: ClassVar[tuple[str, ...]] = ("waiting", "sending")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="messages"
    )
    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(
        _("key"),
        max_length=150,
        unique=True,
        error_messages={"unique": _("This has been said already.")},
        help_text=_("Nobody gets two with one key. It is the Message-ID of the mail."),
    )
    about_model = models.CharField(_("kind of record"), max_length=100, blank=True)
    about_id = models.UUIDField(_("record"), null=True, blank=True)  # null: about the patient
    answers = models.BooleanField(
        _("answers them"),
        default=False,
        db_default=False,
        help_text=_("They did something just now and wait for it: it is sent at any hour."),
    )
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.WAITING
    )
    dropped_because = models.CharField(
        _("why not"), max_length=20, choices=Dropped.choices, blank=True
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)  # null: not sent
    sent_to = models.EmailField(_("sent to"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=language_choices, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-due_at", "-id")
        constraints = (
            one_of(
                *("status", "waiting", "sending", "sent", "dropped", "set_aside"),
                name="patients_message_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="sent", sent_at__isnull=False)
                | (~models.Q(status="sent") & models.Q(sent_at=None)),
                name="patients_message_sent_says_when",
                violation_error_message=_("A sent message says when."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="dropped", dropped_because__gt="")
                | (~models.Q(status="dropped") & models.Q(dropped_because="")),
                name="patients_message_dropped_says_why",
                violation_error_message=_("A message that was not sent says why."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-due_at", "-id"], name="patients_message_newest"),
            # A patient's messages.
            models.Index(fields=["patient", "-due_at", "-id"], name="patients_message_patient"),
            # The worker's sweep: what is due.
            models.Index(
                fields=["due_at"],
                name="patients_message_due",
                condition=models.Q(status__in=("waiting", "sending")),
            ),
            # What was set aside and waits for somebody.
            models.Index(
                fields=["-due_at", "-id"],
                name="patients_message_set_aside",
                condition=models.Q(status="set_aside"),
            ),
        )

    class Privacy:
        none = (
            "patient",
            "kind",
            "key",
            "about_model",
            "about_id",
            "answers",
            "due_at",
            "status",
            "dropped_because",
            "attempts",
            "last_error",
            "sent_at",
            "language",
        )
        identifying = ("sent_to",)
        free_text = ("subject",)

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {timezone.localtime(self.due_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_message_change", args=[self.pk])

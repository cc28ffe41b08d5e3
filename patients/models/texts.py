"""The texts that people agree to, each in every language and every version it ever had."""

import hashlib
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from patients.models.records import Consent
from portal.core.choices import language_choices
from portal.core.history import append_only, tracked
from portal.core.models import Record


class Sha256(models.Func):
    """The SHA-256 of a text in UTF-8, in hexadecimal digits."""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    output_field = models.TextField()


def fingerprint(*, title: str, body: str) -> str:
    """The SHA-256 of title, an empty line and body in UTF-8: what a stored text must carry."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


class ConsentTextQuerySet(models.QuerySet[Any]):
    """Versions of texts."""

    def in_force(self, *, now: datetime) -> Self:
        """Of each purpose and language the version that people are shown at `now`."""
        newest = models.Subquery(
            ConsentText.objects.filter(
                purpose=models.OuterRef("purpose"),
                language=models.OuterRef("language"),
                valid_from__lte=now,
            )
            .order_by("-valid_from", "-id")
            .values("id")[:1]
        )
        return self.filter(id=newest)

    def current(self, *, purpose: str, language: str, now: datetime) -> "ConsentText":
        """The text to show at `now`, in `language` or else in English.

        Raises ConsentText.DoesNotExist when this purpose has no text yet.
        """
        texts = {
            text.language: text
            for text in self.in_force(now=now).filter(
                purpose=purpose, language__in={language, "en"}
            )
        }
        text = texts.get(language) or texts.get("en")
        if text is None:
            raise ConsentText.DoesNotExist(f"no text for the purpose {purpose}")
        return text

    def agreed_to(self, consent: Consent) -> "ConsentText | None":
        """The text a decision was about; None when it was made outside the portal."""
        found: ConsentText | None = self.filter(
            purpose=consent.purpose, text_version=consent.text_version, language=consent.language
        ).first()
        return found


@append_only
@tracked
class ConsentText(Record):
    """One text as people read or heard it. A changed word is a new version.

    A `Consent` names its text by purpose, version and language rather than by foreign key: a
    decision that was made on paper or in the legacy CRM names a text that is not kept here.
    """

    purpose = models.CharField(_("purpose"), max_length=20, choices=Consent.Purpose.choices)
    text_version = models.CharField(_("version"), max_length=50)
    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    valid_from = models.DateTimeField(_("shown from"))

    objects: ClassVar[ConsentTextQuerySet] = ConsentTextQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ("purpose", "language", "-valid_from", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("purpose", "text_version", "language"),
                name="patients_consenttext_version_once",
                violation_error_message=_("This version exists already in this language."),
            ),
            models.CheckConstraint(
                condition=~models.Q(text_version="") & ~models.Q(title="") & ~models.Q(body=""),
                name="patients_consenttext_complete",
                violation_error_message=_("A text has a version, a title and words."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    sha256=Sha256(
                        Concat(
                            "title",
                            models.Value("\n\n"),
                            "body",
                            output_field=models.TextField(),
                        )
                    )
                ),
                name="patients_consenttext_fingerprint",
                violation_error_message=_("The fingerprint does not belong to this text."),
            ),
        )

    class Privacy:
        none = ("purpose", "text_version", "language", "title", "body", "sha256", "valid_from")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.text_version} ({self.language})"

    def clean(self) -> None:
        """Fill in the fingerprint, which follows from the words."""
        super().clean()
        self.sha256 = fingerprint(title=self.title, body=self.body)

"""What all people have in common, and specialists."""

from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Trim
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.models.lookups import Hospital, Specialization
from portal.core.choices import country_choices, language_choices, validate_time_zone
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.phones import to_e164
from portal.core.search import ContactQuerySet, ContactSearch

E164 = r"^\+[1-9][0-9]{5,14}$"


class Contact(Record):
    """A person with a name and ways to reach them."""

    first_name = models.CharField(_("first name"), max_length=200, blank=True)
    last_name = models.CharField(_("last name"), max_length=200, blank=True)
    email = models.EmailField(
        _("e-mail"),
        blank=True,
        help_text=_("Of this person alone. A shared mailbox is a further contact point."),
    )
    phone = models.CharField(
        _("phone"),
        max_length=32,
        blank=True,
        help_text=_("With country code, for example +31 6 12345678."),
    )
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=language_choices)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    search = models.GeneratedField(
        expression=ContactSearch("first_name", "last_name", "email", "phone"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(
                Lower(Trim("email")),
                condition=~models.Q(email=""),
                name="%(app_label)s_%(class)s_email_unique",
                violation_error_message=_(
                    "Somebody else has this e-mail address. If they share it, "
                    "add it as a further contact point."
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(first_name="") | ~models.Q(last_name=""),
                name="%(app_label)s_%(class)s_named",
                violation_error_message=_("Fill in a first name or a last name."),
            ),
            models.CheckConstraint(
                condition=models.Q(phone="") | models.Q(phone__regex=E164),
                name="%(app_label)s_%(class)s_phone_e164",
                violation_error_message=_(
                    "Write the phone number with + and the country code, like +31612345678."
                ),
            ),
        )
        indexes: ClassVar[tuple[models.Index, ...]] = (
            # Search by name, e-mail and phone (portal.core.search).
            GinIndex(fields=["search"], name="%(app_label)s_%(class)s_search"),
        )

    class Privacy:
        none = ("country", "language", "time_zone")
        identifying = ("first_name", "last_name", "email", "phone", "search")

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First and last name with one blank between, whichever of them there is."""
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        """Bring name, e-mail and phone into the form in which they are stored."""
        super().clean()
        self.first_name = " ".join(self.first_name.split())
        self.last_name = " ".join(self.last_name.split())
        self.email = self.email.strip()
        try:
            self.phone = to_e164(self.phone, country=self.country)
        except ValidationError as error:
            raise ValidationError({"phone": error}) from error


class SpecialistQuerySet(ContactQuerySet):
    """Physicians and pharmacists."""

    def physicians(self) -> Self:
        return self.filter(contact_type=Specialist.ContactType.PHYSICIAN)


@tracked
class Specialist(Contact):
    """A physician or pharmacist who treats or supplies patients."""

    class ContactType(models.TextChoices):
        PHYSICIAN = "physician", _("Physician")
        PHARMACIST = "pharmacist", _("Pharmacist")

    contact_type = models.CharField(
        _("role"), max_length=20, choices=ContactType.choices, default=ContactType.PHYSICIAN
    )
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    specialization = models.ForeignKey(
        Specialization,
        verbose_name=_("specialization"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="specialists",
    )
    medical_license_number = models.CharField(
        _("medical license number"),
        max_length=100,
        blank=True,
        help_text=_("BIG, NPI, GMC or the like."),
    )
    hospital = models.ForeignKey(
        Hospital,
        verbose_name=_("hospital"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="specialists",
        help_text=_("Needed before a referral can leave."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects: ClassVar[SpecialistQuerySet] = SpecialistQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Contact.Meta):
        verbose_name = _("specialist")
        verbose_name_plural = _("specialists")
        ordering = ("last_name", "first_name", "id")
        indexes = (
            *Contact.Meta.indexes,
            # The list in its order.
            models.Index(
                fields=["last_name", "first_name", "id"], name="patients_specialist_by_name"
            ),
        )

    class Privacy:
        none = ("contact_type", "job_title", "specialization", "hospital", "is_active")
        identifying = ("medical_license_number",)

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_specialist_change", args=[self.pk])

    @property
    def is_physician(self) -> bool:
        return self.contact_type == self.ContactType.PHYSICIAN

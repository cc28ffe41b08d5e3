"""What every record has, who works here, and who looked at what.

`Record` is the base of every domain table. `User` is a member of staff (or the account behind an
API client). `AccessEvent` rows are written by `portal.core.access` and never changed.
"""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.choices import language_choices, validate_time_zone
from portal.core.history import append_only, linked, tracked
from portal.core.ids import uuid7


class NewId(models.Func):
    """A UUID version 7 made by the database, for rows that SQL inserts."""

    function = "portal_uuid7"
    output_field = models.UUIDField()


class Record(models.Model):
    """One row of a domain table. `version` and `updated_at` are kept by a trigger."""

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=NewId(), editable=False)
    created_at = models.DateTimeField(
        _("created"), default=timezone.now, db_default=Now(), editable=False
    )
    updated_at = models.DateTimeField(
        _("last changed"), default=timezone.now, db_default=Now(), editable=False
    )
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    """Makes accounts, with a normalized e-mail address and a hashed password."""

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(
            username, email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )


@tracked
class User(Record, AbstractBaseUser, PermissionsMixin):
    """A member of staff, or the account behind an API client (which cannot log in)."""

    username = models.CharField(
        _("log-in name"),
        max_length=150,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+$", _("Letters, digits and @ . + - _ only."))],
        error_messages={"unique": _("This log-in name is taken.")},
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("language of the screens"), max_length=10, default="en", choices=language_choices
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Amsterdam", validators=[validate_time_zone]
    )
    languages_spoken = ArrayField(
        models.CharField(max_length=10, choices=language_choices),
        verbose_name=_("languages spoken with patients"),
        default=list,
        blank=True,
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting an account.")
    )
    is_staff = models.BooleanField(
        _("may open the workplace"), default=False, help_text=_("Off for API clients.")
    )

    password_changed_at = models.DateTimeField(
        _("password changed"),
        null=True,  # null: it was never set by a person
        blank=True,
        editable=False,
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("name", "username")
        constraints = (
            models.UniqueConstraint(
                Lower("username"),
                name="core_user_username_unique_ignoring_case",
                violation_error_message=_("This log-in name is taken."),
            ),
        )

    class Privacy:
        none = (
            "username",
            "password",
            "last_login",
            "password_changed_at",
            "is_superuser",
            "language",
            "time_zone",
            "languages_spoken",
            "is_active",
            "is_staff",
        )
        # Staff, not patients: named in every history entry, and erased by deactivation.
        identifying = ("name", "email")
        # History tells when a password was changed; hashes kept for ever could be guessed at.
        not_in_history = ("password", "last_login")

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this person reads times."""
        return ZoneInfo(self.time_zone)

    def set_password(self, raw_password: str | None) -> None:
        """Set the password, and when that was. The account is not saved."""
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.username


@linked
class RoleGiven(User.groups.through):  # type: ignore[misc,name-defined]
    """A role of a member of staff; stands here so that giving and taking it is in the history."""

    class Meta:
        proxy = True
        verbose_name = _("role")
        verbose_name_plural = _("roles")


@append_only
class AccessEvent(models.Model):
    """Somebody opened one or more records. Kept without foreign keys, so it outlives them all."""

    class Route(models.TextChoices):
        ADMIN = "admin", _("workplace")
        REST = "rest", _("REST")
        FHIR = "fhir", _("FHIR")
        EXPORT = "export", _("export")

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=NewId(), editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, db_default=Now(), editable=False)
    actor_id = models.UUIDField(_("account"), null=True)  # null: a command run by the system
    actor_name = models.CharField(_("who"), max_length=200)
    route = models.CharField(_("route"), max_length=10, choices=Route.choices)
    record_type = models.CharField(_("kind of record"), max_length=100)
    record_ids = ArrayField(models.UUIDField(), verbose_name=_("records"))
    request_id = models.UUIDField(_("request"), null=True)  # null: outside a request

    class Meta:
        verbose_name = _("access event")
        verbose_name_plural = _("access log")
        ordering = ("-at",)
        indexes = (
            # The log, newest first.
            models.Index(fields=["-at"], name="core_accessevent_newest"),
            # "Who looked at this patient?"
            GinIndex(fields=["record_ids"], name="core_accessevent_records"),
        )

    class Privacy:
        none = (
            "at",
            "actor_id",
            "actor_name",
            "route",
            "record_type",
            "record_ids",
            "request_id",
        )

    def __str__(self) -> str:
        at = timezone.localtime(self.at)
        return f"{self.actor_name}, {self.get_route_display()}, {at:%Y-%m-%d %H:%M}"

"""Staff with known log-ins, and whose patients are whose."""

from dataclasses import dataclass
from datetime import time, timedelta
from itertools import cycle

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from bookings.models import Booking, WorkingHours
from patients.models import Patient
from portal.core.history import acting
from portal.core.models import User
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class Member:
    username: str
    name: str
    role: Role | None
    languages: tuple[str, ...]

    @property
    def password(self) -> str:
        return f"{self.username}-demo"


STAFF = (
    Member("navigator", "Aisha Okafor", Role.NAVIGATOR, ("en", "nl")),
    Member("lead", "Tomás Herrera", Role.TEAM_LEAD, ("en", "es")),
    Member("steward", "Ingrid Solberg", Role.DATA_STEWARD, ("en",)),
    Member("auditor", "Marek Nowak", Role.AUDITOR, ("en",)),
    Member("admin", "Admin", None, ("en",)),
)
# Colleagues who have work but no known password.
COLLEAGUES = (
    Member("sofia", "Sofia Lindqvist", Role.NAVIGATOR, ("en", "sv")),
    Member("karim", "Karim Benali", Role.NAVIGATOR, ("en", "fr", "nl")),
)


def usernames() -> list[str]:
    """The log-in names of everybody in the demonstration."""
    return [member.username for member in (*STAFF, *COLLEAGUES)]


def _enlist(member: Member, *, with_password: bool) -> User:
    user, _made = User.objects.get_or_create(
        username=member.username,
        defaults={
            "name": member.name,
            "email": f"{member.username}@portal.example",
            "languages_spoken": list(member.languages),
            "is_staff": True,
            "is_superuser": member.role is None,
        },
    )
    if with_password:
        user.set_password(member.password)
    else:
        user.set_unusable_password()
    user.save()
    if member.role is not None:
        user.groups.set([Group.objects.get(name=member.role.value)])
    return user


@transaction.atomic
def make_staff() -> list[User]:
    """The demo accounts (with their known passwords) and their colleagues; navigators come back."""
    with acting(by=None, reason="demonstration"):
        for member in STAFF:
            _enlist(member, with_password=True)
        for member in COLLEAGUES:
            _enlist(member, with_password=False)
        navigators = [
            User.objects.get(username=member.username)
            for member in (*STAFF, *COLLEAGUES)
            if member.role is Role.NAVIGATOR
        ]
        for navigator in navigators:
            for weekday in range(1, 6):
                WorkingHours.objects.get_or_create(
                    navigator=navigator,
                    weekday=weekday,
                    starts=time(9),
                    defaults={"ends": time(17)},
                )
    return navigators


@transaction.atomic
def share_out(navigators: list[User]) -> None:
    """Give every patient a navigator, and the calls of this month and later as well.

    The legacy CRM did not record who calls. A call goes to the patient's navigator, or to the
    next one who is free; when nobody is, it keeps none.
    """
    with acting(by=None, reason="demonstration"):
        turn = cycle(navigators)
        patients = list(Patient.objects.open().filter(owner=None).only("pk"))
        for patient in patients:
            patient.owner = next(turn)
        Patient.objects.bulk_update(patients, ["owner"], batch_size=500)

        taken: dict[object, list[Booking]] = {navigator.pk: [] for navigator in navigators}
        recent = Booking.objects.filter(
            status=Booking.Status.BOOKED,
            navigator=None,
            starts_at__gt=timezone.now() - timedelta(days=30),
        )
        for booking in recent.select_related("patient").order_by("starts_at"):
            owner = [n for n in navigators if n.pk == booking.patient.owner_id]
            for navigator in [*owner, *navigators]:
                others = taken[navigator.pk]
                if all(other.ends_at <= booking.starts_at for other in others):
                    booking.navigator = navigator
                    others.append(booking)
                    break
            booking.save()


def welcome(port: int) -> str:
    """What is printed once the portal can be opened."""
    lines = [
        "",
        f"  The portal is open:  http://127.0.0.1:{port}/",
        f"  REST:                http://127.0.0.1:{port}/api/docs/",
        "",
        "  Log in as",
    ]
    lines += [
        f"    {member.username:<10} {member.password:<16} {member.role or 'superuser'}"
        for member in STAFF
    ]
    return "\n".join([*lines, "", "  Ctrl-C stops the portal and its database.", ""])

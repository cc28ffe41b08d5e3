"""The workplace's pages with ten thousand patients and with a million."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks import databases
from benchmarks.measure import Line, Samples, repeat
from patients.models import MedicalCondition, Patient
from portal.core.models import User

SAMPLES = 12
ROUNDS = 2
MOST_MS = 300


def client(user: User) -> Client:
    """A browser that is logged in."""
    browser = Client(SERVER_NAME="localhost", raise_request_exception=True)
    browser.force_login(user)
    return browser


def navigator() -> User:
    return User.objects.filter(username__startswith="navigator", groups__isnull=False).earliest(
        "username"
    )


def _list(model: str = "patients_patient", **filters: object) -> str:
    url = reverse(f"admin:{model}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def _middle() -> Patient:
    """Somebody from the middle, with everything filled in."""
    some = Patient.objects.filter(stage="patient", physician__isnull=False).exclude(phone="")
    oldest, newest = Patient.objects.earliest("created_at"), Patient.objects.latest("created_at")
    half = oldest.created_at + (newest.created_at - oldest.created_at) / 2
    found: Patient = (
        some.exclude(email="").filter(created_at__gte=half).order_by("created_at").first()
    )
    return found


def _last_page() -> str:
    page = admin.site._registry[Patient]
    paginator = page.paginator(Patient.objects.order_by("-created_at", "-id"), page.list_per_page)
    return _list(p=paginator.num_pages)


def _condition() -> MedicalCondition:
    return MedicalCondition.objects.get(abbreviation="DMD")


# What a navigator opens; each is asked for its address in either database.
PAGES: dict[str, Callable[[], str]] = {
    "home": lambda: reverse("admin:index"),
    "home, everybody's": lambda: reverse("admin:index") + "?whose=everybody",
    "patient list": _list,
    "search: a rare name": lambda: _list(q=_middle().full_name),
    "search: a very broad one": lambda: _list(q="ma"),
    "search: e-mail": lambda: _list(q=_middle().email[:12]),
    "search: last digits": lambda: _list(q=_middle().phone[-6:]),
    "search: nobody": lambda: _list(q="zzyzx"),
    "filter: stage": lambda: _list(stage__exact="patient"),
    "filter: condition and stage": lambda: _list(
        medical_condition__id__exact=_condition().pk, stage__exact="lead"
    ),
    "filter: navigator": lambda: _list(owner__id__exact=navigator().pk),
    "queue: waiting leads": lambda: _list(queue="waiting"),
    "last page": _last_page,
    "a patient's page": lambda: _middle().get_absolute_url(),
    "booking list": lambda: _list("bookings_booking"),
    "booking list: outcome missing": lambda: _list("bookings_booking", queue="missing"),
    "booking list: search by patient": lambda: _list("bookings_booking", q=_middle().full_name),
    "call list": lambda: _list("bookings_call"),
    "referral list": lambda: _list("referrals_ctreferral"),
    "dossier list": lambda: _list("referrals_eapdossier"),
}


@dataclass
class Seen:
    """What one page took in one database."""

    samples: Samples
    queries: int = 0


def measure(pages: dict[str, Callable[[], str]], *, samples: int, rounds: int) -> dict[str, list]:
    """Each page in the small and in the large database, in turns."""
    seen = {name: [Seen(Samples()), Seen(Samples())] for name in pages}
    for _ in range(rounds):
        for place, database in enumerate((databases.SMALL, databases.LARGE)):
            with databases.using(database):
                browser = client(navigator())
                for name, address in pages.items():
                    url = address()
                    found = seen[name][place]
                    repeat(partial(_open, browser, url), samples, found.samples)
                    with CaptureQueriesContext(connection) as captured:
                        _open(browser, url)
                    found.queries = len(captured)
    return seen


def _open(browser: Client, url: str) -> None:
    response = browser.get(url)
    if response.status_code != 200:
        raise SystemExit(f"{url} answered {response.status_code}")


def _line(name: str, small: Seen, large: Seen) -> Line:
    ratio = large.samples.cpu / small.samples.cpu
    return Line(
        what=f"workplace: {name}",
        measured=f"{large.samples.cpu:.0f} ms of CPU, {large.queries} queries ({large.samples})",
        baseline=f"{small.samples.cpu:.0f} ms, {small.queries} queries ({small.samples})",
        ratio=ratio,
        hold="≤ 2x, p95 ≤ 300 ms",
        held=ratio <= 2 and large.samples.p95 <= MOST_MS,
    )


def every_list() -> dict[str, Callable[[], str]]:
    """The first page of every list there is, for whoever wants to look further."""
    names = [f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry]
    return {name: lambda name=name: _list(name) for name in names}


def run() -> list[Line]:
    """One line for each page."""
    return [
        _line(name, *seen) for name, seen in measure(PAGES, samples=SAMPLES, rounds=ROUNDS).items()
    ]

"""REST against a bare view, the textbook and django-ninja, with 10,000 and a million patients.

In one process through the whole stack of middleware. Requests per second are those of one core
that framework and database share: one divided by the CPU time of both.
"""

import itertools
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import databases
from benchmarks.measure import Line, Samples, interleaved
from benchmarks.pages import navigator
from patients.models import MedicalCondition, Patient
from portal.core.models import User

TIMES, ROUNDS = 15, 4
LIST = "/api/v1/patients/?page_size=100"
DOMAIN = "bench.example"
_numbers = itertools.count(1)


class Caller:
    """A client that is logged in, and the calls that are compared."""

    def __init__(self, user: User) -> None:
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(user)
        self.ids = itertools.cycle(Patient.objects.values_list("pk", flat=True)[:200])
        self.condition = str(MedicalCondition.objects.values_list("pk", flat=True)[0])

    def get(self, url: str) -> Any:
        response = self.client.get(url)
        if response.status_code != 200:
            raise SystemExit(f"{url} answered {response.status_code}: {response.content[:200]!r}")
        return response

    def post(self, url: str) -> Any:
        body = {
            "first_name": "Zoë",
            "last_name": "van der Berg",
            "email": f"zoe.{next(_numbers)}@{DOMAIN}",
            "phone": "+31612345678",
            "country": "NL",
            "language": "nl",
            "medical_condition": self.condition,
        }
        response = self.client.post(url, body, content_type="application/json")
        if response.status_code != 201:
            raise SystemExit(f"{url} answered {response.status_code}: {response.content[:200]!r}")
        return response

    def calls(self) -> dict[str, Callable[[], Any]]:
        return {
            "list": lambda: self.get(LIST),
            "bare": lambda: self.get("/bench/rows/"),
            "textbook": lambda: self.get("/bench/textbook/"),
            "get": lambda: self.get(f"/api/v1/patients/{next(self.ids)}/"),
            "ninja get": lambda: self.get(f"/bench/ninja/patients/{next(self.ids)}"),
            "post": lambda: self.post("/api/v1/patients/"),
            "ninja post": lambda: self.post("/bench/ninja/patients"),
        }


def _same_rows(caller: Caller) -> None:
    """Stop unless all three lists give the same people with the same members."""
    shapes = []
    for url in (LIST, "/bench/rows/", "/bench/textbook/"):
        results = caller.get(url).json()["results"]
        shapes.append([(each["id"], sorted(each)) for each in results])
    if not shapes[0] or shapes[0] != shapes[1] or shapes[0] != shapes[2]:
        raise SystemExit("The baselines give other rows than the API.")


def _measure(database: str) -> tuple[dict[str, Samples], dict[str, int]]:
    with databases.using(database):
        # Somebody who was POSTed by a run that was stopped would meet the next one's address.
        Patient.objects.filter(email__endswith=f"@{DOMAIN}").delete()
        caller = Caller(navigator())
        _same_rows(caller)
        calls = caller.calls()
        samples = interleaved(list(calls.values()), times=TIMES, rounds=ROUNDS)
        queries = {}
        for name, call in calls.items():
            with CaptureQueriesContext(connection) as captured:
                call()
            queries[name] = len(captured)
        Patient.objects.filter(email__endswith=f"@{DOMAIN}").delete()
    return dict(zip(calls, samples, strict=True)), queries


def run() -> list[Line]:
    """The list and single operations at a million, and what ten thousand take."""
    small, _queries = _measure(databases.SMALL)
    large, queries = _measure(databases.LARGE)

    def per_second(name: str) -> float:
        return 1000 / large[name].cpu

    def line(what: str, mine: str, other: str, label: str, least: float) -> Line:
        ratio = large[other].cpu / large[mine].cpu
        return Line(
            what=f"REST: {what}",
            measured=f"{per_second(mine):.0f} requests/s ({large[mine]}, {queries[mine]} queries)",
            baseline=f"{label}: {per_second(other):.0f} requests/s ({large[other]})",
            ratio=ratio,
            hold=f"≥ {least}x",
            held=ratio >= least,
        )

    def growth(what: str, name: str) -> Line:
        ratio = large[name].cpu / small[name].cpu
        return Line(
            what=f"REST: {what}, with a million",
            measured=f"{large[name].cpu:.1f} ms of CPU",
            baseline=f"10,000 patients: {small[name].cpu:.1f} ms",
            ratio=ratio,
            hold="≤ 2x",
            held=ratio <= 2,
        )

    return [
        line("list of 100 patients", "list", "bare", "bare view, `values_list` and orjson", 0.7),
        line("list of 100 patients", "list", "textbook", "ModelSerializer, CursorPagination", 2.5),
        line("one patient", "get", "ninja get", "django-ninja", 1.0),
        line("a new patient", "post", "ninja post", "django-ninja", 1.0),
        growth("list of 100 patients", "list"),
        growth("one patient", "get"),
        growth("a new patient", "post"),
    ]

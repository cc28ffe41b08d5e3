"""People search: the SQL of 400 searches for beginnings, against a look-up by primary key."""

from collections.abc import Iterator
from random import Random

from benchmarks import databases
from benchmarks.measure import Line, Samples, sql_time
from patients.models import Patient

SEARCHES = 400
SHOWN = 25


def beginnings(rng: Random) -> Iterator[str]:
    """What people type, endlessly: the beginning of something of somebody who exists."""
    first, last = Patient.objects.earliest("created_at"), Patient.objects.latest("created_at")
    span = last.created_at - first.created_at
    while True:
        moment = first.created_at + span * rng.random()
        person = Patient.objects.filter(created_at__gte=moment).order_by("created_at").first()
        if person is None:
            continue
        typed = {
            "last name": person.last_name[: rng.randint(2, 8)],
            "both names": f"{person.first_name[:3]} {person.last_name[: rng.randint(2, 5)]}",
            "e-mail": person.email[: rng.randint(4, 14)],
            "last digits": person.phone[-rng.randint(4, 7) :],
            "first digits": person.phone[: rng.randint(6, 10)],
        }
        text = typed[rng.choice(list(typed))].strip()
        if text:
            yield text


def run() -> list[Line]:
    """Two lines: the slow end of the searches, and the middle."""
    with databases.using(databases.LARGE):
        rng = Random(7)
        source = beginnings(rng)
        texts = [next(source) for _ in range(SEARCHES)]
        keys = list(Patient.objects.values_list("pk", flat=True)[:SEARCHES])
        searches, lookups = Samples(), Samples()
        slowest = (0.0, "")
        for text, key in zip(texts, keys, strict=True):
            with sql_time() as statements:
                found = Patient.objects.search(text).order_by("-created_at", "-id")
                list(found.values_list("pk", flat=True)[:SHOWN])
            searches.ms.append(sum(statements.ms))
            slowest = max(slowest, (sum(statements.ms), text))
            with sql_time() as statements:
                list(Patient.objects.filter(pk=key).values_list("pk", flat=True))
            lookups.ms.append(sum(statements.ms))
        print(f"  slowest search: {slowest[1]!r} {slowest[0]:.1f} ms", flush=True)
    p99 = searches.percentile(99)
    return [
        Line(
            what=f"people search, {SEARCHES} random beginnings: SQL p99",
            measured=f"{p99:.1f} ms (p50 {searches.p50:.1f}, p95 {searches.p95:.1f})",
            baseline=f"primary key: {lookups.p50:.2f} ms",
            ratio=p99 / lookups.p50,
            hold="p99 ≤ 30 ms",
            held=p99 <= 30,
        )
    ]

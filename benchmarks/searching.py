"""People search: the SQL of 400 searches for beginnings, against a look-up by primary key."""

from collections.abc import Iterator
from random import Random

from benchmarks import databases
from benchmarks.measure import Line, Samples, backends, server_ms, sql_time
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
    """One line: the slow end of the searches."""
    with databases.using(databases.LARGE):
        rng = Random(7)
        source = beginnings(rng)
        texts = [next(source) for _ in range(SEARCHES)]
        keys = list(Patient.objects.values_list("pk", flat=True)[:SEARCHES])
        searches, lookups = Samples(), Samples()
        slowest = (0.0, "")
        serving = backends()
        for text, key in zip(texts, keys, strict=True):
            before = server_ms(serving)
            with sql_time() as statements:
                found = Patient.objects.search(text).order_by("-created_at", "-id")
                list(found.values_list("pk", flat=True)[:SHOWN])
            searches.ms.append(sum(statements.ms))
            between = server_ms(serving)
            searches.cpu_ms.append(between - before)
            slowest = max(slowest, (between - before, text))
            with sql_time() as statements:
                list(Patient.objects.filter(pk=key).values_list("pk", flat=True))
            lookups.ms.append(sum(statements.ms))
            lookups.cpu_ms.append(server_ms(serving) - between)
        print(f"  slowest search: {slowest[1]!r} {slowest[0]:.1f} ms", flush=True)
    by_cpu = Samples(searches.cpu_ms)
    p99 = by_cpu.percentile(99)
    return [
        Line(
            what=f"people search, {SEARCHES} random beginnings: SQL p99",
            measured=(
                f"{p99:.1f} ms of server CPU (p50 {by_cpu.p50:.1f}, p95 {by_cpu.p95:.1f}); "
                f"by the clock {searches.percentile(99):.0f} ms (p50 {searches.p50:.1f})"
            ),
            baseline=f"primary key: {lookups.cpu:.2f} ms; by the clock {lookups.p50:.2f} ms",
            ratio=p99 / lookups.cpu,
            hold="p99 ≤ 30 ms",
            held=p99 <= 30,
        )
    ]

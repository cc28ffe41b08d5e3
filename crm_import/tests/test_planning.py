"""Plans: what an import would do, what has to be decided, and when a plan holds no more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from crm_import import freshness, transform
from crm_import.models import ForgottenRow, ImportPlan, ImportRun, LegacyContact, OptionValue
from crm_import.tests import exports
from crm_import.tests.checksums import checksums
from crm_import.tests.exports import contact, guid, patient
from crm_import.tests.operators import command
from patients.models import Patient, PossibleDuplicate

PERSONAL = ("Quackelstein", "Berg", "example.org")
FIRST = {
    "contacts": [
        contact(1, "Hildegonda", "Quackelstein", "hildegonda@example.org"),
        contact(2, "Anna", "Berg", "anna@example.org"),
        contact(3, "Anna", "Berg", "anna@example.org"),
        contact(4, "Jan", "Moll", contact_type=""),
        contact(5, "Ann", "Berg", "anna@example.org"),
    ],
    "patients": [patient(1, "Hildegonda", "Quackelstein", of=1, eligible="100000099")],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return exports.write(tmp_path / "export", **FIRST)


def crm_plan(*args: Any) -> tuple[int, dict[str, Any]]:
    code, printed = command("crm_plan", *args, "--json")
    return code, json.loads(printed.splitlines()[-1])


def test_plan_says_what_the_import_then_does(db: None, folder: Path) -> None:
    before = checksums()
    code, plan = crm_plan(folder)

    kept = ImportPlan.objects.get()
    assert (code, plan["plan"], plan["is_blocked"]) == (3, str(kept.pk), False)
    assert {**checksums(), "crm_import_importplan": ""} == {**before, "crm_import_importplan": ""}
    assert plan["tables"]["Contact"] == {
        "read": 5,
        "create": 3,
        "update": 0,
        "merge": 1,
        "quarantine": 1,
        "ignored": 0,
        "older": 0,
        "unchanged": 0,
        "waiting": 0,
    }
    assert plan["examples"]["Contact"] == {
        "create": [guid(1), guid(2), guid(5)],
        "merge": [guid(3)],
        "quarantine": [guid(4)],
    }
    assert plan["watermark"]["Contact"]["version"] == 1005

    code, _printed = command("crm_import", folder, "--plan", kept.pk)

    run = ImportRun.objects.get()
    assert (code, run.plan) == (3, kept)
    counts = run.report["tables"]["Contact"]
    assert [counts[name] for name in ("imported", "merged", "quarantined")] == [3, 1, 1]
    assert run.report["problems"] == plan["problems"]


def test_plan_of_a_delta_tells_updates_from_new_rows(
    db: None, folder: Path, tmp_path: Path
) -> None:
    command("crm_import", folder)
    delta = exports.write(
        tmp_path / "delta",
        contacts=[
            {**FIRST["contacts"][0], **exports.NEWER, "job_title": "Baker"},
            contact(9, "Ida", "Vos", "ida@example.org"),
        ],
    )
    for table in ("Patient", "Hospital", "OptionSets"):
        (delta / f"{table}.csv").unlink()

    code, plan = crm_plan(delta, "--delta")

    assert (code, plan["scope"]) == (0, "delta")
    counts = plan["tables"]["Contact"]
    assert [counts[name] for name in ("read", "create", "update", "merge")] == [2, 1, 1, 0]
    assert command("crm_import", delta, "--plan", plan["plan"])[0] == 0
    assert ImportRun.objects.latest("started_at").scope == "delta"


def test_plan_of_the_same_export_again_changes_nothing(db: None, folder: Path) -> None:
    command("crm_import", folder)

    code, plan = crm_plan(folder)

    assert (code, plan["tables"]["Contact"]["unchanged"]) == (3, 4)
    assert plan["examples"]["Contact"] == {}


def test_decisions_are_listed_in_words_without_anybody_in_them(db: None, folder: Path) -> None:
    code, printed = command("crm_plan", folder)

    assert code == 3
    assert "What does eligible 100000099 mean (no label)?" in printed
    assert "Contact contact_type: routing_missing, 1 row" in printed
    assert "1 pair of records that may be one person" in printed
    assert f"Contact, quarantine: for example {guid(4)}" in printed
    assert f"--plan {ImportPlan.objects.get().pk}" in printed
    assert not [word for word in PERSONAL if word in printed]


def test_export_that_can_be_read_in_two_ways_is_no_plan(
    db: None, folder: Path, tmp_path: Path
) -> None:
    command("crm_import", folder)
    few = [contact(n, f"Name{n}", "Berg") for n in range(1, 70)]
    command("crm_import", exports.write(tmp_path / "many", contacts=few))

    code, plan = crm_plan(exports.write(tmp_path / "none"))

    assert (code, plan["is_blocked"], plan["decisions"][0]["kind"]) == (4, True, "brake")
    assert "Contact has 0 rows, and had 69 in the export before" in plan["decisions"][0]["text"]
    code, printed = command("crm_import", tmp_path / "none", "--plan", plan["plan"])
    assert (code, "Contact has 0 rows" in printed) == (6, True)


# --- stale -------------------------------------------------------------------------------------


def _files(folder: Path) -> None:
    path = folder / "Contact.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Moll", "Mool"), encoding="utf-8")


def _run(folder: Path) -> None:
    other = exports.write(folder.parent / "other", contacts=[contact(7, "Ida", "Vos")])
    command("crm_import", other, "--delta")


def _meaning(_folder: Path) -> None:
    OptionValue.objects.filter(option_set="eligible", value="100000000").update(meaning="no")


def _decision(_folder: Path) -> None:
    assert PossibleDuplicate.objects.update(state="different", decided_at=timezone.now())


def _erasure(_folder: Path) -> None:
    ForgottenRow.objects.create(entity="Contact", digest="0" * 64)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_files, "the export is another one, or its files were changed"),
        (_run, "an import was run, or taken back, in between"),
        (_meaning, "the meaning of an option value was changed"),
        (_decision, "somebody decided whether two records are one person"),
        (_erasure, "legacy rows were erased"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_row_90_what_changes_after_the_plan_makes_it_stale(
    db: None, folder: Path, change: Callable[[Path], None], says: str
) -> None:
    command("crm_import", folder)
    rows = [*FIRST["contacts"], contact(8, "Bea", "Moll")]
    exports.write(folder, **{**FIRST, "contacts": rows})
    _code, plan = crm_plan(folder)
    change(folder)
    runs, archived = ImportRun.objects.count(), LegacyContact.objects.count()

    code, printed = command("crm_import", folder, "--plan", plan["plan"])

    assert (code, f"is stale: {says}. Nothing was written. Plan again" in printed) == (6, True)
    assert (ImportRun.objects.count(), LegacyContact.objects.count()) == (runs, archived)


def test_new_rules_make_a_plan_stale(
    db: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _code, plan = crm_plan(folder)
    monkeypatch.setattr(transform, "RULES", 99)
    monkeypatch.setattr(freshness, "_code", lambda: "other")

    code, printed = command("crm_import", folder, "--plan", plan["plan"])

    says = "is stale: the rules of the import were changed; the portal was updated."
    assert (code, says in printed) == (6, True)
    assert not Patient.objects.exists()


def test_plan_without_a_change_stays_fresh_whatever_people_do_in_the_portal(
    db: None, folder: Path
) -> None:
    command("crm_import", folder)
    rows = [*FIRST["contacts"], contact(8, "Bea", "Moll")]
    exports.write(folder, **{**FIRST, "contacts": rows})
    _code, plan = crm_plan(folder)
    Patient.objects.update(phone="+31612345678")

    assert command("crm_import", folder, "--plan", plan["plan"])[0] == 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "There is no plan"),
        (["--delta"], "only --accept-deletes can be given"),
        (["--accept-columns"], "only --accept-deletes can be given"),
    ],
    ids=["unknown", "delta", "columns"],
)
def test_plan_that_cannot_be_applied_like_that_ends_with_2(
    db: None, folder: Path, given: list[str], says: str
) -> None:
    code, printed = command("crm_import", folder, "--plan", uuid4(), *given)

    assert (code, says in printed) == (2, True)


def test_options_of_a_plan_are_those_of_its_import(db: None, folder: Path) -> None:
    command("crm_import", folder)
    exports.write(folder, **{**FIRST, "contacts": FIRST["contacts"][:3]})

    _code, plan = crm_plan(folder, "--complete")
    command("crm_import", folder, "--plan", plan["plan"])

    assert ImportRun.objects.latest("started_at").scope == "complete"
    assert LegacyContact.objects.filter(deleted=True).count() == 2

"""Decisions as CSV: what is written, what is wrong with a line, and that twice is once."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from crm_import import review_files
from crm_import.importing import Result
from crm_import.models import ImportRun, OptionValue, RowOutcome
from crm_import.review_files import Wrong
from crm_import.tests.exports import contact, guid
from patients.models import Patient, PossibleDuplicate, Specialist
from portal.core.models import User
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]
PAIR = f"{guid(1)}+{guid(2)}"


@pytest.fixture
def open_decisions(bring: Bring) -> None:
    """A pair, a value that waits, and its row in quarantine beside a row without a kind."""
    bring(
        contacts=[
            contact(1, "Anna", "Berg", "us@example.org"),
            contact(2, "Anne", "Berg", "us@example.org"),
            contact(3, "=Ida", "Vos", contact_type="100000099"),
            contact(4, "Cas", "Bos", contact_type=""),
        ]
    )


def exported(*, include_personal: bool = False) -> list[dict[str, str]]:
    file = StringIO()
    review_files.export(file, include_personal=include_personal)
    return list(csv.DictReader(StringIO(file.getvalue())))


def decisions(*lines: dict[str, str]) -> StringIO:
    file = StringIO()
    writer = csv.DictWriter(file, review_files.HEADER)
    writer.writeheader()
    writer.writerows(lines)
    return StringIO(file.getvalue())


def line(kind: str, key: str, decision: str, **said: str) -> dict[str, str]:
    return {"kind": kind, "key": key, "decision": decision, **said}


def row_key(reason: str = "routing_missing") -> str:
    held = RowOutcome.objects.held().get(reason=reason)
    return f"{held.entity}:{held.row}"


def all_decided() -> StringIO:
    return decisions(
        line("pair", PAIR, "different", reason="twins"),
        line("value", "contact_type:100000099", "approve", meaning="Physician"),
        line("row", row_key(), "fix", cells="contact_type=patient", reason="asked"),
    )


@pytest.mark.usefixtures("open_decisions")
def test_export_names_what_waits_and_nobody() -> None:
    lines = exported()

    assert [(one["kind"], one["key"]) for one in lines[:2]] == [
        ("pair", PAIR),
        ("value", "contact_type:100000099"),
    ]
    assert sorted(one["about"] for one in lines[2:]) == ["routing_missing", "routing_unmapped"]
    text = str(lines)
    assert not [word for word in ("Anna", "Ida", "example.org") if word in text]


@pytest.mark.usefixtures("open_decisions")
def test_export_with_names_is_safe_to_open_in_a_spreadsheet() -> None:
    lines = exported(include_personal=True)

    assert "us@example.org" in lines[0]["first"]
    assert any("firstname==Ida" in one["first"] for one in lines)
    assert not [cell for one in lines for cell in one.values() if cell.startswith("=")]


@pytest.mark.usefixtures("open_decisions")
def test_decisions_are_carried_out_in_one_run_and_twice_is_once() -> None:
    by, file = UserFactory(), all_decided().getvalue()

    first = review_files.carry_out(StringIO(file), by=by)
    second = review_files.carry_out(StringIO(file), by=by)

    assert (first.carried_out, first.stood) == (3, 0)
    assert (second.carried_out, second.stood, second.run) == (0, 3, "")
    assert PossibleDuplicate.objects.get().state == "different"
    assert Specialist.objects.get().last_name == "Vos"
    assert Patient.objects.filter(first_name="Cas").exists()
    assert ImportRun.objects.count() == 2
    assert not exported()


@pytest.mark.usefixtures("open_decisions")
def test_dry_run_leaves_everything_as_it_was() -> None:
    review_files.carry_out(all_decided(), by=UserFactory(), dry_run=True)

    assert len(exported()) == 4
    assert ImportRun.objects.count() == 1


@pytest.mark.usefixtures("open_decisions")
def test_file_of_a_spreadsheet_with_semicolons_is_read() -> None:
    file = StringIO(f"Kind;Key;Decision;Reason\nrow;{row_key()};waive;test\n;;;\n")

    done = review_files.carry_out(file, by=UserFactory())

    assert done.carried_out == 1
    assert RowOutcome.objects.get(outcome="ignored").reason == "waived"


@pytest.mark.usefixtures("open_decisions")
def test_rejected_value_no_longer_waits() -> None:
    review_files.carry_out(
        decisions(line("value", "contact_type:100000099", "reject")), by=UserFactory()
    )

    assert OptionValue.objects.get(value="100000099").state == "rejected"


@pytest.mark.usefixtures("open_decisions")
def test_every_wrong_line_is_named_and_nothing_is_done() -> None:
    key = row_key()
    file = decisions(
        line("pair", PAIR, "different"),
        line("pair", PAIR, "same"),
        line("pair", f"{guid(8)}+{guid(9)}", "same"),
        line("pair", "x", "same"),
        line("value", "contact_type:100000099", "approve", meaning="astronaut"),
        line("value", "contact_type:7", "reject"),
        line("row", key, "fix", cells="contact_type", reason="x"),
        line("row", "Contact:x", "waive", reason="x"),
        line("row", row_key("routing_unmapped"), "waive"),
        line("thing", "x", "perhaps"),
        line("pair", "y", "perhaps"),
    )

    with pytest.raises(Wrong) as wrong:
        review_files.carry_out(file, by=UserFactory())

    assert [one.partition(":")[0] for one in wrong.value.lines] == [
        f"line {number}" for number in range(3, 13)
    ]
    assert PossibleDuplicate.objects.get().state == "open"
    assert ImportRun.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("head", ["", "a,b\n", "kind,key\n"])
def test_file_of_another_kind_is_refused(head: str) -> None:
    with pytest.raises(Wrong) as wrong:
        review_files.carry_out(StringIO(head), by=UserFactory())

    assert "decision" in str(wrong.value)


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def steward(member: Callable[..., User]) -> User:
    return member("data steward", username="sara")


@pytest.mark.usefixtures("open_decisions")
def test_command_writes_a_file_and_carries_it_out(tmp_path: Path, steward: User) -> None:
    file, said = tmp_path / "open.csv", StringIO()
    call_command("crm_review", "export", str(file), stdout=said)
    lines = list(csv.DictReader(file.read_text().splitlines()))
    lines[0]["decision"] = "later"
    file.write_text(decisions(*lines).getvalue(), encoding="utf-8-sig")

    call_command("crm_review", "import", str(file), "--as", "sara", stdout=said)

    assert "4 decisions wait" in said.getvalue()
    assert "1 decisions carried out." in said.getvalue()
    assert PossibleDuplicate.objects.get().state == "later"


@pytest.mark.usefixtures("open_decisions")
def test_command_names_the_run_or_that_it_was_a_trial(tmp_path: Path, steward: User) -> None:
    file, said = tmp_path / "open.csv", StringIO()
    file.write_text(all_decided().getvalue())

    call_command("crm_review", "import", str(file), "--as", "sara", "--dry-run", stdout=said)
    call_command("crm_review", "import", str(file), "--as", "sara", stdout=said)

    assert "nothing of this was kept" in said.getvalue()
    assert str(ImportRun.objects.latest("started_at").pk) in said.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "who", "sentence"),
    [
        (b"kind,key,decision\nx,y,z\n", "sara", "line 2"),
        (b"kind,key,decision\n\xff,y,z\n", "sara", "UTF-8"),
        (b"kind,key,decision\n", "nobody", "--as"),
        (b"kind,key,decision\n", "nora", "Data stewards may"),
        (None, "sara", "Name another file"),
    ],
    ids=["line", "encoding", "nobody", "navigator", "no_file"],
)
def test_command_says_what_is_wrong(
    tmp_path: Path,
    steward: User,
    member: Callable[..., User],
    content: bytes | None,
    who: str,
    sentence: str,
) -> None:
    member("navigator", username="nora")
    file = tmp_path / "said.csv"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(CommandError) as error:
        call_command("crm_review", "import", str(file), "--as", who)

    assert sentence in str(error.value)
    assert error.value.returncode == 2

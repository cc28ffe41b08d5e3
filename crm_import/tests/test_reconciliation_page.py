"""The reconciliation in the workplace: to read, to print, to download, to sign."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from crm_import.admin.words import CODES, TERMS
from crm_import.importing import Result
from crm_import.models import Verification, VerificationSignature
from crm_import.rolling_back import roll_back
from crm_import.signing import sign
from crm_import.tests import exports, factories
from crm_import.understanding import REASONS
from crm_import.verifying import columns, deep, verify
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]


def url(page: str, record: Verification) -> str:
    return reverse(f"admin:crm_import_verification_{page}", args=[record.pk])


@pytest.fixture
def steward(member: Callable[..., User], client: Client) -> User:
    user = member("data steward")
    client.force_login(user)
    return user


@pytest.fixture
def counted(bring: Bring) -> Verification:
    bring(
        contacts=[exports.ANNA, exports.contact(5, "Cor", "Dam", contact_type="")],
        patients=[exports.patient(1, "Anna", "Berg", of=1, physician=exports.guid(9))],
    )
    kept, _result = verify(is_deep=True)
    return kept


def test_page_tells_it_in_the_words_of_people(
    counted: Verification, steward: User, client: Client
) -> None:
    page = client.get(url("reconciliation", counted)).content.decode()

    assert "adds up" in page
    assert "The kind of contact is missing: patient, physician or pharmacist?" in page
    assert "A link to a row that has not come yet." in page
    assert "What became of each row" in page
    assert "Values compared" in page
    assert "Nobody signed it yet." in page
    assert "Berg" not in page


def test_page_says_where_it_does_not_add_up(steward: User, client: Client) -> None:
    record: Verification = factories.VerificationFactory(
        adds_up=False,
        result={
            **factories.VerificationFactory.build().result,
            "checks": [
                {
                    "key": "rows",
                    "about": "Contact",
                    "left": {"loaded": 12_000},
                    "right": {"imported": 11_999},
                    "stray": 2,
                    "adds_up": False,
                    "places": [{"table": "Contact", "number": 7}],
                }
            ],
        },
    )

    page = client.get(url("reconciliation", record)).content.decode()

    assert "1 count does not add up." in page
    assert "difference 1 2 without a counterpart (Contact 7)" in page
    assert "12,000" in page


def test_signing_is_a_new_line_each_time_and_stays(
    counted: Verification, steward: User, client: Client
) -> None:
    told = client.get(url("sign", counted)).content.decode()
    client.post(url("sign", counted), {"remark": "Go, with the quarantine by hand."})
    client.post(url("sign", counted), {"remark": ""})

    assert "Your name, the time and your remark" in told
    signatures = VerificationSignature.objects.order_by("signed_at")
    assert [(one.by, one.remark) for one in signatures] == [
        (steward, "Go, with the quarantine by hand."),
        (steward, ""),
    ]
    page = client.get(url("reconciliation", counted)).content.decode()
    assert "Go, with the quarantine by hand." in page
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        signatures.update(remark="No.")
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        Verification.objects.update(adds_up=False)


@pytest.mark.django_db
def test_what_does_not_add_up_is_signed_with_a_remark_only() -> None:
    record: Verification = factories.VerificationFactory(adds_up=False)
    user = UserFactory()

    with pytest.raises(Refused) as refused:
        sign(verification_id=record.pk, by=user, remark=" ")

    assert refused.value.code == "remark_missing"
    assert sign(verification_id=record.pk, by=user, remark="Known.").remark == "Known."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "seen", "signed"),
    [
        ("navigator", 403, 403),
        ("team lead", 200, 302),
        ("data steward", 200, 302),
        ("auditor", 200, 403),
    ],
)
def test_who_may_read_and_sign(
    role: str, seen: int, signed: int, client: Client, member: Callable[..., User]
) -> None:
    record: Verification = factories.VerificationFactory()
    client.force_login(member(role))

    assert client.get(url("reconciliation", record)).status_code == seen
    assert client.get(url("json", record)).status_code == seen
    assert client.post(url("sign", record), {"remark": "Go"}).status_code == signed


def test_document_has_the_counts_and_the_signatures(
    counted: Verification, steward: User, client: Client
) -> None:
    sign(verification_id=counted.pk, by=steward, remark="Go")

    answer = client.get(url("json", counted))

    assert answer["Content-Type"] == "application/json"
    document = json.loads(answer.content)
    assert document["adds_up"] is True
    assert [one["remark"] for one in document["signatures"]] == ["Go"]


def test_run_leads_to_its_reconciliations_and_tells_of_its_rollback(
    counted: Verification, steward: User, client: Client
) -> None:
    run = counted.run
    page = client.get(run.get_absolute_url()).content.decode()
    assert counted.get_absolute_url() in page

    roll_back(run_id=run.pk, by=steward, apply=True)

    assert "taken back, " in client.get(run.get_absolute_url()).content.decode()
    rollback = run.undone_by
    assert "takes back export" in client.get(rollback.get_absolute_url()).content.decode()


_SEVERITY = "'(?:error|warning|info)'"
_CASE = r"CASE((?:(?!\bCASE\b|\bEND\b).)*)END"
# How the SQL and the Python of the migration write down the code of a problem or of an outcome.
_SAID = (
    rf"'(\w+)'(?: AS code|,\s*{_SEVERITY})",
    r"(?:'(?:quarantined|ignored)',|\breason =)\s*'(\w+)'",
    r'(?:BadRecord|_refuse)\(.*"(\w+)"',
    r'\breason = "(\w+)"',
    r'\breason = .* else "(\w+)"',
    r'Problem\(.*code="(\w+)"',
)
_CHOSEN = (
    rf"(?s)'quarantined',\s*{_CASE}",
    rf"(?s){_CASE}(?:::varchar\(\d+\))? AS code",
    rf"(?s){_CASE},\s*(?:{_SEVERITY}|CASE WHEN (?:EXISTS|bool_and))",
)


def codes() -> Iterator[str]:
    folder = Path(columns.__file__).parents[1]
    paths = [*folder.glob("sql/*.sql"), *folder.glob("sources/*.py"), folder / "reporting.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    for pattern in _SAID:
        yield from re.findall(pattern, text)
    for pattern in _CHOSEN:
        for cases in re.findall(pattern, text):
            yield from re.findall(r"(?:THEN|ELSE)\s+'(\w+)'", cases)


def held() -> Iterator[str]:
    """The reasons for which sql/ puts a row into quarantine."""
    for path in (Path(columns.__file__).parents[1] / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"'quarantined',\s*'(\w+)'", text)
        for cases in re.findall(rf"(?s)'quarantined',\s*{_CASE}", text):
            yield from re.findall(r"(?:THEN|ELSE)\s+'(\w+)'", cases)


def test_every_problem_and_every_term_has_words() -> None:
    """A code without a sentence tells a manager nothing."""
    # Two are written in other ways: sql/versions.sql, verifying/placed.py.
    assert {*codes(), "version_conflict", "field_conflict"} == CODES.keys()
    assert {*held(), "version_conflict"} == REASONS.keys()
    assert {columns.IN_A_FIELD, "placeholder", "note", "form"} <= TERMS.keys()
    assert {one.alias for one in deep.COMPARISONS} <= set("tsdhcz")

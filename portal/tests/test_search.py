"""Finding people by what somebody remembers of them."""

from typing import Any

import pytest
from django.db import connection

from patients.models import MedicalCondition, Patient
from patients.tests.factories import ContactPointFactory, HospitalFactory, PatientFactory
from portal.core.search import SEARCH_LIMIT, fold, words

pytestmark = pytest.mark.django_db

NAMES = [
    "Łukasz Strauß",
    "SØREN Ångström",
    "Nguyễn Thị Minh",
    "O'Brien-d’Arcy",
    "Þórður Æsir",
    "İpek Yıldız",
    "Иван Петров",
    "e\u0301lodie \u00a0van   der Berg",
    "J.-P. (Jan) Œuvre",
]


@pytest.fixture
def patient() -> Patient:
    return PatientFactory(
        first_name="Łukasz",
        last_name="O'Brien-Nguyễn",
        email="Luc.Obrien@home.example.org",
        phone="+31612345678",
    )


@pytest.mark.parametrize(
    "typed",
    [
        "luk",
        "ŁUKASZ",
        "nguyen",
        "obrien luk",
        "o'brien",
        "O’Brien",
        "brien",
        "nguyen-",
        "luc.o",
        "luc.obrien@home",
        "LUC.OBRIEN@HOME.EXAMPLE.ORG",
        "example.org",
        "@home.ex",
        "5678",
        "06 12 34",
        "0612345678",
        "+31 6 12345678",
        "0031 6 1234",
        "(06) 12-34-56",
        "  lukasz   5678 ",
    ],
)
def test_search_by_what_is_remembered_finds_the_patient(patient: Patient, typed: str) -> None:
    PatientFactory(
        first_name="Somebody", last_name="Else", email="s@elsewhere.test", phone="+4915112300000"
    )

    assert list(Patient.objects.search(typed)) == [patient]


@pytest.mark.parametrize(
    "typed", ["ukasz", "zzz", "luk zzz", "3456 luk", "'", ":*", "\\", "a' | 'b", "@", "luk 9999"]
)
def test_search_for_something_else_finds_nobody(patient: Patient, typed: str) -> None:
    assert not Patient.objects.search(typed).exists()


@pytest.mark.parametrize("typed", ["", "   "])
def test_search_for_nothing_narrows_nothing(patient: Patient, typed: str) -> None:
    assert list(Patient.objects.search(typed)) == [patient]


@pytest.mark.parametrize("typed", ["4321", "lukasz 4321", "mother@", "family.example"])
def test_search_finds_by_further_contact_points(patient: Patient, typed: str) -> None:
    ContactPointFactory(patient=patient, kind="phone", value="+3225554321")
    ContactPointFactory(patient=patient, value="Mother@family.example")

    assert list(Patient.objects.search(typed)) == [patient]


def test_search_respects_the_filters_it_is_put_on(patient: Patient) -> None:
    assert not Patient.objects.filter(stage="closed").search("lukasz").exists()


def test_search_looks_at_a_bounded_number_of_rows() -> None:
    Patient.objects.bulk_create(
        Patient(first_name="Anna", last_name=f"N{n}") for n in range(SEARCH_LIMIT + 5)
    )

    assert Patient.objects.search("anna").count() == SEARCH_LIMIT


@pytest.mark.parametrize("name", NAMES)
def test_folding_in_python_and_in_sql_agree(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_fold(%s), portal_fold_key(%s)", [name, name])
        folded, key = cursor.fetchone()

    assert folded == fold(name)
    assert key.split() == words(name)


def test_hospital_is_found_by_name_and_city() -> None:
    hospital = HospitalFactory(name="Universitätsklinikum", city="Köln")
    HospitalFactory(name="Another", city="Bonn")

    assert list(type(hospital).objects.search("koln univ")) == [hospital]


@pytest.mark.parametrize(
    "text", ["Idiopatic Pulmonary Fibrosis", "IPF", "idiopathische  LONGFIBROSE"]
)
def test_any_spelling_names_one_condition(text: str) -> None:
    assert MedicalCondition.objects.named(text).get().abbreviation == "IPF"


def test_search_looks_its_ids_up_whatever_order_is_asked_for() -> None:
    """A plain list of ids would let the planner walk the index of the order (see Among)."""
    PatientFactory(last_name="Vermeulen")

    query = str(Patient.objects.search("verm").order_by("-created_at", "-id")[:25].query)

    assert "= ANY(ARRAY(SELECT unnest(" in query


def test_search_for_nobody_asks_the_database_for_no_page(
    django_assert_num_queries: Any, patient: Patient
) -> None:
    with django_assert_num_queries(2):  # people, and further contact points
        found = Patient.objects.search("zzyzx")
        assert not found.order_by("-created_at")[:25]
        assert found.count() == 0


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("de los A", True),
        ("A los d", True),
        ("ar", True),
        ("a d", True),
        ("los x", False),
        ("roc de", False),
        ("de 5678", True),
        ("x 5678", False),
        ("de @family.example", True),
        ("x @family.example", False),
    ],
)
def test_short_words_count_beside_long_ones(typed: str, is_found: bool) -> None:
    person = PatientFactory(first_name="Ariel", last_name="de los Santos", phone="+31612345678")
    ContactPointFactory(patient=person, kind="email", value="home@family.example")

    assert Patient.objects.search(typed).exists() is is_found


def test_short_words_are_not_looked_up_beside_long_ones() -> None:
    from portal.core.search import contact_queries

    queries = contact_queries("de los A")

    assert [len(kind) for kind in queries] == [1, 0, 2]
    assert contact_queries("de A").brief == []


PLAIN = (
    ("Anna", "Berg", "anna.berg@example.org", ""),
    ("Anna  Maria ", " Berg", "a@b", ""),
    ("", "Berg", "", ""),
    ("", "", "", ""),
    ("Anna", "Berg", "anna", ""),
    ("Anna", "Berg", "@example.org", ""),
    ("Anna", "Berg", "a@b@mail.example.org", ""),
    ("Anna", "Berg", "a@.mail..org.", ""),
    ("Anna", "Berg", "a@a.b.c.d.org", ""),
    ("Anna", "Berg", "Anna@Example.org ", ""),
    ("Anna", "O'Berg-Visser", "anna@mail.example.org", "+31612345678"),
    ("Łucja", "Żuk", "l.zuk@example.org", ""),
    ("Anna\tMaria", "Berg 2", "a_b-c@ex-ample.org", ""),
)


@pytest.mark.parametrize("contact", PLAIN, ids=lambda contact: " ".join(contact))
def test_short_way_to_the_words_of_a_person_finds_the_same(
    db: None, contact: tuple[str, ...]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT portal_contact_search(f, l, e, p) = portal_contact_words(f, l, e, p)"
            " FROM (VALUES (%s, %s, %s, %s)) c (f, l, e, p)",
            contact,
        )
        assert cursor.fetchone() == (True,)

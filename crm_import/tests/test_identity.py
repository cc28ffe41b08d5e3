"""Who is who: what is merged, what is only proposed, and what is neither."""

from collections.abc import Callable

import pytest
from django.db.models import Q

from crm_import.importing import Result
from crm_import.models import Crosswalk, Problem
from crm_import.tests.exports import DMD, GBM, contact, dossier, patient, physician
from crm_import.tests.tables import numbered, values
from crm_import.tests.told import person, told
from patients.models import ContactPoint, Patient, PossibleDuplicate, Specialist, Submission
from patients.tests.factories import PatientFactory

Bring = Callable[..., Result]

ANNA = ("Anna", "van der Berg", "anna@example.org")


def pairs() -> list[str]:
    return sorted(PossibleDuplicate.objects.values_list("tier", flat=True))


def pairs_of(one: Patient) -> list[str]:
    found = PossibleDuplicate.objects.filter(Q(first_patient=one) | Q(second_patient=one))
    return sorted(found.values_list("tier", flat=True))


# Tables of cases are one export: each case has an address of its own, and number N + 50 is the
# row beside number N.


def test_row_29_returning_lead_is_one_patient_with_all_forms_and_calls(bring: Bring) -> None:
    result = bring(
        contacts=[
            contact(1, *ANNA, booking_date="2024-01-20T10:00:00Z", no_show="true"),
            contact(2, *ANNA, booking_date="2024-02-20T10:00:00Z", no_show="false"),
            contact(3, *ANNA, booking_date="2024-03-20T10:00:00Z"),
        ]
    )

    anna = Patient.objects.get()
    assert anna.submissions.count() == 3
    assert sorted(anna.submissions.values_list("match", flat=True)) == ["joined", "joined", "new"]
    assert list(anna.bookings.order_by("starts_at").values_list("status", flat=True)) == [
        "no_show",
        "completed",
        "booked",
    ]
    assert result.report["tables"]["Contact"]["imported"] == 1
    assert result.report["tables"]["Contact"]["merged"] == 2
    assert not pairs()


SPELLINGS = numbered(
    pytest.param("ANNA", "VAN DER BERG", "a1@example.org", id="capitals"),
    pytest.param("van der Berg", "Anna", "a2@example.org", id="row_30_names_swapped"),
    pytest.param(" Anna ", "van  der\u00a0Berg", "a3@example.org", id="blanks"),
    pytest.param("Anna", "vander-Berg", "a4@example.org", id="punctuation"),
    pytest.param("A\u0301nna", "van der Berg", "a5@example.org", id="decomposed accent"),
    pytest.param("Anna", "van der Berg", "mailto:A6@Example.ORG; ", id="address decorated"),
    pytest.param("An\u200bna", "van der Berg", "<a7@example.org>", id="row_37_zero_width"),
)


@pytest.mark.parametrize(("number", "first", "last", "email"), SPELLINGS)
def test_same_address_and_name_in_other_spelling_is_one_patient(
    bring: Bring, number: int, first: str, last: str, email: str
) -> None:
    rows = values(SPELLINGS)
    bring(
        contacts=[
            *(contact(n, *ANNA[:2], f"a{n}@example.org") for n, *_ in rows),
            *(contact(n + 50, *cells) for n, *cells in rows),
        ]
    )

    assert Patient.objects.count() == len(rows)
    assert person(number + 50) == person(number)
    rules = Crosswalk.objects.filter(target_id=person(number).pk).values_list("rule", flat=True)
    assert sorted(rules) == ["first", "same_email_and_name"]


@pytest.mark.parametrize(
    ("plain", "well_formed"),
    [
        (("JOSE", "MINGUEZ"), ("José", "Mínguez")),
        pytest.param(("LUKASZ", "STRASSE"), ("Łukasz", "Straße"), id="row_33_folded_letters"),
    ],
)
def test_of_two_spellings_the_well_formed_one_is_kept(
    bring: Bring, plain: tuple[str, str], well_formed: tuple[str, str]
) -> None:
    bring(
        contacts=[
            contact(1, *plain, "jose@example.org"),
            contact(2, *well_formed, "jose@example.org"),
        ]
    )

    assert str(Patient.objects.get()) == " ".join(well_formed)


NO_ADDRESSES = numbered(("",), ("n/a",), ("-",), ("onbekend",), ("none@example.org",))


@pytest.mark.parametrize(("number", "email"), NO_ADDRESSES)
def test_row_21_a_name_without_an_address_proves_nothing(
    bring: Bring, number: int, email: str
) -> None:
    rows = values(NO_ADDRESSES)
    bring(contacts=[contact(n + more, "Anna", "Berg", e) for n, e in rows for more in (0, 50)])

    assert Patient.objects.count() == 2 * len(rows)
    assert person(number) != person(number + 50)
    assert person(number).email == person(number + 50).email == ""


def test_row_25_family_of_one_address_stays_apart_and_is_proposed(bring: Bring) -> None:
    bring(contacts=[contact(2, "Ben", "Berg", ANNA[2]), contact(1, *ANNA)])

    assert Patient.objects.get(first_name="Anna").email == ANNA[2]  # the older one
    assert Patient.objects.get(first_name="Ben").email == ""
    assert ContactPoint.objects.filter(value=ANNA[2]).count() == 2
    assert pairs() == ["R2"]
    assert Patient.objects.search(ANNA[2]).count() == 2


NEARLY = numbered(
    pytest.param("A.", "Berg", id="initial"),
    pytest.param("Anna", "Bergh", id="one more letter"),
    pytest.param("Anna", "Breg", id="swapped letters"),
    pytest.param("Anne", "Berg", id="one other letter"),
)


@pytest.mark.parametrize(("number", "first", "last"), NEARLY)
def test_one_letter_apart_with_one_address_is_tier_r4(
    bring: Bring, number: int, first: str, last: str
) -> None:
    bring(
        contacts=[
            *(contact(n, "Anna", "Berg", f"b{n}@example.org") for n in range(1, 5)),
            *(contact(n + 50, *cells, f"b{n}@example.org") for n, *cells in values(NEARLY)),
        ]
    )

    assert person(number + 50).full_name == f"{first} {last}"
    assert PossibleDuplicate.objects.between(person(number), person(number + 50)).get().tier == "R4"
    assert pairs() == ["R4"] * 4


def test_mailbox_of_many_names_proves_nothing(bring: Bring) -> None:
    names = ["Ada", "Bea", "Cor", "Dov", "Eva", "Fay", "Fay"]
    bring(
        contacts=[
            contact(n, name, "Info", "info@clinic.example.org") for n, name in enumerate(names)
        ]
    )

    assert Patient.objects.count() == len(names)
    assert not Patient.objects.exclude(email="").exists()
    assert ContactPoint.objects.count() == len(names)
    assert not pairs()


def test_row_28_same_name_and_condition_with_other_address_is_tier_r3(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", "anna@example.org", medical_condition=GBM),
            contact(2, "Anna", "Berg", "berg@example.org", medical_condition=GBM),
            contact(3, "Anna", "Berg", "a.berg@example.org", medical_condition=DMD),
        ]
    )

    assert Patient.objects.count() == 3
    assert pairs() == ["R3"]


def test_a_common_name_is_paired_with_its_oldest_only(bring: Bring) -> None:
    bring(
        contacts=[
            contact(n, "Jan", "Jansen", f"jan{n}@example.org", medical_condition=GBM)
            for n in range(1, 10)
        ]
    )

    assert Patient.objects.count() == 9
    assert pairs() == ["R3"] * 8


LINKED = numbered(
    pytest.param("Zoë", "Berg", id="accent"),
    pytest.param("Berg", "Zoe", id="swapped"),
    pytest.param("", "Berg", id="no first name"),
    pytest.param("ZOE", "", id="no last name"),
)


@pytest.mark.parametrize(("number", "first", "last"), LINKED)
def test_linked_rows_of_one_name_are_one_patient(
    bring: Bring, number: int, first: str, last: str
) -> None:
    rows = values(LINKED)
    bring(
        contacts=[contact(n, "Zoe", "Berg", f"zoe{n}@example.org") for n, *_ in rows],
        patients=[patient(n, *names, f"other{n}@example.org", of=n) for n, *names in rows],
    )

    assert Patient.objects.count() == len(rows)
    zoe = person(number)
    assert person(number, "Patient") == zoe
    assert zoe.stage == "patient"
    assert f"{zoe.converted_at:%Y-%m-%d %H:%M}" == f"2024-03-{number + 1:02} 09:00"
    assert {zoe.email, *zoe.contact_points.values_list("value", flat=True)} == {
        f"zoe{number}@example.org",
        f"other{number}@example.org",
    }
    assert "email_conflict:email" in told(number, "Patient")


DOUBTFUL = numbered(
    pytest.param("Carla", "Diaz", "carla@example.org", "R1", id="nothing alike"),
    pytest.param("Carla", "Diaz", "a2@example.org", "R1", id="address of another person"),
    pytest.param("Anna", "Smit", "a3@example.org", "R2", id="other last name"),
    pytest.param("Anna", "van den Berg", "a4@example.org", "R4", id="one letter off"),
)


@pytest.mark.parametrize(("number", "first", "last", "email", "tier"), DOUBTFUL)
def test_doubtful_link_stays_apart_and_is_proposed(
    bring: Bring, number: int, first: str, last: str, email: str, tier: str
) -> None:
    rows = values(DOUBTFUL)
    bring(
        contacts=[contact(n, *ANNA[:2], f"a{n}@example.org") for n, *_ in rows],
        patients=[patient(n, *cells, of=n) for n, *cells, _tier in rows],
    )

    lead, other = person(number), person(number, "Patient")
    assert other.full_name == f"{first} {last}"
    assert PossibleDuplicate.objects.between(lead, other).get().tier == tier
    assert pairs_of(lead) == pairs_of(other) == [tier]
    assert (other.stage, other.submissions.count()) == ("patient", 0)


def test_two_people_do_not_hang_together_by_half_a_name(bring: Bring) -> None:
    bring(
        contacts=[contact(1, "", "Berg", "berg@example.org")],
        patients=[
            patient(1, "Anna", "Berg", "berg@example.org", of=1),
            patient(2, "Ben", "Berg", "berg@example.org", of=1),
        ],
    )

    assert Patient.objects.count() == 3
    assert set(pairs()) <= {"R1", "R2", "R4"}
    assert len(pairs()) == 3
    assert Problem.objects.filter(code="torn_cluster").count() == 2


def test_common_trial_and_name_is_one_patient(bring: Bring) -> None:
    bring(
        patients=[
            patient(1, "Anna", "Berg", "anna@example.org", trial_id="NCT00000001"),
            patient(2, "Anna", "Berg", "berg@example.org", trial_id="nct 00000001; TBD"),
            patient(3, "Ben", "Berg", "ben@example.org", trial_id="NCT00000001"),
        ]
    )

    assert Patient.objects.count() == 2
    assert Crosswalk.objects.filter(rule="same_trial_and_name").count() == 1


def test_common_access_number_and_name_is_one_patient(bring: Bring) -> None:
    bring(
        patients=[
            patient(1, "Anna", "Berg", "anna@example.org"),
            patient(2, "Berg", "Anna", "berg@example.org"),
        ],
        dossiers=[dossier(1, "EAP-1", 1), dossier(2, "eap 1", 2)],
    )

    assert Patient.objects.get().eap_dossiers.count() == 1


def test_row_52_patient_row_of_a_missing_contact_is_a_patient_of_its_own(bring: Bring) -> None:
    result = bring(patients=[patient(1, "Anna", "Berg", of=99)])

    assert str(Patient.objects.get()) == "Anna Berg"
    assert not Submission.objects.exists()
    assert result.report["tables"]["Patient"]["imported"] == 1
    assert Problem.objects.filter(code="pending_link", field="contact_record").exists()


def test_row_26_physician_and_patient_are_never_one_record(bring: Bring) -> None:
    bring(contacts=[physician(1, *ANNA), contact(2, *ANNA)])

    assert Patient.objects.get().email == Specialist.objects.get().email == ANNA[2]
    assert pairs() == ["R5"]


def test_row_53_patient_row_linked_to_a_physician_is_suspect(bring: Bring) -> None:
    bring(contacts=[physician(1, "Ida", "Vos")], patients=[patient(1, "Anna", "Berg", of=1)])

    pair = PossibleDuplicate.objects.get()
    assert (pair.tier, pair.first_patient, pair.first_specialist) == (
        "R1",
        Patient.objects.get(),
        Specialist.objects.get(),
    )


@pytest.mark.parametrize(
    ("licence", "last", "people"),
    [
        pytest.param("big 123.45", "Vos", 1, id="same licence in other spelling"),
        pytest.param("BIG-12345", "Smit", 2, id="licence of two names"),
        pytest.param("BIG-99999", "Vos", 2, id="other licence"),
    ],
)
def test_row_83_specialists_are_one_by_licence_and_last_name(
    bring: Bring, licence: str, last: str, people: int
) -> None:
    bring(
        contacts=[
            physician(1, "Ida", "Vos", medical_license_number="BIG-12345"),
            physician(2, "I.", last, medical_license_number=licence),
        ]
    )

    assert Specialist.objects.count() == people


def test_word_for_no_licence_joins_nobody(bring: Bring) -> None:
    words = enumerate(("n/a", "TBD", "-", "0000"))
    bring(
        contacts=[
            physician(10 * n + more, "Ida" if more else "Udo", f"Vos{n}", medical_license_number=no)
            for n, no in words
            for more in (0, 1)
        ]
    )

    assert list(Specialist.objects.values_list("medical_license_number", flat=True)) == [""] * 8


def test_word_for_no_number_joins_nobody(bring: Bring) -> None:
    bring(
        patients=[
            patient(1, "Anna", "Berg", "anna@example.org"),
            patient(2, "Anna", "Berg", "berg@example.org"),
        ],
        dossiers=[dossier(1, "n/a", 1), dossier(2, "n/a", 2)],
    )

    assert Patient.objects.count() == 2


def test_word_for_no_last_name_joins_nobody(bring: Bring) -> None:
    bring(
        patients=[
            patient(1, "Anna", "Unknown", "anna@example.org", trial_id="NCT00000001"),
            patient(2, "Anna", "Unknown", "berg@example.org", trial_id="NCT00000001"),
        ]
    )

    assert Patient.objects.count() == 2


def test_specialists_of_one_address_with_two_licences_stay_apart(bring: Bring) -> None:
    bring(
        contacts=[
            physician(1, "Ida", "Vos", "vos@example.org", medical_license_number="BIG-1"),
            physician(2, "Ida", "Vos", "vos@example.org", medical_license_number="BIG-2"),
        ]
    )

    assert sorted(Specialist.objects.values_list("email", flat=True)) == ["", "vos@example.org"]
    assert pairs() == ["R2"]
    assert Problem.objects.filter(code="email_not_kept").count() == 1


def test_somebody_of_the_portal_with_the_address_is_proposed(bring: Bring) -> None:
    PatientFactory(first_name="Anna", last_name="Berg", email="Anna@example.org")

    bring(contacts=[contact(1, *ANNA)])

    came = Patient.objects.get(submissions__isnull=False)
    assert came.email == ""
    assert came.contact_points.get().value == ANNA[2]
    assert pairs() == ["R2"]

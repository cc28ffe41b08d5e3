"""People in the workplace: the list one decides by, search, the page of a patient."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.tests.factories import BookingFactory, CallFactory
from patients.models import ConditionName, MedicalCondition, Note, Patient
from patients.tests.factories import (
    ConsentFactory,
    ContactPointFactory,
    MedicalConditionFactory,
    NoteFactory,
    PatientFactory,
    SpecialistFactory,
    SubmissionFactory,
)
from portal.core.models import User
from portal.core.tests import days
from portal.core.tests.factories import UserFactory
from portal.roles import Role
from referrals.tests.factories import CTReferralFactory, EAPDossierFactory

pytestmark = pytest.mark.django_db

LIST = "admin:patients_patient_changelist"


def change_url(patient: Patient) -> str:
    return reverse("admin:patients_patient_change", args=[patient.pk])


def test_what_is_needed_less_often_stands_in_a_menu(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)

    page = client.get(change_url(PatientFactory(converted=True)))

    titles = {
        name: {str(button.title) for button in page.context[name]}
        for name in ("portal_verbs", "portal_rare_verbs")
    }
    rare = {"Merge with another…", "Export", "Request erasure", "Take the conversion back"}
    assert titles["portal_rare_verbs"] == rare
    assert {"Options", "Record consent", "Close record"} <= titles["portal_verbs"]
    tabs = {table.name for table in page.context["portal_tables"] if table.is_rare}
    assert tabs == {"submissions", "options-reports", "messages"}
    assert page.content.decode().count('<details class="portal-more">') == 2


def filled(patient: Patient, **changes: Any) -> dict[str, Any]:
    """What the form of a patient sends when nothing but `changes` was touched."""
    patient.refresh_from_db()
    return {
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "email": patient.email,
        "phone": patient.phone,
        "country": patient.country,
        "language": patient.language,
        "owner": patient.owner_id or "",
        "medical_condition": patient.medical_condition_id or "",
        "physician": patient.physician_id or "",
        "sex": patient.sex,
        "voicemail": patient.voicemail,
        "version": patient.version,
        "contact_points-TOTAL_FORMS": 0,
        "contact_points-INITIAL_FORMS": 0,
        "notes-TOTAL_FORMS": 0,
        "notes-INITIAL_FORMS": 0,
        **changes,
    }


# --- list and search ------------------------------------------------------------------------------


def test_list_shows_what_one_decides_by(client: Client, navigator: User) -> None:
    patient = PatientFactory(
        converted=True,
        first_name="Ada",
        email="ada@example.org",
        medical_condition=MedicalConditionFactory(name="Some rare disorder"),
        physician=SpecialistFactory(first_name="Gregory", last_name="House"),
        owner=navigator,
    )
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    BookingFactory(patient=patient, starts_at=tomorrow, ends_at=tomorrow + timedelta(hours=1))
    CallFactory(patient=patient, started_at=datetime(2026, 1, 5, 10, tzinfo=UTC))
    client.force_login(navigator)

    content = client.get(reverse(LIST)).content.decode()

    for shown in (
        "ada@example.org",
        "Some rare disorder",
        "Gregory House",
        "Aisha Okafor",
        "5 Jan 2026, 11:00",
        "Reached",
        days.shown(tomorrow),
    ):
        assert shown in content


def test_list_of_leads_nobody_reached_shows_the_oldest_first(
    client: Client, navigator: User
) -> None:
    now = datetime.now(UTC)
    young = PatientFactory(first_contact_at=now - timedelta(hours=3))
    old = PatientFactory(first_contact_at=now - timedelta(days=3))
    reached = PatientFactory(initial_consult_at=now)
    client.force_login(navigator)

    content = client.get(reverse(LIST), {"queue": "waiting"}).content.decode()

    assert content.index(str(old.pk)) < content.index(str(young.pk))
    assert str(reached.pk) not in content
    assert "3 days" in content


@pytest.mark.parametrize(
    "typed",
    [
        "zoe",
        "vermeu zo",
        "ZOË VERMEULEN",
        "zoe.v",
        "gmail.test",
        "@gmail.test",
        "+31 6 8765",
        "06 87654",
        "4321",
        "shared@",
        "5678",
    ],
)
def test_search_finds_the_person(typed: str, client: Client, navigator: User) -> None:
    patient = PatientFactory(
        first_name="Zoë",
        last_name="Vermeulen",
        email="zoe.v@gmail.test",
        phone="+31687654321",
    )
    ContactPointFactory(patient=patient, kind="email", value="shared@example.net")
    ContactPointFactory(patient=patient, kind="phone", value="+31612345678")
    other = PatientFactory(first_name="Ada", last_name="Lovelace", phone="+34600111222")
    client.force_login(navigator)

    content = client.get(reverse(LIST), {"q": typed}).content.decode()

    assert str(patient.pk) in content
    assert str(other.pk) not in content


@pytest.mark.parametrize(
    "name",
    ["bookings_booking", "bookings_call", "referrals_ctreferral", "referrals_eapdossier"],
)
def test_records_about_a_patient_are_found_by_the_person(
    name: str, client: Client, navigator: User
) -> None:
    made = {
        "bookings_booking": BookingFactory,
        "bookings_call": CallFactory,
        "referrals_ctreferral": CTReferralFactory,
        "referrals_eapdossier": EAPDossierFactory,
    }[name]
    record = made(patient=PatientFactory(first_name="Zoë", last_name="Vermeulen"))
    other = made(patient=PatientFactory(first_name="Ada", last_name="Lovelace"))
    client.force_login(navigator)

    content = client.get(reverse(f"admin:{name}_changelist"), {"q": "zoe"}).content.decode()

    assert str(record.pk) in content
    assert str(other.pk) not in content


# --- page -----------------------------------------------------------------------------------------


def test_page_shows_everything_about_the_person(client: Client, navigator: User) -> None:
    patient = PatientFactory(
        phone="+31687654321", email="zoe@example.org", time_zone="Europe/Madrid", owner=navigator
    )
    first = BookingFactory(patient=patient)
    second = BookingFactory(patient=patient)
    CallFactory(patient=patient, summary="Wants options close to home")
    referral = CTReferralFactory(patient=patient)
    dossier = EAPDossierFactory(patient=patient)
    submission = SubmissionFactory(patient=patient)
    consent = ConsentFactory(patient=patient)
    NoteFactory(patient=patient, text="Prefers the morning")
    client.force_login(navigator)

    content = client.get(change_url(patient)).content.decode()

    assert 'href="tel:+31687654321"' in content
    assert "+31 6 87654321" in content
    assert 'href="mailto:zoe@example.org"' in content
    assert "in Madrid" in content
    assert "Wants options close to home" in content
    assert "Prefers the morning" in content
    for row in (first, second, referral, dossier, submission, consent):
        assert row.get_absolute_url() in content
    assert f"{reverse('admin:bookings_booking_add')}?patient={patient.pk}" in content


def test_page_shows_the_newest_twenty_of_each_kind_and_where_the_others_are(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    for number in range(25):
        NoteFactory(patient=patient, text=f"Note {number:02}")
    client.force_login(navigator)

    content = client.get(change_url(patient)).content.decode()

    assert "Note 24" in content
    assert "Note 05" in content
    assert "Note 04" not in content
    everything = f"{reverse('admin:patients_note_changelist')}?patient__id__exact={patient.pk}"
    assert everything in content
    assert "Note 04" in client.get(everything).content.decode()


def test_page_needs_as_many_queries_for_many_rows_as_for_few(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory(converted=True, owner=navigator)

    def fill(count: int) -> None:
        for _number in range(count):
            BookingFactory(patient=patient)
            CallFactory(patient=patient)
            NoteFactory(patient=patient)
            SubmissionFactory(patient=patient)
            ConsentFactory(patient=patient)
            CTReferralFactory(patient=patient)
            EAPDossierFactory(patient=patient)
            ContactPointFactory(patient=patient)

    client.force_login(navigator)
    fill(1)
    client.get(change_url(patient))
    with CaptureQueriesContext(connection) as few:
        client.get(change_url(patient))
    fill(10)

    with CaptureQueriesContext(connection) as many:
        client.get(change_url(patient))

    assert len(many) <= len(few)
    assert len(few) <= 51  # eleven of them for what to ask about the trials that are followed


def test_stage_and_what_verbs_own_cannot_be_typed_in(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    client.post(
        change_url(patient),
        filled(
            patient,
            first_name="Changed",
            stage="patient",
            converted_at_0="2026-01-01",
            converted_at_1="10:00",
            initial_consult_at_0="2026-01-01",
            initial_consult_at_1="10:00",
        ),
    )

    patient.refresh_from_db()
    assert patient.first_name == "Changed"
    assert (patient.stage, patient.converted_at, patient.initial_consult_at) == ("lead", None, None)


def test_phone_is_shown_for_people_and_stored_as_e164(client: Client, navigator: User) -> None:
    patient = PatientFactory(phone="+31687654321")
    client.force_login(navigator)

    content = client.get(change_url(patient)).content.decode()
    client.post(change_url(patient), filled(patient, phone="06 12345678", country="NL"))

    assert 'value="+31 6 87654321"' in content
    patient.refresh_from_db()
    assert patient.phone == "+31612345678"


def test_new_phone_is_found_by_its_last_digits_and_stands_in_the_history(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    client.post(
        change_url(patient),
        filled(
            patient,
            **{
                "contact_points-TOTAL_FORMS": 1,
                "contact_points-0-kind": "phone",
                "contact_points-0-value": "+31 6 1234 9876",
                "contact_points-0-remark": "the mother's",
            },
        ),
    )

    assert str(patient.pk) in client.get(reverse(LIST), {"q": "9876"}).content.decode()
    history = client.get(reverse("admin:patients_patient_history", args=[patient.pk]))
    assert "Aisha Okafor" in history.content.decode()
    assert "+31 6 12349876" in history.content.decode()


def test_note_is_added_with_its_author_and_never_changed(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    old = NoteFactory(patient=patient, text="Said once")
    client.force_login(navigator)

    client.post(
        change_url(patient),
        filled(patient, **{"notes-TOTAL_FORMS": 1, "notes-0-text": "Likes the morning"}),
    )
    refused = client.post(
        reverse("admin:patients_note_change", args=[old.pk]), {"text": "Said otherwise"}
    )

    added = Note.objects.get(text="Likes the morning")
    assert (added.patient, added.author) == (patient, navigator)
    assert refused.status_code == 403
    old.refresh_from_db()
    assert old.text == "Said once"


def test_even_a_superuser_cannot_change_what_was_said_once(admin_client: Client) -> None:
    consent = ConsentFactory()

    response = admin_client.post(
        reverse("admin:patients_consent_change", args=[consent.pk]), {"decision": "refused"}
    )

    assert response.status_code == 403


def test_consent_is_added_with_who_obtained_it(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    response = client.post(
        reverse("admin:patients_consent_add"),
        {
            "patient": patient.pk,
            "purpose": "trial_site",
            "decision": "given",
            "decided_at_0": "2026-11-20",
            "decided_at_1": "10:00",
            "text_version": "2026-01",
            "language": "nl",
            "method": "phone",
            "obtained_by": navigator.pk,
        },
    )

    assert response.status_code == 302
    assert patient.consents.get().obtained_by == navigator


def test_restricted_person_cannot_be_changed_until_the_restriction_is_lifted(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory(first_name="Ada", processing_restricted=True)
    client.force_login(navigator)

    client.post(change_url(patient), filled(patient, first_name="Eve", processing_restricted="on"))
    patient.refresh_from_db()
    assert patient.first_name == "Ada"

    client.post(change_url(patient), filled(patient))
    patient.refresh_from_db()
    assert not patient.processing_restricted


def test_new_patient_is_a_lead(client: Client, navigator: User) -> None:
    condition = MedicalConditionFactory()
    client.force_login(navigator)

    response = client.post(
        reverse("admin:patients_patient_add"),
        {
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": "ada@example.org",
            "owner": navigator.pk,
            "medical_condition": condition.pk,
            "sex": "female",
            "voicemail": "full",
            "contact_points-TOTAL_FORMS": 0,
            "contact_points-INITIAL_FORMS": 0,
            "notes-TOTAL_FORMS": 1,
            "notes-INITIAL_FORMS": 0,
            "notes-0-text": "Came by phone",
        },
    )

    assert response.status_code == 302
    patient = Patient.objects.get(email="ada@example.org")
    assert (patient.stage, patient.owner) == ("lead", navigator)
    assert patient.notes.get().author == navigator


def test_shared_e_mail_is_explained_on_the_form(client: Client, navigator: User) -> None:
    PatientFactory(email="family@example.org")
    patient = PatientFactory()
    client.force_login(navigator)

    content = client.post(
        change_url(patient), filled(patient, email="Family@Example.org")
    ).content.decode()

    assert "add it as a further contact point" in content


# --- other people's pages -------------------------------------------------------------------------


def test_new_condition_is_found_under_its_own_name(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    client.post(
        reverse("admin:patients_medicalcondition_add"),
        {
            "name": "Somnolence",
            "names-TOTAL_FORMS": 1,
            "names-INITIAL_FORMS": 0,
            "names-0-name": "Slaperigheid",
            "names-0-language": "nl",
        },
    )

    condition = MedicalCondition.objects.get(name="Somnolence")
    assert set(
        ConditionName.objects.filter(condition=condition).values_list("name", flat=True)
    ) == {
        "Somnolence",
        "Slaperigheid",
    }


def test_specialist_page_lists_the_patients(client: Client, member: Callable[..., User]) -> None:
    specialist = SpecialistFactory()
    patient = PatientFactory(physician=specialist, owner=UserFactory())
    client.force_login(member(Role.TEAM_LEAD))

    content = client.get(specialist.get_absolute_url()).content.decode()

    assert patient.full_name in content
    assert patient.get_absolute_url() in content


def test_page_links_to_no_account_for_who_may_not_see_accounts(
    client: Client, member: Callable[..., User]
) -> None:
    converter = UserFactory(name="Karl Petrova")
    patient = PatientFactory(converted=True, converted_by=converter)
    account = reverse("admin:core_user_change", args=[converter.pk])

    client.force_login(member(Role.NAVIGATOR))
    for_navigator = client.get(change_url(patient)).content.decode()
    client.force_login(member(Role.AUDITOR))
    for_auditor = client.get(change_url(patient)).content.decode()

    assert "Karl Petrova" in for_navigator
    assert account not in for_navigator
    assert f'href="{account}"' in for_auditor


def test_submission_is_shown_word_for_word(client: Client, navigator: User) -> None:
    submission = SubmissionFactory(payload={"hope": "a trial", "more": {"weight": 70}})
    client.force_login(navigator)

    content = client.get(submission.get_absolute_url()).content.decode()

    assert "a trial" in content
    assert "weight" in content


def test_who_may_only_read_sees_phones_as_people_write_them(
    client: Client, member: Callable[..., User]
) -> None:
    patient = PatientFactory(phone="+31612345678")
    client.force_login(member(Role.AUDITOR))

    content = client.get(change_url(patient)).content.decode()

    assert "+31 6 12345678" in content
    assert ">+31612345678<" not in content.replace("\n", "").replace(" <", "<").replace("> ", ">")


def test_booking_is_called_by_the_time_on_the_viewers_clock(client: Client) -> None:
    viewer = UserFactory(is_superuser=True, time_zone="Europe/Amsterdam")
    booking = BookingFactory(
        starts_at=datetime(2026, 7, 1, 8, 0, tzinfo=UTC),
        ends_at=datetime(2026, 7, 1, 8, 30, tzinfo=UTC),
    )
    client.force_login(viewer)

    content = client.get(booking.get_absolute_url()).content.decode()

    assert "Wed 1 Jul 2026, 10:00" in content
    assert "2026-07-01 08:00" not in content


def test_nothing_is_written_about_a_restricted_person_but_their_decisions(
    client: Client, member: Callable[..., User]
) -> None:
    patient = PatientFactory(processing_restricted=True)
    point = ContactPointFactory(patient=patient, value="old@example.org")
    client.force_login(member(Role.NAVIGATOR))
    change = reverse("admin:patients_contactpoint_change", args=[point.pk])
    consent = {
        "patient": patient.pk,
        "purpose": "contact",
        "decision": "withdrawn",
        "decided_at_0": "2026-01-05",
        "decided_at_1": "10:00",
        "text_version": "1",
        "language": "en",
        "method": "phone",
    }

    refused = client.post(
        change,
        {"patient": patient.pk, "kind": "email", "value": "new@example.org", "version": 1},
    )
    deletion = client.post(
        reverse("admin:patients_contactpoint_delete", args=[point.pk]), {"post": "yes"}
    )
    taken = client.post(reverse("admin:patients_consent_add"), consent)

    assert "may not be changed" in refused.content.decode()
    assert deletion.status_code == 403
    point.refresh_from_db()
    assert point.value == "old@example.org"
    assert taken.status_code == 302, taken.content.decode()
    assert patient.consents.get().decision == "withdrawn"

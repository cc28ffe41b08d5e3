"""The pages on which people decide about the migration, and where a record says it came from."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from crm_import.admin.origins import origin
from crm_import.importing import Result
from crm_import.models import Correction, HeldRow, OptionValue, PairDecision, RowOutcome
from crm_import.tests import exports, factories
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from patients.models import Patient, Specialist
from patients.tests.factories import PatientFactory
from portal.core.models import AccessEvent, User

Bring = Callable[..., Result]
Member = Callable[..., User]
NEW = "100000099"
HELD = contact(
    1, "Ida", "Vos", "IDA@example.org", contact_type=NEW, booking_date="soon", no_show="No"
)


def url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:crm_import_{model}_{page}", args=args)


@pytest.fixture
def steward(member: Member, client: Client) -> Client:
    client.force_login(member("data steward"))
    return client


def test_quarantine_tells_what_each_reason_means_and_nobody(bring: Bring, steward: Client) -> None:
    bring(contacts=[HELD, contact(2, "Ben", "Zwartveld", contact_type=""), contact(3, "", "")])

    page = steward.get(url("heldrow", "changelist")).content.decode()
    narrowed = steward.get(url("heldrow", "changelist"), {"reason": "no_name"}).content.decode()

    assert "Neither first nor last name" in page
    assert "Decide once for all of them under Value maps" in page
    assert page.count('<th scope="row"><a class="portal-link"') == 3
    assert not [name for name in ("Vos", "Zwartveld", "example.org") if name in page]
    assert guid(3) in narrowed
    assert guid(2) not in narrowed


@pytest.mark.django_db
def test_empty_lists_say_so(steward: Client) -> None:
    assert "Nothing is in quarantine" in steward.get(url("heldrow", "changelist")).content.decode()
    values = steward.get(url("optionvalue", "changelist")).content.decode()
    assert "No value waits for a decision" in values


@pytest.mark.django_db
def test_records_that_could_not_be_read_are_pointed_at(steward: Client) -> None:
    factories.UnreadableRecordFactory()

    assert "could not be read" in steward.get(url("heldrow", "changelist")).content.decode()


def test_row_is_shown_beside_what_was_read_then_put_right(bring: Bring, steward: Client) -> None:
    bring(contacts=[HELD])
    held = HeldRow.objects.get()
    page = steward.get(held.get_absolute_url()).content.decode()
    form = steward.get(url("heldrow", "fix", held.pk)).content.decode()

    assert "<td>Email</td>" in page.replace("E-mail", "Email")
    assert "<td>IDA@example.org</td><td>ida@example.org</td><td></td>" in page
    assert "<td>soon</td><td>–</td>" in page
    assert "<td>No</td><td>no</td>" in page
    assert AccessEvent.objects.count() == 2
    assert 'name="contactid"' not in form
    assert "as it came: 100000099" in form

    cells = {"contact_type": "physician", "firstname": "Ida", "lastname": "Vos"}
    sent = {**cells, "email": "ida@example.org", "no_show": "No", "reason": "asked her"}
    answer = steward.post(url("heldrow", "fix", held.pk), sent, follow=True)

    assert "Tried again: imported" in answer.content.decode()
    assert answer.redirect_chain[-1][0].startswith("/admin/crm_import/rowoutcome/")
    assert Specialist.objects.get().email == "ida@example.org"
    fixed = Correction.objects.get()
    assert fixed.cells == {
        "contact_type": "physician",
        "email": "ida@example.org",
        "booking_date": "",
    }
    assert "asked her" in steward.get(fixed.get_absolute_url()).content.decode()


def test_row_that_stays_in_quarantine_says_why(bring: Bring, steward: Client) -> None:
    bring(contacts=[{**HELD, "firstname": "", "lastname": ""}])
    held = HeldRow.objects.get()

    sent = {"contact_type": "physician", "reason": "x"}
    answer = steward.post(url("heldrow", "fix", held.pk), sent, follow=True)

    assert "still in quarantine" in answer.content.decode()
    again = HeldRow.objects.get()
    assert answer.redirect_chain[-1][0] == again.get_absolute_url()
    assert again.row != held.row
    assert Correction.objects.get().by.get_full_name() in answer.content.decode()


def test_row_is_left_out_with_a_reason(bring: Bring, steward: Client) -> None:
    bring(contacts=[HELD])
    address = url("heldrow", "leave-out", HeldRow.objects.get().pk)

    refused = steward.post(address, {"reason": ""})
    answer = steward.post(address, {"reason": "a test of ours"}, follow=True)

    assert "Say why" in refused.content.decode()
    assert "Left out" in answer.content.decode()
    assert RowOutcome.objects.latest("pk").reason == "waived"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "verb"), [("heldrow", "fix"), ("heldrow", "leave-out"), ("optionvalue", "decide")]
)
@pytest.mark.parametrize(("role", "status"), [("data steward", 200), ("team lead", 403)])
def test_only_who_may_decide_gets_the_page(
    model: str, verb: str, role: str, status: int, client: Client, member: Member
) -> None:
    record: Any = (
        factories.HeldRowFactory() if model == "heldrow" else factories.OptionValueFactory()
    )
    client.force_login(member(role))

    page = client.get(url(model, verb, record.pk))

    assert page.status_code == status
    shown = client.get(url(model, "change", record.pk)).content.decode()
    assert (url(model, verb, record.pk) in shown) == (status == 200)


def test_value_that_waits_is_decided(bring: Bring, steward: Client) -> None:
    bring(contacts=[{**HELD, "contact_type": "Treating physician"}])
    value = OptionValue.objects.waiting().get()
    listed = steward.get(url("optionvalue", "changelist"), {"state": "waiting"}).content.decode()
    everything = steward.get(
        url("optionvalue", "changelist"), {"option_set": "contact_type"}
    ).content.decode()

    assert "<strong>1 value</strong> waits" in " ".join(listed.split())
    assert "physician?" in listed
    assert "By the rule" in everything

    sent = {"meaning": "physician", "reason": "", "version": value.version}
    answer = steward.post(url("optionvalue", "decide", value.pk), sent, follow=True)

    assert "Rows that left the quarantine: 1" in answer.content.decode()
    assert Specialist.objects.count() == 1


def test_refused_decision_is_explained_on_the_page(bring: Bring, steward: Client) -> None:
    bring(contacts=[contact(1, "Anna", "Berg")])
    lead = OptionValue.objects.get(option_set="contact_type", value=exports.LEAD)

    sent = {"meaning": "-", "reason": "", "version": lead.version}
    answer = steward.post(url("optionvalue", "decide", lead.pk), sent)

    assert answer.status_code == 409
    assert "crm_rollback" in answer.content.decode()
    assert Patient.objects.count() == 1


@pytest.mark.django_db
def test_decisions_about_pairs_are_found_by_either_id(steward: Client) -> None:
    pair: PairDecision = factories.PairDecisionFactory()
    other: PairDecision = factories.PairDecisionFactory()

    found = steward.get(url("pairdecision", "changelist"), {"q": pair.second_id}).content.decode()
    nothing = steward.get(url("pairdecision", "changelist"), {"q": "Berg"}).content.decode()

    assert str(pair.first_id) in found
    assert str(other.first_id) not in found + nothing


# --- where a record came from -------------------------------------------------------------------


def test_every_migrated_record_says_where_it_came_from(bring: Bring, member: Member) -> None:
    bring(
        contacts=[
            contact(
                1, "Anna", "Berg", medical_condition=exports.GBM, booking_date="2024-05-01T10:00Z"
            ),
            physician(2, "Ida", "Vos", hospital=guid(70), specialization=guid(71)),
        ],
        patients=[patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567")],
        dossiers=[dossier(1, "EAP-1", of=1)],
        hospitals=[{"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}],
        specializations=[{"specializationid": guid(71), "name": "Neurology"}],
        conditions=[{"medicalconditionid": guid(60), "name": "Glioblastoma"}],
    )
    steward, navigator = member("data steward"), member("navigator")
    kinds = {
        "patients.Patient": [guid(1), guid(10_001)],
        "patients.Specialist": [guid(2)],
        "patients.Hospital": [guid(70)],
        "patients.Specialization": [guid(71)],
        "patients.Submission": [guid(1)],
        "bookings.Booking": [guid(1)],
        "referrals.CTReferral": [guid(10_001)],
        "referrals.ClinicalTrial": [guid(10_001)],
        "referrals.EAPDossier": [guid(20_001)],
        "referrals.ExpandedAccessProgram": [guid(20_001)],
    }

    for label, legacy_ids in kinds.items():
        record = apps.get_model(label)._default_manager.get()
        told, plain = origin(record, steward), origin(record, navigator)
        assert told, label
        assert plain, label
        assert [
            legacy_id in str(one.what)
            for one, legacy_id in zip(
                sorted(told.sources, key=lambda one: str(one.what)), legacy_ids, strict=True
            )
        ] == [True] * len(legacy_ids), label
        assert all("/admin/crm_import/legacy" in str(one.what) for one in told.sources), label
        assert "<a" not in str([(one.what, one.came) for one in plain.sources]), label
    condition = apps.get_model("patients.MedicalCondition").objects.get(name="Glioblastoma")
    sources = [str(one.what) for one in origin(condition, steward).sources]  # type: ignore[union-attr]
    assert guid(60) in sources[0]
    assert "medical_condition 100000001" in sources[1]


@pytest.mark.django_db
def test_record_that_was_made_here_came_from_nowhere(member: Member) -> None:
    assert origin(PatientFactory(), member("data steward")) is None


@pytest.mark.django_db
def test_page_of_a_migrated_record_shows_it(client: Client, member: Member) -> None:
    row = factories.CrosswalkFactory(target_id=PatientFactory().pk)
    client.force_login(member("navigator"))

    page = client.get(reverse("admin:patients_patient_change", args=[row.target_id]))

    assert "Where this came from" in page.content.decode()
    assert str(row.legacy_id) in page.content.decode()

"""Options reports: made once, in the patient's language, and the same for ever."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from patients import documents
from patients.merging import merge
from patients.models import Document, Measure, Patient
from patients.tests.factories import (
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from referrals import asking, reassessing
from referrals.models import Assessed, ClinicalTrial, Criterion, OptionsReport
from referrals.reporting import making
from referrals.reporting.content import texts
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    OptionsReportFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)


@pytest.fixture
def patient() -> Patient:
    """Somebody whom one trial fits, one not, and of a third nobody knows."""
    found: Patient = PatientFactory(
        first_name="Łucja",
        last_name="Şahin",
        sex="female",
        country="NL",
        language="nl",
        date_of_birth=date(1970, 3, 3),
        medical_condition=MedicalConditionFactory(name="Rare disorder"),
        physician=SpecialistFactory(first_name="Jan", last_name="Dvořák"),
    )
    fits = trial(found, "NCT00000001", "Trial that fits", last_confirmed_on=date(2026, 10, 5))
    TrialSiteFactory(
        trial=fits,
        country="NL",
        city="Leiden",
        status="RECRUITING",
        contacts=[{"name": "Secret Contact", "phone": "+31 6"}],
    )
    Criterion.objects.create(trial=fits, kind="sex", sex="female")
    wrong = trial(found, "NCT00000002", "Trial that does not fit", sponsor="Acme")
    Criterion.objects.create(trial=wrong, kind="sex", sex="male")
    unsure = trial(found, "NCT00000003", "Trial to ask about")
    Criterion.objects.create(trial=unsure, kind="question", text="Found by a neurologist?")
    return found


def trial(patient: Patient, number: str, title: str, **values: Any) -> ClinicalTrial:
    found = ClinicalTrialFactory(
        registry_id=number,
        title=title,
        contacts=[{"name": "Secret Contact", "email": "contact@site.example"}],
        last_confirmed_with="Secret Contact",
        notes="Secret note",
        **values,
    )
    TrialConditionFactory(trial=found, condition=patient.medical_condition)
    return found


def make(patient: Patient, **asked: Any) -> OptionsReport:
    by = asked.pop("by", None) or UserFactory(name="Nora Navigator")
    asked = {"audience": "patient", "today": TODAY, **asked}
    return making.make(patient_id=patient.pk, by=by, **asked)


def pdf(report: OptionsReport) -> bytes:
    with documents.open_file(report.document) as file:
        return bytes(file.read())


def test_a_report_says_what_was_considered_and_why(patient: Patient) -> None:
    report = make(patient, language="en")

    met, unknown, not_met = report.content["sections"]
    (fits,), (unsure,), (wrong,) = met["options"], unknown["options"], not_met["options"]
    assert fits["number"] == "NCT00000001"
    assert fits["confirmed"] == "Last confirmed by us on 5 Oct 2026."
    assert fits["places"] == "Netherlands (Leiden)"
    assert fits["groups"] == [
        {
            "title": "What speaks for it",
            "points": [
                "Condition is Rare disorder",
                "Lives in Netherlands, or would travel there (lives in Netherlands)",
                "Sex is female",
            ],
        }
    ]
    assert unsure["groups"][-1] == {
        "title": "What we still need to know",
        "points": ["Found by a neurologist?"],
    }
    assert wrong["groups"][1] == {
        "title": "What speaks against it",
        "points": ["Sex is male (female)"],
    }
    assert report.content["questions"]["rows"] == ["Found by a neurologist?"]
    assert ["Diagnosis: Rare disorder", "", "our record"] in report.content["facts"]["rows"]
    assert ["Made by", "Nora Navigator"] in report.content["about"]
    assert report.html_sha256 == hashlib.sha256(report.html.encode()).hexdigest()
    assert pdf(report).startswith(b"%PDF-")
    assert report.document.sha256 == hashlib.sha256(pdf(report)).hexdigest()
    assert (report.document.title, report.document.kind) == (
        f"Options report {report.number}, for the patient",
        "other",
    )


def test_a_physician_reads_every_criterion_and_whom_it_is_about(patient: Patient) -> None:
    report = make(patient, audience="physician", language="en")

    (fits,) = report.content["sections"][0]["options"]
    assert report.content["title"] == "Treatment options looked at for your patient"
    assert report.content["about"][:2] == [
        ["For", "Jan Dvořák"],
        ["Patient", "Łucja Şahin, born 3 Mar 1970"],
    ]
    assert ["Sex is female", "met", "female", "", ""] in fits["table"]["rows"]
    assert "Treatment options" in report.html


@pytest.mark.parametrize("audience", ["patient", "physician"])
def test_people_whom_registries_name_and_our_notes_are_never_told(
    patient: Patient, audience: str
) -> None:
    report = make(patient, audience=audience)

    told = f"{report.content} {report.html}"
    assert "Trial that fits" in told
    assert not [word for word in ("Secret", "contact@", "+31 6") if word in told]
    # Nobody here decides it.
    assert "eligible" not in told.lower()


@pytest.mark.parametrize(
    ("wished", "language", "title", "note"),
    [
        ("nl", "nl", "Uw behandelmogelijkheden", ""),
        ("nl-be", "nl", "Uw behandelmogelijkheden", ""),
        ("es", "es", "Sus opciones de tratamiento", ""),
        ("es-mx", "es", "Sus opciones de tratamiento", ""),
        ("en-gb", "en", "Your treatment options", ""),
        ("", "en", "Your treatment options", ""),
        (
            "pl",
            "en",
            "Your treatment options",
            "We do not have this report in Polish, so it is in English.",
        ),
    ],
)
def test_a_report_is_in_the_language_of_the_patient(
    wished: str, language: str, title: str, note: str, patient: Patient
) -> None:
    patient.language = wished
    patient.save()

    report = make(patient)

    assert (report.language, report.content["title"]) == (language, title)
    assert f'<html lang="{language}">' in report.html
    assert title in report.html
    assert (note in report.content["lead"]) == bool(note)


@pytest.mark.parametrize("audience", ["patient", "physician"])
@pytest.mark.parametrize("language", ["nl", "es"])
def test_nothing_of_ours_stays_english(language: str, audience: str, patient: Patient) -> None:
    walks = Measure.objects.get(code="walks-without-help")
    asked = trial(patient, "NCT00000004", "Trial of walking")
    Criterion.objects.create(trial=asked, kind="measured", measure=walks)
    trial(patient, "NCT00000005", "Trial nobody read", phases=["NA"], status="NOT_YET_RECRUITING")
    sent = ClinicalTrial.objects.get(registry_id="NCT00000002")
    CTReferralFactory(patient=patient, trial=sent, status="referred")

    english, other = (
        set(texts(make(patient, language=each, audience=audience).content))
        for each in ("en", language)
    )

    quoted = {patient.full_name, str(patient.physician), "Nora Navigator", "Rare disorder"}
    quoted.add(walks.name)
    quoted |= {audience, "2026-11-21", "", "met", "unknown", "not_met"}
    quoted |= {each.registry_id for each in ClinicalTrial.objects.all()}
    quoted |= {each.title for each in ClinicalTrial.objects.all()}
    quoted |= {f"https://clinicaltrials.gov/study/NCT0000000{number}" for number in range(1, 6)}
    assert english & other - quoted == {"Found by a neurologist?"}


def test_an_old_report_is_the_same_byte_for_byte_after_everything_changed(
    patient: Patient,
) -> None:
    first = make(patient)
    before = (making.html_of(first), pdf(first), first.content)
    ClinicalTrial.objects.update(title="Another title", status="COMPLETED")
    trial(patient, "NCT00000009", "A new trial")
    patient.first_name, patient.language, patient.sex = "Another", "es", "male"
    patient.save()

    second = make(patient)
    kept = OptionsReport.objects.get(pk=first.pk)

    assert (making.html_of(kept), pdf(kept), kept.content) == before
    assert second.number > first.number
    assert "A new trial" in second.html
    assert "Trial that fits" not in second.html


def test_nothing_changes_or_deletes_a_report(patient: Patient) -> None:
    report = make(patient)

    for change in (
        lambda: OptionsReport.objects.filter(pk=report.pk).update(html="x"),
        lambda: OptionsReport.objects.filter(pk=report.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_report_that_is_not_what_was_made_is_not_handed_out() -> None:
    report = OptionsReportFactory(html_sha256="0" * 64)

    with pytest.raises(Refused) as refused:
        making.html_of(report)

    assert refused.value.code == "file_damaged"


def test_an_active_referral_is_told_to_the_patient_in_plain_words(patient: Patient) -> None:
    CTReferralFactory(patient=patient, trial=ClinicalTrial.objects.get(registry_id="NCT00000001"))

    to_patient = make(patient, language="en").content["sections"][0]["options"][0]
    to_physician = make(patient, language="en", audience="physician").content["sections"][0]

    assert to_patient["begun"] == "We have already begun with this one."
    assert to_physician["options"][0]["begun"] == "A referral is being prepared."


def test_what_a_report_leaves_open_is_asked_in_the_next_call(patient: Patient) -> None:
    make(patient)

    assert {row.trial.registry_id for row in Assessed.objects.filter(patient=patient)} == {
        "NCT00000001",
        "NCT00000003",
    }
    assert "Found by a neurologist?" in [question.text for question in asking.ask(patient)]


def test_without_options_the_report_says_so(patient: Patient) -> None:
    ClinicalTrial.objects.update(status="COMPLETED")

    report = make(patient, language="en")

    nothing = "On this day we know of no open trial or program for this condition."
    assert report.content["nothing"] == nothing
    assert nothing in report.html


def test_more_than_is_read_is_counted(patient: Patient) -> None:
    for number in range(12):
        trial(patient, f"NCT000001{number:02d}", f"More {number}")

    report = make(patient, language="en")

    unknown = report.content["sections"][1]
    assert len(unknown["options"]) == 10
    assert unknown["more"] == "3 more are not listed here."


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"medical_condition": None}, "no_condition"),
        ({"processing_restricted": True}, "restricted"),
    ],
)
def test_no_report_without_a_condition_or_of_a_restricted_person(
    change: dict[str, Any], code: str, patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(**change)

    with pytest.raises(Refused) as refused:
        make(patient)

    assert refused.value.code == code
    assert not OptionsReport.objects.exists()
    assert not Document.objects.exists()


def test_a_report_for_anybody_else_is_refused(patient: Patient) -> None:
    with pytest.raises(ValidationError):
        make(patient, audience="press")


def test_a_merge_brings_the_reports_along(patient: Patient) -> None:
    report = make(patient)
    survivor = PatientFactory()

    merge(survivor_id=survivor.pk, loser_id=patient.pk, by=UserFactory())

    moved = OptionsReport.objects.get(pk=report.pk)
    assert moved.patient == moved.document.patient == survivor
    assert making.html_of(moved) == report.html.encode()


# --- in the workplace -----------------------------------------------------------------------------


def test_the_page_of_the_options_leads_to_a_referral_and_a_report(
    client: Client, member: Callable[[str], User], patient: Patient
) -> None:
    client.force_login(member("navigator"))
    trials = ClinicalTrial.objects.in_bulk(field_name="registry_id")
    CTReferralFactory(patient=patient, trial=trials["NCT00000003"])

    page = client.get(reverse("admin:patients_patient_options", args=[patient.pk]))

    text = page.content.decode()
    add = reverse("admin:referrals_ctreferral_add")
    assert page.status_code == 200
    assert text.index("Trial that fits") < text.index("Trial to ask about")
    assert text.index("Trial to ask about") < text.index("Trial that does not fit")
    assert f"{add}?patient={patient.pk}&amp;trial={trials['NCT00000001'].pk}" in text
    assert f"trial={trials['NCT00000003'].pk}" not in text
    assert reverse("admin:patients_patient_options-report", args=[patient.pk]) in text
    assert AccessEvent.objects.filter(record_ids__contains=[patient.pk]).exists()


def test_the_page_of_the_options_says_what_changed(
    client: Client, member: Callable[[str], User], patient: Patient
) -> None:
    make(patient)
    Patient.objects.filter(pk=patient.pk).update(sex="male")
    reassessing.review()
    client.force_login(member("navigator"))

    page = client.get(reverse("admin:patients_patient_options", args=[patient.pk]))

    assert "Sex is female: was met, is not met" in page.content.decode()


def test_the_page_of_the_options_takes_as_many_queries_for_more_of_them(
    client: Client,
    member: Callable[[str], User],
    patient: Patient,
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    client.force_login(member("navigator"))
    url = reverse("admin:patients_patient_options", args=[patient.pk])
    with django_assert_max_num_queries(45) as few:
        client.get(url)
    for number in range(8):
        more = trial(patient, f"NCT000002{number:02d}", f"More {number}")
        TrialSiteFactory(trial=more, country="ES", status="RECRUITING")
        CTReferralFactory(patient=patient, trial=more, status="withdrawn")

    with django_assert_num_queries(len(few)):
        client.get(url)


def test_a_report_is_made_and_downloaded_as_an_attachment(
    client: Client, member: Callable[[str], User], patient: Patient
) -> None:
    client.force_login(member("navigator"))

    made = client.post(
        reverse("admin:patients_patient_options-report", args=[patient.pk]),
        {"audience": "physician", "language": "es"},
    )
    report = OptionsReport.objects.get()
    html = client.get(reverse("admin:referrals_optionsreport_html", args=[report.pk]))

    assert made.status_code == 302
    assert (report.audience, report.language) == ("physician", "es")
    assert html.getvalue() == report.html.encode()
    assert html["Content-Disposition"] == (
        f'attachment; filename="Options report {report.number}, for the physician.html"'
    )
    assert html["X-Content-Type-Options"] == "nosniff"
    opened = AccessEvent.objects.filter(record_type="referrals.OptionsReport")
    assert opened.get().record_ids == [report.pk]


def test_a_report_in_place_of_one_in_another_language_says_so(
    client: Client, member: Callable[[str], User], patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(language="pl")
    client.force_login(member("navigator"))
    url = reverse("admin:patients_patient_options-report", args=[patient.pk])

    page = client.get(url).content.decode()
    client.post(url, {"audience": "patient", "language": "en"})

    assert "The patient&#x27;s language is Polish; we have no reports in it." in page
    assert "We do not have this report in Polish" in OptionsReport.objects.get().html


def test_who_may_not_read_reports_gets_none(client: Client, patient: Patient) -> None:
    report = make(patient)
    client.force_login(UserFactory(is_staff=True))

    html = client.get(reverse("admin:referrals_optionsreport_html", args=[report.pk]))

    assert html.status_code in {302, 403}


def test_a_damaged_report_leads_back_to_its_page(
    client: Client, member: Callable[[str], User]
) -> None:
    report = OptionsReportFactory(html_sha256="0" * 64)
    client.force_login(member("navigator"))

    answer = client.get(reverse("admin:referrals_optionsreport_html", args=[report.pk]))

    assert answer["Location"] == report.get_absolute_url()


def test_an_auditor_reads_options_and_makes_no_report(
    client: Client, member: Callable[[str], User], patient: Patient
) -> None:
    client.force_login(member("auditor"))

    page = client.get(reverse("admin:patients_patient_options", args=[patient.pk]))
    making_one = client.get(reverse("admin:patients_patient_options-report", args=[patient.pk]))

    assert page.status_code == 200
    assert "Make a report" not in page.content.decode()
    assert reverse("admin:referrals_ctreferral_add") not in page.content.decode()
    assert making_one.status_code == 403

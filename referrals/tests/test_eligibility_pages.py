"""The pages of criteria and eligibility, and REST."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from patients.models import Measure
from patients.tests.factories import MedicalConditionFactory, PatientFactory
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from referrals.admin.tree import tree_url, try_url
from referrals.models import Assessed, Criterion, CriterionAnswer, CTReferral
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CriterionFactory,
    CTReferralFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def steward(client: Client, member: Callable[..., User]) -> Client:
    client.force_login(member("data steward"))
    return client


def add_url(**query: Any) -> str:
    return reverse("admin:referrals_criterion_add", query=query)


def post_to(row: Criterion, verb: str, client: Client, **data: Any) -> Any:
    row.refresh_from_db()
    url = reverse(f"admin:referrals_criterion_{verb}", args=[row.pk])
    return client.post(url, {"version": row.version, **data})


def test_tree_is_built_in_the_workplace(steward: Client) -> None:
    trial = ClinicalTrialFactory(criteria_text="Inclusion: adults with ALS.")
    fvc = Measure.objects.filter(unit="%").earliest("id")
    begun = {"trial": trial.pk}

    answers = [
        steward.post(add_url(kind="any", **begun), {}),
        steward.post(add_url(kind="age", **begun), {"minimum_age": "18 Years"}),
        steward.post(
            add_url(kind="measured", **begun),
            {"measure": str(fvc.pk), "minimum": "50", "choices": "", "max_days": "90"},
        ),
    ]
    group = Criterion.objects.get(kind="any")
    age = Criterion.objects.get(kind="age")
    answers.append(
        steward.post(
            add_url(kind="question", parent=group.pk, **begun), {"text": "Pregnant?", "excludes": 1}
        )
    )
    below = add_url(kind="sex", after=age.pk, **begun)
    answers.append(steward.post(below, {"sex": "male"}))

    tree = tree_url(trial)
    assert [answer.headers.get("Location") for answer in answers] == [tree] * 5
    assert f"kind=sex&amp;trial={trial.pk}" in steward.get(add_url(**begun)).content.decode()
    page = steward.get(tree).content.decode()
    order = [
        "At least one of these",
        "Not: Pregnant?",
        "At least 18 years old",
        "Sex is male",
        f"{fvc.name} at least 50 %, not older than 90 days",
        "Inclusion: adults with ALS.",
    ]
    places = [page.index(one) for one in order]
    assert places == sorted(places)


def test_a_wrong_criterion_comes_back_with_why(steward: Client) -> None:
    trial = ClinicalTrialFactory()

    for kind, data, why in (
        ("age", {"minimum_age": "18"}, "Write an age like"),
        ("question", {"text": ""}, "A question needs its words"),
        ("measured", {"choices": ""}, "Choose which fact"),
    ):
        page = steward.post(add_url(kind=kind, trial=trial.pk), data)
        assert page.status_code == 200
        assert why in page.content.decode()
    assert not Criterion.objects.exists()


def test_criterion_is_edited_moved_grouped_and_removed(steward: Client) -> None:
    one = CriterionFactory(text="A?", position=0)
    other = CriterionFactory(trial=one.trial, text="B?", position=1)
    tree = tree_url(one.trial)

    url = reverse("admin:referrals_criterion_change", args=[one.pk])
    edited = steward.post(url, {"text": "A, really?", "version": one.version})
    answers = [
        edited,
        post_to(other, "up", steward),
        post_to(other, "up", steward),
        post_to(one, "down", steward),
        post_to(one, "group", steward, kind="any"),
    ]
    group = Criterion.objects.get(kind="any")
    answers.append(post_to(other, "put", steward, into=str(group.pk)))
    answers.append(post_to(one, "remove", steward))

    assert [answer.headers.get("Location") for answer in answers] == [tree] * 7
    steward.post(
        reverse("admin:referrals_criterion_change", args=[group.pk]),
        {"excludes": "on", "version": Criterion.objects.get(pk=group.pk).version},
    )
    assert "None of these" in steward.get(tree).content.decode()
    assert list(Criterion.objects.values_list("text", "parent")) == [("B?", group.pk), ("", None)]
    shown = steward.get(reverse("admin:referrals_criterion_put", args=[other.pk]))
    assert "None of these B?" in shown.content.decode()
    assert "What stands in the group" in (
        steward.get(reverse("admin:referrals_criterion_remove", args=[group.pk])).content.decode()
    )


def test_criterion_is_deleted_by_the_verb(admin_client: Client) -> None:
    row = CriterionFactory()
    Assessed.objects.create(patient=PatientFactory(), trial=row.trial, verdict="unknown")

    admin_client.post(reverse("admin:referrals_criterion_delete", args=[row.pk]), {"post": "yes"})

    assert not Criterion.objects.exists()
    assert Assessed.objects.count() == 2


def test_a_program_that_is_corrected_is_looked_at_again(steward: Client) -> None:
    dossier = EAPDossierFactory(program__sex="FEMALE", patient__sex="male")
    program = dossier.program
    url = reverse("admin:referrals_expandedaccessprogram_change", args=[program.pk])
    fields = [one.name for one in program._meta.fields]
    values = {
        name: getattr(program, name)
        for name in fields
        if isinstance(getattr(program, name), str | int)
        and not isinstance(getattr(program, name), bool)
    }
    parts = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}

    page = steward.post(
        url,
        {
            **values,
            "product": str(program.product_id),
            "version": program.version,
            **{f"program_conditions-{name}": value for name, value in parts.items()},
        },
    )

    assert page.status_code == 302
    assert Assessed.objects.get().verdict == "not_met"


def test_program_has_a_tree_too(steward: Client) -> None:
    program = ExpandedAccessProgramFactory()

    steward.post(add_url(kind="question", program=program.pk), {"text": "All else tried?"})

    assert "All else tried?" in steward.get(tree_url(program)).content.decode()
    assert steward.get(add_url(kind="nonsense", trial="nonsense")).status_code == 200


def test_page_of_a_referral_says_why_and_takes_answers(
    client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member("navigator"))
    referral = CTReferralFactory(trial__sex="FEMALE", patient__sex="male")
    row = CriterionFactory(trial=referral.trial, text="Pregnant?", excludes=True)
    url = reverse("admin:referrals_ctreferral_eligibility", args=[referral.pk])

    assert "does not fit" in client.get(url).content.decode()
    said = {f"answer-{row.pk}": "yes", "said_on": "2026-05-05", "source": "patient_said"}
    for _twice in range(2):
        assert client.post(url, said).status_code == 302

    answer = CriterionAnswer.objects.get()
    assert (answer.met, answer.criterion, answer.patient) == (True, row, referral.patient)
    page = client.get(url).content.decode()
    assert "Not: Pregnant?" in page
    assert "Why not" in page
    kept = Assessed.objects.get()
    opened = client.get(reverse("admin:referrals_assessed_change", args=[kept.pk]))
    assert "Sex is female: male" in opened.content.decode()
    shown = client.get(reverse("admin:referrals_ctreferral_change", args=[referral.pk]))
    assert "does not fit" in shown.content.decode()


def test_page_of_a_dossier_says_what_its_program_demands(
    client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member("navigator"))
    dossier = EAPDossierFactory(program__sex="FEMALE", patient__sex="male")
    row = CriterionFactory(program=dossier.program, text="All else tried?")
    url = reverse("admin:referrals_eapdossier_eligibility", args=[dossier.pk])

    page = client.get(url).content.decode()
    said = {f"answer-{row.pk}": "yes", "said_on": "2026-05-05", "source": "physician"}
    answered = client.post(url, said)

    assert "does not fit" in page
    assert "All else tried?" in page
    assert answered.status_code == 302
    assert CriterionAnswer.objects.get().criterion == row
    shown = client.get(reverse("admin:referrals_eapdossier_change", args=[dossier.pk]))
    assert "does not fit" in shown.content.decode()


@pytest.mark.parametrize("make", [ClinicalTrialFactory, ExpandedAccessProgramFactory])
def test_criteria_are_tried_on_a_patient_and_nothing_is_kept(
    make: Any, client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member("navigator"))
    offer = make(sex="FEMALE")
    patient = PatientFactory(sex="male", last_name="Tryout")
    url = try_url(offer)

    empty = client.get(url).content.decode()
    tried = client.get(url, {"patient": str(patient.pk)}).content.decode()
    nobody = client.get(url, {"patient": "nobody"})

    assert url in client.get(tree_url(offer)).content.decode()
    assert "does not fit" not in empty
    assert "Tryout" in tried
    assert "does not fit" in tried
    assert nobody.status_code == 200
    assert not Assessed.objects.exists()
    assert AccessEvent.objects.filter(record_ids=[patient.pk], route="admin").count() == 1


@pytest.mark.parametrize("make", [ClinicalTrialFactory, ExpandedAccessProgramFactory])
def test_who_may_not_see_patients_tries_nothing_on_them(make: Any, client: Client) -> None:
    offer, patient = make(), PatientFactory()
    viewer = UserFactory()
    seen = (f"view_{offer._meta.model_name}", "view_criterion")
    viewer.user_permissions.set(Permission.objects.filter(codename__in=seen))
    client.force_login(viewer)

    tree = client.get(tree_url(offer))

    assert tree.status_code == 200
    assert try_url(offer) not in tree.content.decode()
    assert client.get(try_url(offer), {"patient": str(patient.pk)}).status_code == 403
    assert not AccessEvent.objects.filter(record_ids__contains=[patient.pk]).exists()


def test_auditor_reads_eligibility_and_answers_nothing(
    client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member("auditor"))
    referral = CTReferralFactory()
    row = CriterionFactory(trial=referral.trial)
    url = reverse("admin:referrals_ctreferral_eligibility", args=[referral.pk])

    assert client.get(url).status_code == 200
    said = {f"answer-{row.pk}": "yes", "said_on": "2026-05-05", "source": "patient_said"}
    assert client.post(url, said).status_code == 403


def test_referral_and_answer_begun_in_the_workplace_are_followed(
    client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member("navigator"))
    patient, row = PatientFactory(), CriterionFactory()

    referral = {"patient": str(patient.pk), "trial": str(row.trial_id), "eligible": "unknown"}
    client.post(reverse("admin:referrals_ctreferral_add"), referral)
    answer = {
        "patient": str(patient.pk),
        "criterion": str(row.pk),
        "met": "true",
        "said_on": "2026-05-05",
        "source": "document",
    }
    client.post(reverse("admin:referrals_criterionanswer_add"), answer)

    assert CTReferral.objects.count() == CriterionAnswer.objects.count() == 1
    verdicts = Assessed.objects.order_by("created_at").values_list("verdict", flat=True)
    assert list(verdicts) == ["unknown", "met"]


def test_rest_builds_a_tree_and_tells_eligibility(writer: Any) -> None:
    api = writer
    trial = ClinicalTrialFactory()
    fvc = Measure.objects.filter(unit="%").earliest("id")
    group = api.post("eligibility-criteria/", {"trial": str(trial.pk), "kind": "any"}).json()
    made = api.post(
        "eligibility-criteria/",
        {
            "trial": str(trial.pk),
            "kind": "measured",
            "parent": group["id"],
            "measure": str(fvc.pk),
            "minimum": 50,
        },
    ).json()
    asked = api.post(
        "eligibility-criteria/",
        {"trial": str(trial.pk), "kind": "question", "text": "Is it so?"},
    ).json()
    patient = PatientFactory(medical_condition=MedicalConditionFactory())
    referral = api.post(
        "ct-referrals/", {"patient": str(patient.pk), "trial": str(trial.pk)}
    ).json()
    answer = {
        "patient": str(patient.pk),
        "criterion": asked["id"],
        "met": False,
        "said_on": "2026-05-05",
        "source": "patient_said",
    }
    assert api.post("criterion-answers/", answer).status_code == 201

    told = api.get(f"ct-referrals/{referral['id']}/eligibility/").json()

    assert (made["unit"], Criterion.objects.get(pk=made["id"]).minimum) == ("%", Decimal(50))
    assert told == {
        "eligibility": "not_met",
        "findings": [
            {
                "criterion": made["id"],
                "label": f"{fvc.name} at least 50 %",
                "verdict": "unknown",
                "fact": "",
                "as_of": None,
                "source": "",
                "question": fvc.question,
                "is_open": False,
                "decides": False,
            },
            {
                "criterion": asked["id"],
                "label": "Is it so?",
                "verdict": "not_met",
                "fact": "no",
                "as_of": "2026-05-05",
                "source": "patient said",
                "question": "",
                "is_open": False,
                "decides": True,
            },
        ],
    }
    changed = api.patch(f"eligibility-criteria/{asked['id']}/", {"text": "Really so?"})
    assert changed.json()["text"] == "Really so?"
    assert changed.json()["id"] != asked["id"]


def test_rest_tells_whether_a_program_fits(writer: Any) -> None:
    patient = PatientFactory(converted=True, sex="male")
    program = ExpandedAccessProgramFactory(sex="FEMALE")
    body = {"patient": str(patient.pk), "program": str(program.pk)}

    dossier = writer.post("eap-dossiers/", body).json()
    told = writer.get(f"eap-dossiers/{dossier['id']}/eligibility/").json()

    assert told["eligibility"] == "not_met"
    assert [each["criterion"] for each in told["findings"]] == ["sex", "text"]
    assert Assessed.objects.get().offer == program  # followed from the day it was opened


def test_a_trial_that_is_corrected_is_looked_at_again(writer: Any) -> None:
    referral = CTReferralFactory(patient__sex="male", trial__minimum_age="18 Years")

    writer.patch(f"clinical-trials/{referral.trial_id}/", {"sex": "FEMALE"})

    assert Assessed.objects.get().verdict == "not_met"

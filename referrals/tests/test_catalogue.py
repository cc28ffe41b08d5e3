"""What people do with the catalogue: by the verbs, in the workplace and over REST."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.models import ConditionName, MedicalCondition
from patients.tests.factories import HospitalFactory, MedicalConditionFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.rest import Rest
from referrals import catalogue
from referrals.completeness import missing_of
from referrals.models import ClinicalTrial, ExpandedAccessProgram
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    ExpandedAccessProgramFactory,
    ProgramConditionFactory,
    RegistryRecordFactory,
    SetAsideRecordFactory,
    TrialConditionFactory,
    TrialSiteFactory,
    UnplacedConditionFactory,
)

pytestmark = pytest.mark.django_db

CONTACT = {"name": "Ada Example", "role": "CONTACT", "phone": "", "email": "ada@example.org"}


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def verb(desk: Client, record: Any, of: str, /, **said: Any) -> Any:
    """POST the page of a verb."""
    page = f"admin:referrals_{record._meta.model_name}_{of}"
    return desk.post(reverse(page, args=[record.pk]), {"version": record.version, **said})


# --- confirming -----------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [ClinicalTrialFactory, ExpandedAccessProgramFactory])
def test_confirmation_says_who_and_when(factory: Any, navigator: User) -> None:
    row = factory()
    today = timezone.localdate()

    confirmed = catalogue.confirm(
        type(row), record_id=row.pk, by=navigator, on=today, with_whom=" Ada, site nurse "
    )

    assert (confirmed.last_confirmed_on, confirmed.last_confirmed_with) == (
        today,
        "Ada, site nurse",
    )


@pytest.mark.parametrize(
    ("days", "whom", "code"),
    [(1, "Ada", "in_future"), (0, "  ", "nobody"), (-10, "Ada", "confirmed_later")],
)
def test_confirmation_that_cannot_be_is_refused(
    navigator: User, days: int, whom: str, code: str
) -> None:
    trial = ClinicalTrialFactory(last_confirmed_on=timezone.localdate() - timedelta(days=5))

    with pytest.raises(Refused) as caught:
        catalogue.confirm(
            ClinicalTrial,
            record_id=trial.pk,
            by=navigator,
            on=timezone.localdate() + timedelta(days=days),
            with_whom=whom,
        )

    assert caught.value.code == code


def test_trial_is_confirmed_by_a_button(desk: Client) -> None:
    trial = ClinicalTrialFactory()

    page = desk.get(reverse("admin:referrals_clinicaltrial_confirm", args=[trial.pk]))
    verb(desk, trial, "confirm", on="2026-01-02", with_whom="Ada")
    again = desk.get(reverse("admin:referrals_clinicaltrial_confirm", args=[trial.pk]))

    assert "confirmed, and when" in page.content.decode()
    assert "Until now: 2 Jan 2026, Ada." in again.content.decode()
    trial.refresh_from_db()
    assert trial.last_confirmed_on == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("factory", "collection"),
    [
        (ClinicalTrialFactory, "clinical-trials"),
        (ExpandedAccessProgramFactory, "expanded-access-programs"),
    ],
)
def test_confirmation_over_rest(writer: Rest, factory: Any, collection: str) -> None:
    row, ahead = factory(), timezone.localdate() + timedelta(days=2)

    answer = writer.post(
        f"{collection}/{row.pk}/confirm/", {"on": "2026-01-02", "with_whom": "Ada"}
    )
    refused = writer.post(f"{collection}/{row.pk}/confirm/", {"on": str(ahead), "with_whom": "Ada"})

    assert answer.status_code == 200
    assert answer.json()["last_confirmed_on"] == "2026-01-02"
    assert (refused.status_code, refused.json()["code"]) == (409, "in_future")


# --- completeness ---------------------------------------------------------------------------------


def test_complete_trial_lacks_nothing() -> None:
    trial = ClinicalTrialFactory(
        sponsor="S",
        criteria_text="C",
        study_type="INTERVENTIONAL",
        interventions=[{"type": "DRUG", "name": "D", "other_names": []}],
        last_confirmed_on="2026-01-02",
    )
    TrialConditionFactory(trial=trial)
    TrialSiteFactory(trial=trial, country="NL", contacts=[CONTACT])

    assert missing_of(trial) == []


def test_what_a_program_lacks_is_named() -> None:
    program = ExpandedAccessProgramFactory(
        title="T", sponsor="S", availability="AVAILABLE", countries=["NL"], contacts=[CONTACT]
    )
    ProgramConditionFactory(program=program)

    assert [need.key for need in missing_of(program)] == ["criteria", "confirmed", "access_types"]


# --- conditions -----------------------------------------------------------------------------------


def test_linked_name_becomes_an_alias_and_links_what_names_it(desk: Client) -> None:
    name = UnplacedConditionFactory(name="Odd disease", spellings=["Odd disease", "ODD Disease"])
    trial = ClinicalTrialFactory(condition_texts=["ODD Disease"])
    program = ExpandedAccessProgramFactory(condition_texts=["Odd disease", "Another"])
    other = ClinicalTrialFactory(condition_texts=["Another"])
    condition = MedicalConditionFactory()

    page = desk.get(reverse("admin:referrals_unplacedcondition_link", args=[name.pk]))
    verb(desk, name, "link", condition=condition.pk)

    assert "Odd disease" in page.content.decode()
    assert ConditionName.objects.get(name="Odd disease").condition == condition
    assert [trial.conditions.get(), program.conditions.get()] == [condition, condition]
    assert not other.conditions.exists()
    name.refresh_from_db()
    assert (name.state, name.condition) == ("linked", condition)


def test_name_of_another_condition_cannot_be_linked(navigator: User) -> None:
    name = UnplacedConditionFactory(name="Duchenne")

    with pytest.raises(Refused) as caught:
        catalogue.link(name_id=name.pk, condition_id=MedicalConditionFactory().pk, by=navigator)

    assert caught.value.code == "name_taken"


def test_name_is_placed_once(navigator: User) -> None:
    name = UnplacedConditionFactory()
    condition = MedicalConditionFactory()
    catalogue.link(name_id=name.pk, condition_id=condition.pk, by=navigator)

    with pytest.raises(Refused) as caught:
        catalogue.ignore(name_id=name.pk, by=navigator)

    assert caught.value.code == "linked"


def test_name_that_is_too_long_for_a_condition_is_refused(navigator: User) -> None:
    name = UnplacedConditionFactory(name="x" * 301)

    with pytest.raises(ValidationError):
        catalogue.link(name_id=name.pk, condition_id=MedicalConditionFactory().pk, by=navigator)


def test_condition_is_made_of_a_name(desk: Client) -> None:
    name = UnplacedConditionFactory(name="Odd disease", spellings=["Odd disease"])
    trial = ClinicalTrialFactory(condition_texts=["Odd disease"])

    page = desk.get(reverse("admin:referrals_unplacedcondition_make", args=[name.pk]))
    verb(desk, name, "make", name="Odd Disease of Made", abbreviation="ODM")

    assert 'value="Odd disease"' in page.content.decode()
    condition = MedicalCondition.objects.get(abbreviation="ODM")
    assert {each.name for each in condition.names.all()} == {"Odd Disease of Made", "Odd disease"}
    assert trial.conditions.get() == condition


def test_name_is_ignored_and_asked_for_again(desk: Client, navigator: User) -> None:
    name = UnplacedConditionFactory()

    desk.get(reverse("admin:referrals_unplacedcondition_ignore", args=[name.pk]))
    verb(desk, name, "ignore")
    name.refresh_from_db()
    assert (name.state, name.decided_by) == ("ignored", navigator)

    desk.get(reverse("admin:referrals_unplacedcondition_ask-again", args=[name.pk]))
    verb(desk, name, "ask-again")
    name.refresh_from_db()
    assert (name.state, name.decided_by) == ("open", None)
    with pytest.raises(Refused):
        catalogue.ask_again(name_id=name.pk, by=navigator)


def test_record_set_aside_is_looked_at(client: Client, member: Callable[..., User]) -> None:
    client.force_login(member("data steward"))
    record = SetAsideRecordFactory()

    client.get(reverse("admin:referrals_setasiderecord_dismiss", args=[record.pk]))
    verb(client, record, "dismiss")

    record.refresh_from_db()
    assert not record.is_open


# --- the pages ------------------------------------------------------------------------------------


def test_page_of_a_trial_says_where_it_came_from_and_what_differs(desk: Client) -> None:
    trial = ClinicalTrialFactory(
        title="Ours",
        condition_texts=["Odd disease"],
        interventions=[{"type": "DRUG", "name": "Inventinib", "other_names": ["INV-1"]}],
        contacts=[CONTACT],
        unrecognised={"phases": ["PHASE5"]},
        secondary_ids=["2024-1"],
        notes="Ask twice",
    )
    RegistryRecordFactory(trial=trial, source="export.json", said={"title": "Theirs", "sites": []})
    TrialSiteFactory(trial=trial, facility="Invented Clinic", country="NL")

    page = desk.get(trial.get_absolute_url()).content.decode()

    for words in (
        "export.json",
        "Odd disease",
        "Inventinib · drug · INV-1",
        "Ada Example · contact · ada@example.org",
        "phases: PHASE5",
        "Invented Clinic",
        "missing: ",
        "Take the registry",
        f"https://clinicaltrials.gov/study/{trial.registry_id}",
    ):
        assert words in page


def test_registrys_values_are_taken_by_a_button(desk: Client) -> None:
    trial = ClinicalTrialFactory(title="Ours", sponsor="x" * 100)
    RegistryRecordFactory(trial=trial, said={"title": "Theirs", "sponsor": "S"})
    trial.refresh_from_db()

    page = desk.get(reverse("admin:referrals_clinicaltrial_take-registrys", args=[trial.pk]))
    verb(desk, trial, "take-registrys")

    assert "Title: ours is “Ours”, the registry says “Theirs”." in page.content.decode()
    trial.refresh_from_db()
    assert (trial.title, trial.sponsor) == ("Theirs", "S")
    assert "take-registrys" not in desk.get(trial.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"look": "never"},
        {"look": "unknown"},
        {"look": "unplaced"},
        {"phase": "PHASE5"},
        {"sites__country__exact": "NL"},
        {"study_type__exact": "OBSERVATIONAL"},
    ],
    ids=str,
)
def test_trials_are_narrowed_to_what_is_looked_for(desk: Client, query: dict[str, str]) -> None:
    wanted = ClinicalTrialFactory(
        unrecognised={"phases": ["X"]}, phases=["PHASE5"], study_type="OBSERVATIONAL"
    )
    TrialSiteFactory.create_batch(2, trial=wanted, country="NL")
    other = TrialConditionFactory(trial__last_confirmed_on="2026-01-02").trial

    content = desk.get(reverse("admin:referrals_clinicaltrial_changelist"), query).content.decode()

    assert content.count(f"{wanted.pk}/change") == 1
    assert str(other.pk) not in content


def test_programs_are_narrowed_by_country(desk: Client) -> None:
    wanted = ExpandedAccessProgramFactory(countries=["NL", "BE"])
    other = ExpandedAccessProgramFactory(countries=["ES"])

    content = desk.get(
        reverse("admin:referrals_expandedaccessprogram_changelist"), {"country": "BE"}
    ).content.decode()

    assert str(wanted.pk) in content
    assert str(other.pk) not in content


def test_referral_to_a_trial_that_stopped_is_shown_and_queued(desk: Client) -> None:
    stopped = CTReferralFactory(trial__status="COMPLETED")
    open_one = CTReferralFactory()

    queue = desk.get(
        reverse("admin:referrals_ctreferral_changelist"), {"recruiting": "no_longer"}
    ).content.decode()
    page = desk.get(stopped.get_absolute_url()).content.decode()

    assert str(stopped.pk) in queue
    assert str(open_one.pk) not in queue
    assert "No longer recruiting: completed" in page
    assert "No longer recruiting:" not in desk.get(open_one.get_absolute_url()).content.decode()


# --- REST -----------------------------------------------------------------------------------------


def found(reader: Rest, address: str) -> set[str]:
    return {each["id"] for each in reader.get(address).json()["results"]}


@pytest.mark.parametrize(
    "query",
    [
        "country=NL",
        "phase=PHASE1&phase=PHASE4",
        "recruiting=true",
        "study_type=INTERVENTIONAL",
        "registry_id=NCT01234567",
        "status=RECRUITING",
    ],
)
def test_trials_are_filtered_over_rest(reader: Rest, query: str) -> None:
    wanted = ClinicalTrialFactory(
        registry_id="NCT01234567", phases=["PHASE1", "PHASE2"], study_type="INTERVENTIONAL"
    )
    TrialSiteFactory.create_batch(2, trial=wanted, country="NL", hospital=HospitalFactory())
    ClinicalTrialFactory(status="COMPLETED")

    assert found(reader, f"clinical-trials/?{query}") == {str(wanted.pk)}


def test_trials_that_do_not_recruit_are_found_over_rest(reader: Rest) -> None:
    ClinicalTrialFactory()
    wanted = ClinicalTrialFactory(status="NOT_YET_RECRUITING")

    assert found(reader, "clinical-trials/?recruiting=false") == {str(wanted.pk)}


def test_programs_are_filtered_over_rest(reader: Rest) -> None:
    link = ProgramConditionFactory(
        program=ExpandedAccessProgramFactory(countries=["NL", "BE"], registry_id="NCT01234567")
    )
    ProgramConditionFactory()
    wanted = {str(link.program_id)}

    for query in (f"condition={link.condition_id}", "country=BE", "registry_id=NCT01234567"):
        assert found(reader, f"expanded-access-programs/?{query}") == wanted
    assert found(reader, f"program-conditions/?program={link.program_id}") == {str(link.pk)}


def test_program_without_product_is_shown_and_none_is_made(reader: Rest, writer: Rest) -> None:
    program = ExpandedAccessProgramFactory(product=None)

    shown = reader.get(f"expanded-access-programs/{program.pk}/").json()
    refused = writer.post("expanded-access-programs/", {"eap_number": "EAP-1"})

    assert shown["product"] is None
    assert "product" in shown["missing"]
    assert refused.status_code == 400
    assert ExpandedAccessProgram.objects.count() == 1


def test_referrals_to_trials_that_stopped_are_found_over_rest(reader: Rest) -> None:
    stopped = CTReferralFactory(trial__status="TERMINATED")
    other = CTReferralFactory()

    wanted = reader.get("ct-referrals/?no_longer_recruiting=true").json()["results"]

    assert [(each["id"], each["no_longer_recruiting"]) for each in wanted] == [
        (str(stopped.pk), True)
    ]
    assert found(reader, "ct-referrals/?no_longer_recruiting=false") == {str(other.pk)}

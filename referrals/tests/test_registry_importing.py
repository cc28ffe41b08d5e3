"""What registries published becomes the catalogue, once; what people changed stays theirs."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from patients.models import ConditionName, MedicalCondition
from portal.core.models import User
from referrals import catalogue
from referrals.models import (
    Assessed,
    ClinicalTrial,
    CTReferral,
    ExpandedAccessProgram,
    Product,
    RegistryRecord,
    SetAsideRecord,
    TrialSite,
    UnplacedCondition,
)
from referrals.registry import importing
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    ExpandedAccessProgramFactory,
    ProductFactory,
    TrialSiteFactory,
)
from referrals.tests.studies import FOLDER, access, api_study, status, written

pytestmark = pytest.mark.django_db

SHARED = Path(__file__).parents[3] / "shared" / "data" / "trials"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., importing.Result]:
    """Import these records as one file."""

    def run(*records: dict[str, Any], **options: Any) -> importing.Result:
        return importing.run(path=written(tmp_path, *records), by=None, **options)

    return run


Read = Callable[..., importing.Result]


def events() -> int:
    """How many rows all histories of the catalogue have."""
    models = (
        ClinicalTrial,
        ExpandedAccessProgram,
        TrialSite,
        RegistryRecord,
        UnplacedCondition,
        SetAsideRecord,
        Product,
    )
    return sum(model.pgh_event_model.objects.count() for model in models)


def test_trial_is_made_with_all_that_its_record_says(read: Read) -> None:
    result = read(api_study())

    trial = ClinicalTrial.objects.get(registry_id="NCT90000001")
    assert result.outcomes == {"new": 1}
    assert (trial.registry, trial.title) == ("NCT", "Inventinib in Duchenne")
    assert trial.official_title.startswith("A Study of Inventinib")
    assert (trial.org_study_id, trial.secondary_ids) == ("INV-1", ["2024-500001-10-00"])
    assert (trial.status, trial.study_type) == ("RECRUITING", "INTERVENTIONAL")
    assert trial.phases == ["PHASE1", "PHASE2"]
    assert trial.interventions == [
        {"type": "DRUG", "name": "Inventinib", "other_names": ["INV-001"]}
    ]
    assert (trial.sex, trial.minimum_age, trial.maximum_age) == ("MALE", "6 Months", "17 Years")
    assert trial.minimum_days < trial.maximum_days
    assert trial.healthy_volunteers is False
    assert trial.criteria_text.startswith("Inclusion Criteria")
    assert (trial.has_expanded_access, trial.expanded_access_id) == (True, "NCT90000099")
    assert str(trial.first_posted_on) == "2024-01-05"
    assert str(trial.last_update_posted_on) == "2025-02-06"
    assert trial.completion_date == "2027-12"
    assert trial.contacts[0]["email"] == "ada@example.org"
    assert [str(one) for one in trial.conditions.all()] == ["Duchenne Muscular Dystrophy"]
    sites = trial.sites.order_by("country", "ordinal").values_list(
        "facility", "city", "country", "status", "ordinal"
    )
    assert list(sites) == [
        ("Invented Hospital", "Leiden", "NL", "RECRUITING", 1),
        ("Research Site", "Ankara", "TR", "UNKNOWN", 1),
        ("Research Site", "Ankara", "TR", "UNKNOWN", 2),
    ]


def test_history_says_which_file_it_came_from(read: Read) -> None:
    read(api_study())

    trial = ClinicalTrial.objects.get()
    event = trial.events.select_related("pgh_context").get()
    assert event.pgh_context.metadata["reason"] == "trials_import studies.jsonl"


def test_same_records_again_change_nothing(read: Read) -> None:
    records = (api_study(), access(), api_study(identificationModule__nctId="NCT1"))
    read(*records)
    before = events()

    again = read(*records)

    assert again.outcomes == {"unchanged": 2, "set_aside": 1}
    assert events() == before
    assert set(ClinicalTrial.objects.values_list("version", flat=True)) == {1}


def test_only_what_changed_is_updated(read: Read) -> None:
    read(api_study(), api_study(90000002))
    before = TrialSite.pgh_event_model.objects.count()

    result = read(api_study(**status("COMPLETED")), api_study(90000002))

    assert result.outcomes == {"changed": 1, "unchanged": 1}
    changed, other = ClinicalTrial.objects.order_by("registry_id")
    assert (changed.status, changed.version) == ("COMPLETED", 2)
    assert other.version == 1
    assert TrialSite.pgh_event_model.objects.count() == before


def test_older_record_changes_nothing(read: Read) -> None:
    read(api_study())

    result = read(api_study(**status("WITHDRAWN", updated="2020-01-01")))

    assert result.outcomes == {"older": 1}
    assert ClinicalTrial.objects.get().status == "RECRUITING"


def test_of_one_number_twice_the_newer_record_counts(read: Read) -> None:
    result = read(api_study(**status("COMPLETED")), api_study())

    assert result.outcomes == {"new": 1, "repeated": 1}
    assert ClinicalTrial.objects.get().status == "COMPLETED"


def test_dry_run_is_the_real_run_taken_back(read: Read) -> None:
    result = read(api_study(), dry_run=True)

    assert result.outcomes == {"new": 1}
    assert not ClinicalTrial.objects.exists()
    assert not UnplacedCondition.objects.exists()


# --- what people changed ------------------------------------------------------------------------


def test_what_somebody_changed_here_stays_and_is_told(read: Read) -> None:
    read(api_study())
    ClinicalTrial.objects.update(title="Our title", notes="Ask for Ada", sponsor="Ours")

    result = read(
        api_study(
            identificationModule__briefTitle="New title",
            statusModule__overallStatus="COMPLETED",
        )
    )

    trial = ClinicalTrial.objects.get()
    assert (trial.title, trial.sponsor, trial.notes) == ("Our title", "Ours", "Ask for Ada")
    assert trial.status == "COMPLETED"
    assert result.kept == {"NCT90000001": ["title"]}
    assert set(catalogue.differing(trial)) == {"title", "sponsor"}


def test_registrys_values_are_taken_when_somebody_says_so(read: Read, navigator: User) -> None:
    read(api_study())
    ClinicalTrial.objects.update(title="Ours", first_posted_on=None, notes="Kept")

    trial = catalogue.take_registrys(
        ClinicalTrial, record_id=ClinicalTrial.objects.get().pk, by=navigator
    )

    assert trial.title == "Inventinib in Duchenne"
    assert str(trial.first_posted_on) == "2024-01-05"
    assert trial.notes == "Kept"
    assert catalogue.differing(trial) == {}


def test_first_record_of_a_trial_entered_by_hand_counts(read: Read) -> None:
    trial = ClinicalTrialFactory(registry_id="NCT90000001", sponsor="By hand", status="UNKNOWN")

    read(api_study(sponsorCollaboratorsModule={}))

    trial.refresh_from_db()
    assert (trial.title, trial.status) == ("Inventinib in Duchenne", "RECRUITING")
    assert trial.sponsor == "By hand"


def test_conditions_linked_or_unlinked_here_stay(read: Read) -> None:
    read(api_study())
    trial = ClinicalTrial.objects.get()
    trial.conditions.clear()
    trial.conditions.add(MedicalCondition.objects.get(abbreviation="GBM"))

    read(api_study(**status("COMPLETED")))

    assert [one.abbreviation for one in trial.conditions.all()] == ["GBM"]


def test_condition_that_the_registry_drops_is_unlinked_and_a_new_one_linked(read: Read) -> None:
    read(api_study())

    read(api_study(conditionsModule={"conditions": ["glioblastoma"]}))

    assert [one.abbreviation for one in ClinicalTrial.objects.get().conditions.all()] == ["GBM"]


def test_sites_follow_the_registry_and_keep_what_is_ours(read: Read) -> None:
    read(api_study())
    trial = ClinicalTrial.objects.get()
    ours = TrialSiteFactory(trial=trial, facility="Found by phone")
    linked = trial.sites.get(city="Leiden")
    linked.hospital = ours.hospital
    linked.save()
    places = api_study()["protocolSection"]["contactsLocationsModule"]["locations"][:2]
    places[0] = {**places[0], "status": "COMPLETED"}

    read(api_study(contactsLocationsModule={"locations": [*places, {"city": "Oslo"}]}))

    sites = {(site.facility, site.city): site for site in trial.sites.all()}
    assert set(sites) == {
        ("Found by phone", ""),
        ("Invented Hospital", "Leiden"),
        ("Research Site", "Ankara"),
        ("", "Oslo"),
    }
    leiden = sites["Invented Hospital", "Leiden"]
    assert (leiden.pk, leiden.status) == (linked.pk, "COMPLETED")
    assert leiden.hospital == ours.hospital


def test_site_that_somebody_took_away_does_not_come_back(read: Read) -> None:
    read(api_study())
    TrialSite.objects.filter(city="Leiden").delete()

    read(api_study(**status("COMPLETED")))

    assert not TrialSite.objects.filter(city="Leiden").exists()


# --- shapes after one another -------------------------------------------------------------------


def test_table_updates_what_it_carries_and_takes_nothing_away(read: Read, tmp_path: Path) -> None:
    read(api_study(90000021))
    table = tmp_path / "t.csv"
    table.write_text((FOLDER / "download.csv").read_text().replace("2024-06-07", "2026-06-07"))

    importing.run(path=table, by=None)

    trial = ClinicalTrial.objects.get()
    assert (trial.status, trial.phases) == ("NOT_YET_RECRUITING", ["PHASE2", "PHASE3"])
    assert (trial.minimum_age, trial.criteria_text[:9]) == ("6 Months", "Inclusion")
    assert trial.sites.filter(city="Leiden").exists()
    assert trial.registry_record.shape == "csv"


def test_table_alone_makes_trials_with_sites_in_their_country() -> None:
    importing.run(path=FOLDER / "download.csv", by=None)

    trial = ClinicalTrial.objects.get()
    assert list(trial.sites.order_by("country").values_list("facility", "country")) == [
        ("Invented Clinic, Wing B, Seoul", "KR"),
        ("Lung Unit, Nieuwegein", "NL"),
    ]
    assert [one.abbreviation for one in trial.conditions.all()] == ["IPF"]


def test_poorer_shape_of_the_same_day_does_not_replace_the_fuller(
    read: Read, tmp_path: Path
) -> None:
    read(api_study(90000011, **status("COMPLETED", updated="2016-05-03")))

    result = importing.run(path=FOLDER / "trial.xml", by=None)

    assert result.outcomes == {"older": 1}


# --- programs -----------------------------------------------------------------------------------


def test_expanded_access_makes_a_program_and_its_product() -> None:
    ProductFactory(name="INVENTIMAB")

    result = importing.run(path=FOLDER / "access.xml", by=None)

    program = ExpandedAccessProgram.objects.get()
    assert (program.eap_number, program.registry_id) == ("NCT90000012", "NCT90000012")
    assert (program.product.name, program.sponsor) == ("INVENTIMAB", "Invented Pharma")
    assert (program.availability, program.countries) == ("AVAILABLE", ["US"])
    assert program.access_types == ["individual", "treatment"]
    assert [one.abbreviation for one in program.conditions.all()] == ["DMD"]
    assert result.made["products"] == 0


def test_program_entered_by_hand_is_the_one_its_record_is_about(read: Read) -> None:
    program = ExpandedAccessProgramFactory(eap_number="EAP-7", registry_id="NCT90000012")
    numbered = ExpandedAccessProgramFactory(eap_number="nct 9000-0013")

    read(access(), access(90000013))

    assert ExpandedAccessProgram.objects.count() == 2
    program.refresh_from_db()
    numbered.refresh_from_db()
    assert (program.availability, program.eap_number) == ("AVAILABLE", "EAP-7")
    assert numbered.registry_id == "NCT90000013"


def test_record_of_two_programs_is_set_aside(read: Read) -> None:
    ExpandedAccessProgramFactory.create_batch(2, registry_id="NCT90000012")

    result = read(access())

    assert [one["reason"] for one in result.set_aside] == ["ambiguous"]


def test_program_whose_record_names_no_product_waits_for_one(read: Read) -> None:
    read(access(armsInterventionsModule={}))

    program = ExpandedAccessProgram.objects.get()
    assert program.product is None


def test_trial_does_not_become_a_program(read: Read) -> None:
    read(api_study())

    result = read(access(90000001))

    assert [one["reason"] for one in result.set_aside] == ["other_kind"]
    assert not ExpandedAccessProgram.objects.exists()


# --- conditions ---------------------------------------------------------------------------------


def test_unresolved_conditions_are_queued_once_by_their_folded_name(read: Read) -> None:
    other = api_study(90000002, conditionsModule={"conditions": ["MADE-UP dystrophy", "DMD"]})

    result = read(api_study(), other)

    name = UnplacedCondition.objects.get()
    assert name.spellings == ["MADE-UP dystrophy", "Made-up Dystrophy"]
    assert (name.state, name.mentions) == ("open", 2)
    assert result.unresolved == {name.name: 2}


def test_new_spelling_of_a_queued_condition_joins_it(read: Read) -> None:
    read(api_study())

    read(api_study(90000002, conditionsModule={"conditions": ["made up dystrophy"]}))

    assert UnplacedCondition.objects.get().spellings == ["Made-up Dystrophy", "made up dystrophy"]


def test_ignored_condition_is_not_asked_for_again(read: Read, navigator: User) -> None:
    read(api_study())
    catalogue.ignore(name_id=UnplacedCondition.objects.get().pk, by=navigator)

    result = read(api_study(), api_study(90000002))

    assert (dict(result.unresolved), result.ignored) == ({}, 1)
    assert UnplacedCondition.objects.get().state == "ignored"


def test_name_that_became_ours_meanwhile_is_linked_by_the_next_import(read: Read) -> None:
    read(api_study(conditionsModule={"conditions": ["Made-up Dystrophy"]}))
    condition = MedicalCondition.objects.get(abbreviation="DMD")
    ConditionName.objects.create(condition=condition, name="made-up dystrophy")

    read(api_study(conditionsModule={"conditions": ["Made-up Dystrophy"]}))

    assert ClinicalTrial.objects.get().conditions.get() == condition
    assert UnplacedCondition.objects.get().state == "linked"


# --- referrals ----------------------------------------------------------------------------------


def test_open_referrals_to_a_trial_that_stops_recruiting_are_flagged(read: Read) -> None:
    read(api_study())
    trial = ClinicalTrial.objects.get()
    waiting = CTReferralFactory(trial=trial, status="screening")
    CTReferralFactory(trial=trial, status="enrolled", eligible="yes")
    CTReferralFactory(trial=trial, status="withdrawn")

    result = read(api_study(**status("TERMINATED")))

    assert result.no_longer_recruiting == 1
    flagged = list(CTReferral.objects.no_longer_recruiting())
    assert flagged == [waiting]
    assert flagged[0].is_no_longer_recruiting


# --- the machinery ------------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_records(read: Read) -> None:
    read(api_study(1), api_study(2), access(3))

    def queries(*records: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as caught:
            read(*records)
        return len(caught)

    few = queries(
        *(api_study(number, **status("COMPLETED")) for number in (1, 2)),
        api_study(10),
        api_study(11),
        access(20),
    )
    many = queries(
        *(api_study(number, **status("WITHDRAWN", updated="2025-04-01")) for number in (1, 2)),
        *(api_study(number) for number in range(30, 60)),
        *(access(number) for number in range(60, 80)),
    )

    assert many <= few


def test_set_aside_record_is_kept_whole_and_once(read: Read) -> None:
    record = api_study(identificationModule__nctId="NCT1")

    read(record)
    read(record)

    aside = SetAsideRecord.objects.get()
    assert (aside.source, aside.place) == ("studies.jsonl", "line 1")
    assert (aside.reason, aside.detail) == ("no_number", "NCT1")
    assert json.loads(aside.content) == record


# --- the command --------------------------------------------------------------------------------


def command(*arguments: Any) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("trials_import", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_command_prints_counts_and_writes_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    path = written(tmp_path, api_study(), access(90000012))

    code, said = command(path, "--report", report)

    assert code == 0
    for word in ("RECRUITING", "AVAILABLE", "INTERVENTIONAL", "NL", "Made-up Dystrophy"):
        assert word in said
    told = json.loads(report.read_text())
    assert told["outcomes"]["new"] == 2
    assert told["country"] == {"NL": 2, "TR": 2}
    assert told["unresolved_conditions"] == {"Made-up Dystrophy": 2}
    assert "Ada" not in report.read_text()
    assert "Ada" not in said


def test_command_says_what_it_set_aside_kept_and_did_not_know(tmp_path: Path) -> None:
    conditions = [f"Made-up disorder {number}" for number in range(30)]
    command(written(tmp_path, api_study(), api_study(90000002)))
    CTReferralFactory(trial=ClinicalTrial.objects.get(registry_id="NCT90000002"))
    ClinicalTrial.objects.filter(registry_id="NCT90000001").update(status="SUSPENDED")

    code, said = command(
        written(
            tmp_path,
            api_study(conditionsModule={"conditions": conditions}, **status("PAUSED")),
            api_study(90000002, **status("TERMINATED")),
            api_study(identificationModule__nctId="NCT1"),
        ),
        "--dry-run",
    )

    assert code == 3
    for words in (
        "unknown status",
        "PAUSED",
        "NCT90000001: status",
        "line 3 NCT1: no_number NCT1",
        "and 6 more",
        "1 open referrals",
        "Dry run",
    ):
        assert words in said


@pytest.mark.parametrize("content", ["", "target,nct_id\nDMD,NCT00005574\n"])
def test_command_of_something_else_writes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)

    code, said = command(tmp_path / "file")

    assert code == 8
    assert "no study record" in said
    assert not SetAsideRecord.objects.exists()


def test_command_of_no_file_and_of_no_report_says_so(tmp_path: Path) -> None:
    assert command(tmp_path / "nothing")[0] == 8
    assert command(tmp_path, "--report", tmp_path / "no" / "report.json")[0] == 2


def test_command_stopped_by_the_database_tells_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(**_said: Any) -> None:
        raise DatabaseError("Ada Example")

    monkeypatch.setattr(importing, "run", stopped)

    code, said = command(tmp_path)

    assert code == 9
    assert "Ada" not in said


def test_import_during_another_one_writes_nothing(read: Read) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [importing.LOCK])
            with pytest.raises(importing.Running):
                read(api_study())
            cursor.execute("SELECT pg_advisory_unlock(%s)", [importing.LOCK])
    finally:
        other.close()

    assert not ClinicalTrial.objects.exists()


def test_command_during_another_import_waits_for_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(**_said: Any) -> None:
        raise importing.Running("Another import is under way.")

    monkeypatch.setattr(importing, "run", running)

    assert command(tmp_path)[0] == 7


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared records")
def test_every_real_record_is_imported_and_the_second_time_nothing_changes() -> None:
    first = importing.run(path=SHARED / "api_v2.jsonl", by=None)
    older = importing.run(path=SHARED / "xml", by=None)
    before = events()

    again = importing.run(path=SHARED / "api_v2.jsonl", by=None)

    assert first.outcomes == {"new": 400}
    assert older.outcomes == {"new": 28}
    assert (first.unknown, older.unknown) == ({}, {})
    assert again.outcomes == {"unchanged": 400}
    assert events() == before


def test_who_is_followed_for_a_trial_is_looked_at_when_its_record_changed(read: Read) -> None:
    read(api_study())
    trial = ClinicalTrial.objects.get()
    CTReferralFactory(trial=trial)

    read(api_study(**status("COMPLETED")))
    read(api_study(**status("COMPLETED")))

    kept = Assessed.objects.get()
    assert (kept.trial, kept.verdict) == (trial, "unknown")

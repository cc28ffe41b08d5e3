"""Value maps: what is proposed, what a decision does, and to which rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from crm_import import importing, refusals, settling
from crm_import.deciding import Verdict
from crm_import.importing import Result
from crm_import.models import ImportRun, OptionValue, RowOutcome
from crm_import.reporting import standing_problems
from crm_import.rolling_back import roll_back
from crm_import.tests import exports
from crm_import.tests.exports import contact, dossier, patient
from patients.models import MedicalCondition, Patient, Specialist
from portal.core.errors import Refused, StaleVersion
from portal.core.history import acting
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral, EAPDossier, Product

Bring = Callable[..., Result]
NEW = "100000099"


def value_of(option_set: str, value: str = NEW) -> OptionValue:
    return OptionValue.objects.get(option_set=option_set, value=value)


def decide(option_set: str, meaning: str, value: str = NEW, by: User | None = None) -> Any:
    return settling.settle(
        by=by or UserFactory(), reason="asked", verdicts=[Verdict(option_set, value, meaning)]
    )


def trial(**cells: str) -> dict[str, str]:
    return patient(1, "Anna", "Berg", trial_id="NCT01234567", **cells)


# --- what is known and what is proposed ---------------------------------------------------------


def test_known_labels_are_approved_by_the_rule(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg")])

    lead = value_of("contact_type", exports.LEAD)
    assert (lead.state, lead.meaning, lead.seen) == ("approved", "patient", 1)
    assert lead.decided_at is None
    assert not OptionValue.objects.waiting().exists()


def test_value_without_a_label_waits_without_a_proposal(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", contact_type=NEW), contact(2, "Ben", "Smit")])

    [waiting] = OptionValue.objects.waiting()
    assert (waiting.option_set, waiting.value, waiting.seen) == ("contact_type", NEW, 1)
    assert (waiting.meaning, waiting.labels) == ("", [])


@pytest.mark.parametrize(
    ("cell", "meaning"),
    [("Treating physician", "physician"), ("Pharmacst", "pharmacist"), ("Supplier", "")],
)
def test_label_that_looks_like_a_known_word_is_proposed_and_has_no_effect(
    bring: Bring, cell: str, meaning: str
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", contact_type=cell)])

    waiting = OptionValue.objects.waiting().get()
    assert (waiting.state, waiting.meaning, waiting.labels) == ("proposed", meaning, [cell])
    assert RowOutcome.objects.get().reason == "routing_unmapped"


def test_several_values_in_one_cell_are_no_value(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", medical_condition="100000000,100000001")])

    assert not OptionValue.objects.waiting().exists()


# --- deciding -----------------------------------------------------------------------------------


def test_approved_contact_type_places_the_rows_that_waited(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW), contact(2, "Ben", "Smit")])
    ben, by = Patient.objects.get(), UserFactory()

    done = decide("contact_type", "physician", by=by)

    assert (done.placed, done.filled) == (1, 0)
    assert Specialist.objects.get().last_name == "Vos"
    assert Patient.objects.get() == ben
    assert RowOutcome.objects.held().count() == 0
    value = value_of("contact_type")
    assert (value.state, value.meaning, value.decided_by) == ("approved", "physician", by)
    run = ImportRun.objects.order_by("started_at").last()
    assert run == done.run
    assert run.report["tables"]["Contact"]["imported"] == 1
    assert "routing_unmapped" not in run.report["problems"]


def test_decision_is_in_the_history_with_who_and_why(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])
    by = UserFactory()

    decide("contact_type", "physician", by=by)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.metadata FROM crm_import_optionvalueevent e "
            "JOIN pghistory_context c ON c.id = e.pgh_context_id "
            "WHERE e.pgh_obj_id = %s ORDER BY e.pgh_id DESC LIMIT 1",
            [value_of("contact_type").pk],
        )
        (metadata,) = cursor.fetchone()
    assert '"asked"' in str(metadata).replace("'", '"')
    assert str(by.pk) in str(metadata)


def test_same_decision_again_makes_no_run(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])
    decide("contact_type", "physician")

    assert decide("contact_type", "physician").run is None
    assert ImportRun.objects.count() == 2


def test_next_export_follows_the_decision(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])
    decide("contact_type", "physician")

    again = bring(contacts=[contact(3, "Udo", "Ott", contact_type=NEW)])

    assert again.quarantined == 0
    assert Specialist.objects.count() == 2


def test_rejected_routing_value_leaves_its_rows_where_they_are(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])

    decide("contact_type", "")

    assert RowOutcome.objects.held().count() == 1
    assert not OptionValue.objects.waiting().exists()


def test_decision_is_taken_back_with_its_run_and_stays_as_the_proposal(bring: Bring) -> None:
    rows = [contact(1, "Ida", "Vos", contact_type=NEW)]
    load = bring(contacts=rows).run

    roll_back(run_id=decide("contact_type", "physician").run.pk, by=None, apply=True)
    taken_back = value_of("contact_type")
    result = roll_back(run_id=load.pk, by=None, apply=True)

    assert (taken_back.state, taken_back.meaning) == ("proposed", "physician")
    assert taken_back.decided_by is None
    assert [kept.because for kept in result.kept] == ["decided"]
    assert not OptionValue.objects.waiting().exists()
    bring(contacts=rows)
    waiting = OptionValue.objects.waiting().get()
    assert (waiting.state, waiting.meaning, waiting.seen) == ("proposed", "physician", 1)


def test_values_of_rows_that_were_taken_back_are_nobodys_question(bring: Bring) -> None:
    run = bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)]).run
    roll_back(run_id=run.pk, by=None, apply=True)

    bring(contacts=[contact(2, "Ben", "Smit")])

    assert not OptionValue.objects.waiting().exists()


def test_meaning_of_rows_that_became_records_is_not_changed(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])
    decide("contact_type", "physician")

    with pytest.raises(Refused) as refused:
        decide("contact_type", "patient")

    assert refused.value.code == "rows_placed"
    assert value_of("contact_type").meaning == "physician"
    assert ImportRun.objects.count() == 2


def test_approved_product_places_the_dossiers(bring: Bring) -> None:
    bring(
        contacts=[contact(1, "Anna", "Berg")],
        patients=[patient(1, "Anna", "Berg", of=1)],
        dossiers=[dossier(1, "EAP-1", of=1, product=NEW)],
    )
    product = Product.objects.get(name="Dystrazen")

    done = decide("product", str(product.pk))

    assert done.placed == 1
    assert EAPDossier.objects.get().program.product == product


def test_approved_condition_fills_in_who_has_none_and_nobody_else(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", medical_condition=NEW),
            contact(2, "Ben", "Smit", medical_condition=NEW),
        ]
    )
    glioblastoma = MedicalCondition.objects.get(name="Glioblastoma")
    other = MedicalCondition.objects.exclude(pk=glioblastoma.pk).first()
    Patient.objects.filter(first_name="Ben").update(medical_condition=other)
    assert standing_problems()["unmapped"] == 2

    done = decide("medical_condition", str(glioblastoma.pk))

    named = dict(Patient.objects.values_list("first_name", "medical_condition"))
    assert other
    assert named == {"Anna": glioblastoma.pk, "Ben": other.pk}
    assert (done.placed, done.filled) == (0, 1)
    assert "unmapped" not in standing_problems()


def test_changed_condition_is_changed_where_nobody_chose_it(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", medical_condition=NEW),
            contact(2, "Ben", "Smit"),
            contact(3, "Cas", "Bos", medical_condition=NEW),
        ]
    )
    first, second = MedicalCondition.objects.order_by("name")[:2]
    with acting(by=UserFactory()):
        Patient.objects.filter(first_name="Cas").update(medical_condition=first)
    decide("medical_condition", str(first.pk))
    with acting(by=UserFactory()):
        Patient.objects.filter(first_name="Anna").update(country="NL")

    done = decide("medical_condition", str(second.pk))

    named = dict(Patient.objects.values_list("first_name", "medical_condition"))
    assert named == {"Anna": second.pk, "Ben": None, "Cas": first.pk}
    assert done.filled == 1


def test_approved_eligibility_fills_in_referrals_that_nobody_touched(bring: Bring) -> None:
    bring(
        patients=[
            trial(eligible=NEW),
            patient(2, "Ben", "Smit", trial_id="NCT01234567", eligible=NEW),
        ]
    )
    ben = CTReferral.objects.get(patient__first_name="Ben")
    with acting(by=UserFactory()):
        CTReferral.objects.filter(pk=ben.pk).update(ineligible_text="seen by somebody")

    done = decide("eligible", "yes")

    assert done.filled == 1
    anna = CTReferral.objects.get(patient__first_name="Anna")
    assert (anna.eligible, anna.status) == ("yes", "eligible")
    ben.refresh_from_db()
    assert ben.eligible == "unknown"


def test_decision_about_an_old_version_of_the_value_is_refused(bring: Bring) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])
    seen = value_of("contact_type").version
    decide("contact_type", "")

    with pytest.raises(StaleVersion):
        settling.settle(
            by=UserFactory(),
            reason="x",
            verdicts=[Verdict("contact_type", NEW, "patient", version=seen)],
        )


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict("contact_type", NEW, "astronaut"), "no_such_meaning"),
        (Verdict("contact_type", "7", "patient"), "no_such_value"),
    ],
    ids=["meaning", "value"],
)
def test_impossible_decision_is_refused_and_leaves_no_run(
    bring: Bring, verdict: Verdict, code: str
) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])

    with pytest.raises(Refused) as refused:
        settling.settle(by=UserFactory(), reason="x", verdicts=[verdict])

    assert refused.value.code == code
    assert ImportRun.objects.count() == 1


def test_decision_while_an_import_runs_is_refused(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(contacts=[contact(1, "Ida", "Vos", contact_type=NEW)])

    def busy(**_options: Any) -> None:
        raise refusals.AnotherRun("Another crm_import is running.")

    monkeypatch.setattr(importing, "again", busy)

    with pytest.raises(Refused) as refused:
        decide("contact_type", "physician")

    assert refused.value.code == "import_refused"

"""Shipments: every status and every move, the stock they leave, and who may still get one."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.tests.factories import ConsentFactory, HospitalFactory, SpecialistFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import moves, supplying
from referrals.models import EAPDossier, Shipment
from referrals.supplying import MOVES
from referrals.tests.factories import ExpandedAccessProgramFactory, ShipmentFactory
from referrals.tests.parts import dossier, untreated

pytestmark = pytest.mark.django_db

BY_NAME = {move.name: move for move in MOVES}
# Written out by hand, not read from the table that is tested.
POSSIBLE = {
    "planned": {"release", "cancel"},
    "released": {"ship", "cancel"},
    "shipped": {"deliver", "lose", "send-back"},
    "delivered": {"send-back"},
}
LEADS_TO = {
    "release": "released",
    "ship": "shipped",
    "deliver": "delivered",
    "lose": "lost",
    "send-back": "returned",
    "cancel": "cancelled",
}


@pytest.fixture
def by() -> User:
    made: User = UserFactory()
    return made


def take(name: str, shipment: Shipment, *, by: User, **said: Any) -> Shipment:
    reasons = list(BY_NAME[name].reasons)
    said = {**({"reason": reasons[0]} if reasons else {}), **said}
    return supplying.take(BY_NAME[name], shipment_id=shipment.pk, by=by, **said)


@pytest.mark.parametrize("status", Shipment.Status.values)
def test_what_is_listed_as_possible_is_what_succeeds(status: str, by: User) -> None:
    made = dossier()
    listed = {
        each.action.name
        for each in moves.possible(ShipmentFactory(dossier=made, status=status), MOVES)
        if not each.missing
    }

    assert listed == POSSIBLE.get(status, set())
    for name, target in LEADS_TO.items():
        shipment = ShipmentFactory(dossier=made, status=status)
        if name in listed or status == target:
            assert take(name, shipment, by=by).status == target
        else:
            with pytest.raises(Refused) as refused:
                take(name, shipment, by=by)
            assert refused.value.code == "wrong_status"


def test_delivery_says_when_it_runs_out_and_when_to_order_again(by: User) -> None:
    program = ExpandedAccessProgramFactory(days_to_resupply=10)
    shipment = ShipmentFactory(dossier=dossier(program=program), status="shipped", lasts_days=None)

    delivered = take(
        "deliver",
        shipment,
        by=by,
        on=date(2026, 6, 15),
        details={"lasts_days": 28, "received_by": "Pharmacy, M. de Vries", "batch": ""},
    )

    assert delivered.runs_out_on == date(2026, 7, 13)
    assert delivered.resupply_by == date(2026, 6, 29)
    assert delivered.received_by == "Pharmacy, M. de Vries"


def test_delivery_before_the_last_is_used_up_adds_to_it_and_what_is_sent_back_does_not(
    by: User,
) -> None:
    made = dossier()
    first = take(
        "deliver", ShipmentFactory(dossier=made, status="shipped"), by=by, on=date(2026, 6, 15)
    )
    second = take(
        "deliver", ShipmentFactory(dossier=made, status="shipped"), by=by, on=date(2026, 7, 1)
    )
    assert (first.runs_out_on, second.runs_out_on) == (date(2026, 7, 13), date(2026, 8, 10))

    returned = take("send-back", first, by=by, on=date(2026, 7, 2), reason="cold_chain")
    second.refresh_from_db()

    assert returned.runs_out_on is None
    assert second.runs_out_on == date(2026, 7, 29)


def test_stock_is_counted_anew_after_a_correction(by: User) -> None:
    shipment = take(
        "deliver", ShipmentFactory(dossier=dossier(), status="shipped"), by=by, on=date(2026, 6, 15)
    )
    Shipment.objects.filter(pk=shipment.pk).update(lasts_days=14)

    supplying.recount(dossier_id=shipment.dossier_id)

    shipment.refresh_from_db()
    assert shipment.runs_out_on == date(2026, 6, 29)


@pytest.mark.parametrize("ending", ["closed", "deceased", "restricted", "dossier_closed"])
def test_nothing_is_planned_or_sent_after_the_end(ending: str, by: User) -> None:
    made = dossier(ending)
    with pytest.raises(Refused) as refused:
        supplying.plan(Shipment(dossier=made, product="x", unit="vials", quantity=1), by=by)
    assert refused.value.code == ending

    for status, name in (("planned", "release"), ("released", "ship")):
        shipment = ShipmentFactory(dossier=made, status=status)
        with pytest.raises(Refused) as refused:
            take(name, shipment, by=by)
        assert refused.value.code == ending
        shipment.refresh_from_db()
        assert shipment.status == status


@pytest.mark.parametrize("ending", ["closed", "deceased", "dossier_closed"])
@pytest.mark.parametrize("name", ["deliver", "lose", "send-back"])
def test_what_is_on_the_road_arrives_or_not_after_the_end_as_well(
    name: str, ending: str, by: User
) -> None:
    shipment = ShipmentFactory(dossier=dossier(ending), status="shipped")

    assert take(name, shipment, by=by).status == LEADS_TO[name]


def without_physician(made: EAPDossier) -> None:
    made.patient.physician = None
    made.patient.save()


def without_hospital(made: EAPDossier) -> None:
    made.patient.physician = SpecialistFactory(contact_type="physician", hospital=None)
    made.patient.save()


def without_consent(made: EAPDossier) -> None:
    number = made.program.eap_number
    ConsentFactory(patient=made.patient, purpose="eap_sponsor", decision="withdrawn", scope=number)


@pytest.mark.parametrize(("status", "name"), [("planned", "release"), ("released", "ship")])
@pytest.mark.parametrize(
    ("take_away", "code"),
    [
        (without_physician, "no_physician"),
        (without_hospital, "no_hospital"),
        (without_consent, "no_consent"),
    ],
    ids=["physician", "hospital", "consent"],
)
def test_nothing_leaves_without_who_treats_them_and_who_may_know(
    take_away: Callable[[EAPDossier], None], code: str, status: str, name: str, by: User
) -> None:
    made = dossier()
    take_away(made)

    with pytest.raises(Refused) as refused:
        take(name, ShipmentFactory(dossier=made, status=status), by=by)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "status", "said", "field", "code"),
    [
        ("ship", "released", {"on": date(2026, 5, 31)}, "on", "backwards"),
        ("ship", "released", {"on": date(2099, 1, 1)}, "on", "in_the_future"),
        ("send-back", "shipped", {"reason": ""}, "reason", "required"),
        ("send-back", "shipped", {"reason": "other"}, "remark", "required"),
        ("deliver", "shipped", {"reason": "damaged"}, "reason", "not_for_this"),
        ("release", "planned", {"details": {"received_by": "x"}}, "received_by", "not_for_this"),
    ],
    ids=["before the release", "to come", "no reason", "other without words", "reason", "detail"],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    name: str, status: str, said: dict[str, Any], field: str, code: str, by: User
) -> None:
    shipment = ShipmentFactory(dossier=dossier(), status=status)

    with pytest.raises(ValidationError) as refused:
        take(name, shipment, by=by, **said)

    assert refused.value.error_dict[field][0].code == code


def test_what_had_expired_on_arrival_is_not_delivered(by: User) -> None:
    shipment = ShipmentFactory(dossier=dossier(), status="shipped", expires_on=date(2026, 6, 10))

    with pytest.raises(ValidationError, match="had expired"):
        take("deliver", shipment, by=by, on=date(2026, 6, 15))

    returned = take("send-back", shipment, by=by, on=date(2026, 6, 15), reason="expired")
    assert returned.status == "returned"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "delivered", "delivered_on": date(2026, 6, 2)}, "in_order"),
        ({"status": "released", "released_on": None}, "says_when"),
        ({"status": "lost", "reason": ""}, "end_has_reason"),
        ({"status": "returned", "reason": "other"}, "other_in_words"),
        ({"status": "delivered", "expires_on": date(2026, 6, 14)}, "delivered_in_date"),
        ({"runs_out_on": date(2026, 7, 1)}, "only_stock_runs_out"),
        ({"quantity": 0}, "says_what"),
        ({"lasts_days": 0}, "lasts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_database_refuses_a_shipment_that_cannot_be(
    fields: dict[str, Any], constraint: str
) -> None:
    with (
        pytest.raises(IntegrityError, match=f"referrals_shipment_{constraint}"),
        transaction.atomic(),
    ):
        ShipmentFactory(**fields)


def test_resupply_is_due_once_for_each_dossier_that_has_nothing_under_way(by: User) -> None:
    today = timezone.localdate()

    def delivered(days_ago: int, **fields: Any) -> Shipment:
        day = today - timedelta(days=days_ago)
        dates = {"released_on": day, "shipped_on": day, "delivered_on": day}
        shipment: Shipment = ShipmentFactory(status="delivered", **dates, **fields)
        supplying.recount(dossier_id=shipment.dossier_id)
        return shipment

    waiting = dossier()
    delivered(60, dossier=waiting)
    last = delivered(30, dossier=waiting)
    delivered(30, dossier=dossier("dossier_closed"))
    ordered = delivered(30, dossier=dossier())
    ShipmentFactory(dossier=ordered.dossier, status="released")
    delivered(1, dossier=dossier(), lasts_days=90)
    unknown = delivered(1, dossier=dossier(), lasts_days=None)

    assert list(Shipment.objects.resupply_due(today=today)) == [last]
    assert unknown.resupply_by is None


def test_medicine_goes_to_who_treats_them_now() -> None:
    made = dossier()
    moved_to = HospitalFactory(country="BE")
    made.patient.physician = SpecialistFactory(contact_type="physician", hospital=moved_to)
    made.patient.save()

    assert supplying.hospital_of(made) == moved_to
    assert supplying.country_of(made) == "BE"
    without_physician(made)
    assert supplying.hospital_of(made) == made.hospital


def test_working_days_are_those_of_the_hospital_or_of_the_patient() -> None:
    treated, at_home = dossier(), untreated()
    at_home.patient.country = "BE"

    assert supplying.country_of(treated) == "NL"
    assert supplying.country_of(at_home) == "BE"

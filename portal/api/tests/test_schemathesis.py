"""REST keeps every promise of its schema, whatever it is sent.

Schemathesis makes requests from the OpenAPI document, good and bad ones, and checks the answers:
no 500, only documented statuses, media types, headers and bodies, bad data refused, 405 and 401
where they belong. Ids are replaced by real ones now and then, so that requests reach the records.
"""

import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from patients.tests.factories import (
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
    SpecializationFactory,
)
from portal.api.schema import document
from portal.api.tests.samples import SAMPLES
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import token
from portal.wsgi import application
from referrals.tests.factories import (
    ClinicalTrialFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    ProductFactory,
)

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "0"))
CONFIG = {
    "checks": {
        # A schema cannot say that an id exists, that a phone can be dialled, or that two members
        # go together, so data that it allows may be refused.
        "positive_data_acceptance": {"enabled": False},
        # Preconditions are looked at before the body (RFC 9110 section 13.2.2).
        "negative_data_rejection": {
            "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422]
        },
    },
    # A few examples that are the same each time; by hand, SCHEMATHESIS_EXAMPLES=200 tries harder.
    "generation": {"max-examples": EXAMPLES or 4, "deterministic": not EXAMPLES},
    # Boundary values, missing members, wrong methods: for one collection, or for all by hand.
    "phases": {"coverage": {"enabled": bool(EXAMPLES)}},
    "operations": [{"include-path-regex": "/patients/", "phases": {"coverage": {"enabled": True}}}],
}
RELATED = {
    "condition": MedicalConditionFactory,
    "dossier": EAPDossierFactory,
    "hospital": HospitalFactory,
    "medical_condition": MedicalConditionFactory,
    "navigator": UserFactory,
    "obtained_by": UserFactory,
    "owner": UserFactory,
    "patient": PatientFactory,
    "physician": SpecialistFactory,
    "product": ProductFactory,
    "program": ExpandedAccessProgramFactory,
    "specialization": SpecializationFactory,
    "trial": ClinicalTrialFactory,
}

schema = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict(CONFIG))
schema.app = application


class Known:
    """Real ids to put where Schemathesis made up some."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def id(self, name: str) -> str:
        """The id of a record of a collection, or of what a member points at."""
        if name not in self._ids:
            make = SAMPLES[name].made if name in SAMPLES else RELATED[name]
            self._ids[name] = str(make().pk)
        return self._ids[name]


def is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


@pytest.fixture
def known(db: None) -> Known:
    return Known()


@pytest.fixture
def bearer(db: None) -> Iterator[str]:
    """A token; and the test's transaction stays open, which a server would close."""
    found = token("api-writer")  # the test client connects the signals again, so it goes first
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
def test_operation_keeps_its_promises(case: Any, known: Known, bearer: str) -> None:
    collection = case.operation.path.split("/")[3]
    if is_id(case.path_parameters.get("id")):
        case.path_parameters["id"] = known.id(collection)
    if isinstance(case.body, dict):
        for name in RELATED.keys() & case.body.keys():
            if is_id(case.body[name]):
                case.body[name] = known.id(name)

    case.call_and_validate(headers={"Authorization": f"Bearer {bearer}"})


def test_every_check_is_made_but_the_named_one() -> None:
    made = {
        check.__name__
        for check in CHECKS.get_all()
        if schema.config.checks.get_by_name(name=check.__name__).enabled
    }

    assert {check.__name__ for check in CHECKS.get_all()} - made == {"positive_data_acceptance"}

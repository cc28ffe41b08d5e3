"""What legacy rows became, and what was told about them, in the short form that tests compare."""

from crm_import.models import Crosswalk, Problem
from crm_import.tests.exports import guid
from patients.models import Patient


def codes() -> set[str]:
    """The problems there are, as `code:field`."""
    return {
        f"{code}:{field}" if field else code
        for code, field in Problem.objects.values_list("code", "field")
    }


def changed() -> list[str]:
    """The fields of which a newer row says another thing than the portal."""
    told = Problem.objects.filter(code="changed_in_crm").order_by("field")
    return list(told.values_list("field", flat=True))


def person(number: int, entity: str = "Contact") -> Patient:
    """Whom the row of that number became."""
    place = number if entity == "Contact" else 10_000 + number
    became = Crosswalk.objects.get(
        entity=entity, legacy_id=guid(place), target_model="patients.patient", slot=""
    )
    return Patient.objects.get(pk=became.target_id)


def told(number: int, entity: str = "Contact") -> set[str]:
    """What was said of the row, as `code:field`."""
    place = number if entity == "Contact" else 10_000 + number
    rows = Problem.objects.filter(entity=entity, legacy_id=guid(place))
    return {f"{code}:{field}" for code, field in rows.values_list("code", "field")}

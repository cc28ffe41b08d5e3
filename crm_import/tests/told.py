"""What the import told about legacy rows, in the short form that tests compare."""

from crm_import.models import Problem


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

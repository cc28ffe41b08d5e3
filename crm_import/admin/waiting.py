"""What of the migration waits for somebody, told on the home page."""

from django.utils.translation import gettext_lazy as _

from crm_import.models import FieldConflict, HeldRow, OptionValue
from patients.models import PossibleDuplicate
from portal.core.admin import waiting
from portal.core.admin.waiting import Waiting

waiting.join(
    Waiting(
        model=OptionValue,
        title=_("Values without a meaning"),
        what_to_do=_("say what each means"),
        rows=OptionValue.objects.waiting,
        filters={"state": "waiting"},
    ),
    Waiting(
        model=HeldRow,
        title=_("Rows in quarantine"),
        what_to_do=_("put right, or leave out"),
        rows=HeldRow.objects.all,
    ),
    Waiting(
        model=FieldConflict,
        title=_("Fields with several values"),
        what_to_do=_("choose the right one"),
        rows=FieldConflict.objects.open,
    ),
    Waiting(
        model=PossibleDuplicate,
        title=_("Possible duplicates"),
        what_to_do=_("one person, or two"),
        rows=PossibleDuplicate.objects.waiting,
    ),
)

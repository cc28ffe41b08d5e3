"""What the workplace's pages are made of, and the kernel's own pages.

`records` the list and page of any record, `lists` bounded counts and pages, `forms` every rule
and the optimistic lock, `related` what belongs to a record, `filters` filters that stay fast,
`display` single values, `verbs` what can be done to a record, `origins` where it came from, `staff`
the pages of those who work here, `access_log` who opened what.
"""

from portal.core.admin import access_log, staff
from portal.core.admin.filters import AutocompleteFilter, ChoicesFilter, DateRangeFilter
from portal.core.admin.kinds import AppendOnlyAdmin, ReadOnlyAdmin
from portal.core.admin.records import Fact, RecordAdmin
from portal.core.admin.related import AddOnlyInline, PartInline, RelatedTable
from portal.core.admin.verbs import Briefing, Shortcut, Verb, VerbForm

__all__ = (
    "AddOnlyInline",
    "AppendOnlyAdmin",
    "AutocompleteFilter",
    "Briefing",
    "ChoicesFilter",
    "DateRangeFilter",
    "Fact",
    "PartInline",
    "ReadOnlyAdmin",
    "RecordAdmin",
    "RelatedTable",
    "Shortcut",
    "Verb",
    "VerbForm",
    "access_log",
    "staff",
)

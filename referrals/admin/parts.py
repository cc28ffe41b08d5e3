"""What a dossier's page shows of its shipments, follow-ups and safety reports."""

from django.utils.translation import gettext_lazy

from portal.core.admin import RelatedTable
from portal.core.admin.display import NOTHING, choice_badge, day, moment
from referrals.admin.follow_ups import follow_up_due
from referrals.admin.safety import authority_clock, seriousness, sponsor_clock
from referrals.admin.supply import status_badge

PARTS = (
    RelatedTable(
        relation="shipments",
        columns=(
            (gettext_lazy("Shipment"), str),
            (gettext_lazy("Status"), status_badge),
            (gettext_lazy("Since"), lambda row: day(row.since)),
            (gettext_lazy("Runs out"), lambda row: day(row.runs_out_on)),
            (gettext_lazy("Order again by"), lambda row: day(row.resupply_by)),
        ),
        empty=gettext_lazy("Nothing was sent yet."),
    ),
    RelatedTable(
        relation="follow_ups",
        columns=(
            (gettext_lazy("Follow-up"), str),
            (gettext_lazy("What to do"), lambda row: row.instructions or NOTHING),
            (gettext_lazy("Status"), lambda row: choice_badge(row, "status")),
            (gettext_lazy("Due"), follow_up_due),
            (gettext_lazy("Who acts"), lambda row: row.get_responsible_display()),
        ),
        empty=gettext_lazy("Nothing was agreed to be followed up."),
    ),
    RelatedTable(
        relation="safety_reports",
        columns=(
            (gettext_lazy("What happened"), str),
            (gettext_lazy("Known since"), lambda row: moment(row.aware_at)),
            (gettext_lazy("Serious"), seriousness),
            (gettext_lazy("Sponsor by"), sponsor_clock),
            (gettext_lazy("Authority by"), authority_clock),
        ),
        empty=gettext_lazy("No adverse event was reported."),
    ),
)

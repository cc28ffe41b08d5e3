"""The demonstration: staff, the people of a generated legacy CRM, and the days around today.

Only for the embedded database. The people come out of a legacy-CRM export through the real
migration (`crm_import`); what happened since then is done with the portal's own verbs.
"""

from portal.demo.days import live_through
from portal.demo.staff import make_staff, share_out, usernames, welcome

__all__ = ("live_through", "make_staff", "share_out", "usernames", "welcome")

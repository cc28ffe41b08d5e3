"""How the workplace looks and how it is grouped (read by settings; imports no model)."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# Teal on a slightly blue grey: enough contrast for text at every weight that is used for it.
TEAL = {
    "50": "oklch(98.4% .014 180.7)",
    "100": "oklch(95.3% .051 180.8)",
    "200": "oklch(91% .096 180.4)",
    "300": "oklch(85.5% .138 181.1)",
    "400": "oklch(77.7% .152 181.9)",
    "500": "oklch(70.4% .14 182.5)",
    "600": "oklch(52% .1 184)",
    "700": "oklch(45% .086 185)",
    "800": "oklch(39% .075 187)",
    "900": "oklch(34% .06 188.4)",
    "950": "oklch(26% .046 192.5)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Navigator portal"),
    "SITE_HEADER": _("Navigator portal"),
    "SITE_SUBHEADER": _("Access and trials"),
    "SITE_SYMBOL": "diversity_1",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("portal/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": TEAL},
    "STYLES": [lambda request: static("portal/portal.css")],
    "SCRIPTS": [lambda request: static("portal/workplace.js")],
    "LOGIN": {"form": "portal.site.log_in.LogInForm"},
    "COMMAND": {"search_models": ["patients.patient", "patients.specialist"]},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "portal.site.navigation.navigation",
    },
}

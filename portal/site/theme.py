"""How the workplace looks and how it is grouped (read by settings; imports no model)."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Navigator portal",
    "SITE_HEADER": "Navigator portal",
}

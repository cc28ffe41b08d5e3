"""Widgets that are quick to draw."""

from typing import Any

from django.forms.widgets import Widget
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.forms import DropdownForm
from unfold.widgets import UnfoldAdminSelectWidget

SELECTED = SafeString(" selected")


class QuickSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A select whose options are put together as text.

    Django renders one template for each option: with the countries of the world that was a third
    of the time of a whole page. Groups of options are not supported.
    """

    template_name = "portal/widgets/select.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = Widget.get_context(self, name, value, attrs)
        if self.allow_multiple_selected:
            context["widget"]["attrs"]["multiple"] = True
        chosen = set(self.format_value(value))
        context["options"] = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key if key is not None else "", SELECTED if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        return context


class QuickDropdownForm(DropdownForm):  # type: ignore[misc]
    """A filter's choices, quickly drawn."""

    widget = QuickSelect(
        attrs={
            "data-theme": "admin-autocomplete",
            "class": "unfold-admin-autocomplete admin-autocomplete",
        }
    )

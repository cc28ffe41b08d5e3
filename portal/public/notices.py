"""What is said above a page when something needs a second look, though nothing need be wrong."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Notice:
    """A heading, what to do, and whether it is good news."""

    title: str
    text: str
    is_good: bool = False


def taken() -> Notice:
    """For whoever picked a time that is not free any more."""
    return Notice(
        _("That time has just been taken"),
        _("These are the next times that are free. Nothing else has changed."),
    )


def nothing_chosen() -> Notice:
    """For whoever sent the page without a time."""
    return Notice(_("Choose a time first"), _("Then press the button below the times."))


def not_here() -> Notice:
    """For whoever cannot have a call booked on this page."""
    return Notice(
        _("The call could not be booked here"),
        _("Your request has arrived and nothing is lost. We look at it ourselves."),
    )


def not_changed() -> Notice:
    """For whoever's call cannot be moved or cancelled on this page."""
    return Notice(
        _("The call could not be changed here"),
        _("It stays as it is. Please ask us: we are glad to help."),
    )


def moved() -> Notice:
    """For whoever moved their call."""
    return Notice(_("Your call has been moved"), _("This is the new time."), is_good=True)

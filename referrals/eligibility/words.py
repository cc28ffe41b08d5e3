"""Numbers, lists and countries in the words of sentences."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django_countries import countries as all_countries

_NAMED = 5  # a sentence with more names is not read


def number(value: Decimal | None) -> str:
    """A number without the noughts that say nothing; blank for none."""
    if value is None:
        return ""
    return number_format(format(value.normalize(), "f"))


def any_of(words: Iterable[str]) -> str:
    """“a, b or c”."""
    *first, last = words
    if not first:
        return last
    return _("%(first)s or %(last)s") % {"first": ", ".join(first), "last": last}


def several(words: Sequence[str]) -> str:
    """“a, b or c”, the first few of many."""
    if len(words) > _NAMED:
        words = [*words[: _NAMED - 1], _("others")]
    return any_of(words)


def countries(codes: Collection[str]) -> str:
    """The names of countries in the order of the alphabet, or how many there are."""
    if len(codes) > _NAMED:
        return _("one of %(count)d countries") % {"count": len(codes)}
    return any_of(sorted(all_countries.name(code) or code for code in codes))

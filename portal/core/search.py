"""Finding people and things by what somebody remembers of them.

A generated `search` column (tsvector) holds prefixed tokens: `n:` a folded word of a name, `e:` an
e-mail address, `d:` a mail domain, `p:` phone digits from the start, `r:` phone digits from the
end. Every term typed must match the beginning of one of them. There is no search inside words.
The SQL functions that make the tokens stand in migration core.0001; `fold` is their twin.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db import models

# A search looks no further than this: a page cannot show more, and the planner would otherwise
# walk the newest rows to find rare ones (the fence; docs/performance.md has the numbers).
SEARCH_LIMIT = 1000

# A shorter word begins something of nearly everybody ("de los A"): the index would collect them
# all. Beside a longer word it is checked on what that one finds.
SELECTIVE_LETTERS = 3

APOSTROPHES = "'’‘ʼ`´"
_LETTERS = str.maketrans("łŁøØđĐıðÐħĦŧŦ", "lLoOdDidDhHtT")
_DIGRAPHS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
_MARKS = re.compile("[\u0300-\u036f]")
_SEPARATORS = re.compile("[\\s!-/:-@\\[-`{-~’‘ʼ´\u00a0\u2007\u202f\u200b\ufeff–—]+")
_PHONE_TERM = re.compile(r"\+?[\d()./-]+")


def fold(text: str) -> str:
    """`text` without accents and case: `Łukasz Strauß` → `lukasz strauss`."""
    decomposed = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    for letter, plain in _DIGRAPHS.items():
        decomposed = decomposed.replace(letter, plain)
    return decomposed.translate(_LETTERS).lower()


def words(text: str) -> list[str]:
    """The folded words of `text`; an apostrophe joins (`O'Brien` → `obrien`)."""
    joined = fold(text).translate({ord(c): None for c in APOSTROPHES})
    return [word for word in _SEPARATORS.split(joined) if word]


class ContactSearch(models.Func):
    """The tokens of a person: names, e-mail address and phone."""

    function = "portal_contact_search"
    output_field = SearchVectorField()


class TextSearch(models.Func):
    """The tokens of a thing: the folded words of its names and numbers."""

    function = "portal_text_search"
    output_field = SearchVectorField()


class Fold(models.Func):
    """`text` folded for comparison: no accents, no case, single blanks, no punctuation."""

    function = "portal_fold_key"
    output_field = models.TextField()


class MatchesTokens(models.Lookup):
    """`search__tokens="'n:sara':*"`: a tsquery written by this module, never raw input."""

    lookup_name = "tokens"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} @@ %s::tsquery", [*left_params, self.rhs]


SearchVectorField.register_lookup(MatchesTokens)


class AlsoMatchesTokens(MatchesTokens):
    """As `tokens`, checked on the rows that something else finds and never by the index."""

    lookup_name = "also"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"({left} || ''::tsvector) @@ %s::tsquery", [*left_params, self.rhs]


SearchVectorField.register_lookup(AlsoMatchesTokens)


class Among(models.Lookup):
    """`pk__among=ids`: one of some hundred ids, looked up one by one whatever the order.

    With a plain list the planner thinks that its rows lie evenly in the order asked for, and walks
    that order's index until it has a page full: all of it when they are old. How many ids a
    subquery gives it cannot know, so it expects few and looks them up (docs/performance.md).
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(ARRAY(SELECT unnest(%s::uuid[])))", [*left_params, list(self.rhs)]


models.UUIDField.register_lookup(Among)


def _prefix(kind: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{kind}:{quoted}':*"


def _any(alternatives: list[str]) -> str:
    return f"({' | '.join(alternatives)})"


def _terms(text: str) -> Iterator[tuple[str, bool]]:
    """Each term typed, and whether it can be part of a phone number (those are joined)."""
    digits: list[str] = []
    for term in text.replace("\x00", "").split():
        if _PHONE_TERM.fullmatch(term) and any(c.isdigit() for c in term):
            digits.append(term)
            continue
        if digits:
            yield "".join(digits), True
            digits = []
        yield term, False
    if digits:
        yield "".join(digits), True


def _phone_query(term: str) -> str:
    digits = re.sub(r"[^0-9]", "", term)
    alternatives = [_prefix("p", digits), _prefix("r", digits[::-1])]
    national = digits.lstrip("0")
    if national and national != digits:
        alternatives += [_prefix("p", national), _prefix("r", national[::-1])]
    return _any(alternatives)


def _name_query(term: str) -> str | None:
    parts = words(term)
    return " & ".join(_prefix("n", part) for part in parts) if parts else None


class ContactQueries(NamedTuple):
    """The tsqueries of what was typed for people; together they are one condition."""

    names: list[str]  # words that can be a name
    addresses: list[str]  # phone digits and addresses; also looked up among further contact points
    brief: list[str]  # words that can be a name, too short to be looked up; only beside others


def contact_queries(text: str) -> ContactQueries | None:
    """The tsqueries of `text`. None when nothing is searched for."""
    names: list[str] = []
    addresses: list[str] = []
    brief: list[str] = []
    for term, is_phone in _terms(text):
        if is_phone:
            addresses.append(_phone_query(term))
        elif "@" in term:
            local, _at, domain = fold(term).partition("@")
            wanted = _prefix("d", domain) if not local else _prefix("e", fold(term))
            if domain or local:
                addresses.append(_any([wanted]))
        else:
            name = _name_query(term)
            plain = fold(term)
            alternatives = [_prefix("e", plain), _prefix("d", plain)]
            if name:
                kind = names if len(plain) >= SELECTIVE_LETTERS else brief
                kind.append(_any([f"({name})", *alternatives]))
    if names or addresses:
        return ContactQueries(names, addresses, brief)
    return ContactQueries(brief, [], []) if brief else None


def text_query(text: str) -> str | None:
    """The tsquery of `text` for things: every word must begin a word of it."""
    parts = words(text)
    return " & ".join(_prefix("n", part) for part in parts) if parts else None


class SearchQuerySet(models.QuerySet[Any]):
    """A queryset of something with a `search` column."""

    def search(self, text: str) -> Self:
        """Rows in which every word of `text` begins a word; at most SEARCH_LIMIT of them."""
        if not text.strip():
            return self
        query = text_query(text)
        if query is None:
            return self.none()
        return self._fenced(self.filter(search__tokens=query))

    def _fenced(self, *found: models.QuerySet[Any]) -> Self:
        """This queryset, narrowed to the ids of `found`, which are fetched first and unordered."""
        ids: set[UUID] = set()
        for queryset in found:
            room = SEARCH_LIMIT - len(ids)
            if room > 0:
                ids.update(queryset.order_by().values_list("pk", flat=True)[:room])
        return self.filter(pk__among=ids) if ids else self.none()


class ContactQuerySet(SearchQuerySet):
    """A queryset of people."""

    def search(self, text: str) -> Self:
        """People by the start of any part of a name, of an e-mail or its domain, or phone digits.

        Accents, case and order do not matter; phone digits count from either end, however they
        are typed. At most SEARCH_LIMIT people.
        """
        if not text.strip():
            return self
        queries = contact_queries(text)
        if queries is None:
            return self.none()
        return self._fenced(*self._found(queries))

    def _found(self, queries: ContactQueries) -> list[models.QuerySet[Any]]:
        rows = self.filter(search__tokens=" & ".join([*queries.names, *queries.addresses]))
        return [rows.filter(search__also=" & ".join(queries.brief)) if queries.brief else rows]

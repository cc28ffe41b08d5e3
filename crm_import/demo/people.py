"""Invents the people who write in: a name, a mailbox under a reserved domain, an illness."""

from collections.abc import Callable
from dataclasses import dataclass

from crm_import.demo import reference as ref
from crm_import.demo.names import CULTURE_WHEEL, Culture, ascii_letters

# Up to here an address is checked against those given out; beyond, it carries a running number,
# so that a million people need no more memory than twenty thousand.
_REMEMBERED_ADDRESSES = 20_000
# Places in `reference.ILLNESSES`: nearly everyone has one of the three illnesses of the form.
_ILLNESS_WHEEL = (*(0,) * 12, *(1,) * 12, *(2,) * 12, 3, 4, 5)


@dataclass(slots=True)
class Person:
    """Someone who wrote in. Instants are seconds since 1970; 0 means it has not happened."""

    culture: Culture
    first: str
    last: str
    email: str
    illness: int
    created: int
    modified: int = 0
    booked: int = 0
    opened: int = 0


class People:
    """Draws one person after the other. Only relatives share a mailbox."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._given_out: set[str] = set()
        self._number = 0
        self._relative_of: Person | None = None

    def someone(self, created: int) -> Person:
        """Someone new who has nothing to do with anyone before."""
        random = self._random
        culture = CULTURE_WHEEL[int(random() * 100)]
        first, last = culture.draw(random)
        illness = _ILLNESS_WHEEL[int(random() * len(_ILLNESS_WHEEL))]
        return Person(culture, first, last, self.address(first, last), illness, created)

    def someone_or_relative(self, created: int) -> Person:
        """Someone new; in one of about thirty cases a relative writing from a known mailbox."""
        random = self._random
        known = self._relative_of
        if known is not None and random() < 0.05:
            self._relative_of = None
            relative = self.relative(known, created)
            if relative.first != known.first:
                return relative
        person = self.someone(created)
        if random() < 0.15:
            self._relative_of = person
        return person

    def relative(self, person: Person, created: int) -> Person:
        """Another first name in the same household, with the same mailbox."""
        first = person.culture.relative(self._random)
        return Person(person.culture, first, person.last, person.email, person.illness, created)

    def address(self, first: str, last: str) -> str:
        """An e-mail address made of the name that nobody has got before."""
        random = self._random
        local = self._local_part(ascii_letters(first), ascii_letters(last))
        domain = ref.MAIL_DOMAINS[int(random() * len(ref.MAIL_DOMAINS))]
        if len(self._given_out) >= _REMEMBERED_ADDRESSES:
            self._number += 1
            return f"{local}{_REMEMBERED_ADDRESSES + self._number}@{domain}"
        if random() < 0.3:
            local = f"{local}{int(random() * 90) + 10}"
        address = f"{local}@{domain}"
        while address in self._given_out:
            address = f"{local}{int(random() * 9_000) + 1_000}@{domain}"
        self._given_out.add(address)
        return address

    def _local_part(self, given: str, family: str) -> str:
        style = self._random()
        if style < 0.55:
            return f"{given}.{family}"
        if style < 0.7:
            return f"{given[0]}.{family}"
        if style < 0.85:
            return f"{given}{family}"
        return f"{family}.{given[0]}"

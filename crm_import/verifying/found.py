"""One thing that was counted in two ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# How many places an equation names where it does not add up.
PLACES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is wrong: a line of a table of ours, by its number, or a record by its id.

    Numbers may be kept; ids of records are only said, because a kept one would outlive an erasure.
    """

    table: str
    number: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Two counts of the same thing; the terms of each side by name.

    `stray` is what has no counterpart though the sums may be equal; it must be none.
    """

    key: str
    about: str  # the table, or the table and the column
    left: Mapping[str, int]
    right: Mapping[str, int]
    stray: int = 0
    places: Sequence[Place] = field(default_factory=tuple)

    @property
    def adds_up(self) -> bool:
        return sum(self.left.values()) == sum(self.right.values()) and not self.stray

    def shown(self, *, with_ids: bool) -> dict[str, Any]:
        """As JSON holds it."""
        places = [
            {"table": place.table, "number": place.number}
            if place.number is not None
            else {"table": place.table, "id": place.id}
            for place in self.places[:PLACES]
            if with_ids or place.number is not None
        ]
        return {
            "key": self.key,
            "about": self.about,
            "left": dict(self.left),
            "right": dict(self.right),
            "stray": self.stray,
            "adds_up": self.adds_up,
            "places": places,
        }

"""What can be done to a record as it is: one entry of the list that pages and REST offer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from portal.core.errors import Missing

ActionT = TypeVar("ActionT")


@dataclass(frozen=True, slots=True)
class Possible(Generic[ActionT]):
    """An action that the status allows, and what else has to be true before it."""

    action: ActionT
    missing: tuple[Missing, ...]

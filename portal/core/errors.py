"""What can go wrong in a way that a person or a program can act on.

Verbs raise these; the admin shows `message`, REST serves them as problem+json (RFC 9457) with
the stable `code`. No message carries personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that has to be true before a verb may run: a stable code and a sentence."""

    code: str
    message: str


class PortalError(Exception):
    """The base of every error that names a stable code."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(PortalError):
    """A verb was asked for and its conditions do not hold. `missing` says which.

    Nothing has been changed when it is raised.
    """

    code = "refused"
    # What else REST tells programs, by the name of the member.
    members: Mapping[str, Any] = {}

    def __init__(
        self, message: str, *, code: str | None = None, missing: Sequence[Missing] = ()
    ) -> None:
        super().__init__(message, code=code)
        self.missing = tuple(missing)

    @property
    def detail(self) -> str:
        """What REST says in words: the message, unless that names times by the viewer's clock."""
        return self.message


class StaleVersion(Refused):
    """Somebody else changed the record since it was read. `changed` names the fields."""

    code = "stale_version"

    def __init__(self, *, expected: int, actual: int, changed: Sequence[str] = ()) -> None:
        super().__init__(
            f"The record was changed by somebody else (version {actual}, you had {expected}). "
            "Read it again and repeat your change."
        )
        self.expected = expected
        self.actual = actual
        self.changed = tuple(changed)


# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
_TRY_AGAIN = {"40001", "40P01", "55P03"}


def is_busy(error: Exception) -> bool:
    """Whether the database gave up because of others at the same rows: trying again may work."""
    return getattr(error.__cause__, "sqlstate", None) in _TRY_AGAIN

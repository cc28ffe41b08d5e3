"""Why a run did nothing. Each has the exit code of the command; the text says what to do."""


class Refused(Exception):
    """The run ended before anything was written."""

    exit_code = 1


class DecisionNeeded(Refused):
    """Only a person can say what the export means; the text names the option that does."""

    exit_code = 4


class LaterRun(Refused):
    """A later run builds on the one that should be rolled back."""

    exit_code = 4


class NoSuchRun(Refused):
    """There is no such run, or nothing can be done with it any more."""

    exit_code = 2


class NoSuchRow(Refused):
    """The archive has no row of whom should be erased, or they are named wrongly."""

    exit_code = 2


class NotRolledBack(Refused):
    """Records of the run are in use, so that it cannot be rolled back now."""

    exit_code = 6


class DoesNotAddUp(Refused):
    """Some row has no outcome, or two: a mistake in the rules."""

    exit_code = 5


class Brake(Refused):
    """More would be deactivated than a day's work explains."""

    exit_code = 6


class Stale(Refused):
    """The plan was made from something else than what is there now."""

    exit_code = 6


class AnotherRun(Refused):
    """Another run holds the lock."""

    exit_code = 7


class SourceUnreadable(Refused):
    """The export cannot be read as a whole."""

    exit_code = 8

"""What the callers of the embedded server have to catch."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the text says what to do about it."""

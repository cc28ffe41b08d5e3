"""One line for each request that is refused: whoever lacks a permission is no fault of the code."""

import logging


class WithoutTraceback(logging.Filter):
    """Takes the traceback from what Django says about a request that it answered below 500."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the line itself stays."""
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True

"""Mail on a laptop: a folder that holds each mail as a file."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Folder(BaseEmailBackend):
    """Writes one file for each mail into EMAIL_FILE_PATH, named by its Message-ID.

    A mail that is handed over again, because nobody knows whether it was before, is there once.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many mails are in the folder now that this was called."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail in email_messages:
            content = mail.message()
            name = str(content["Message-ID"]).strip("<>").rpartition("@")[0]
            _write_once(folder / f"{name}.eml", content.as_bytes())
        return len(email_messages)


def _write_once(path: Path, content: bytes) -> None:
    """Have the whole file there, or nothing, whenever the process ends."""
    unfinished = path.with_name(f".{secrets.token_hex(8)}")
    try:
        unfinished.write_bytes(content)
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink(missing_ok=True)

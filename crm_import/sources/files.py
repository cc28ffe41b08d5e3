"""The files of an export, wherever they lie: in a folder, in a .zip, alone, each perhaps .gz."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from crm_import.refusals import SourceUnreadable

CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. `name` is its place within the export, with slashes and without `.gz`."""

    name: str
    path: Path
    size: int
    member: str = ""  # of the .zip at `path`

    @property
    def base(self) -> str:
        return PurePosixPath(self.name).name

    @property
    def folder(self) -> str:
        """ "" for a file at the top."""
        parent = str(PurePosixPath(self.name).parent)
        return "" if parent == "." else parent

    def open(self) -> BinaryIO:
        """Its bytes, unpacked."""
        packed = (self.member or self.path.name).lower().endswith(".gz")
        if self.member:
            # The member keeps its archive open until it is closed itself.
            file = cast("BinaryIO", zipfile.ZipFile(self.path).open(self.member))  # noqa: SIM115
            return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
        return cast("BinaryIO", gzip.open(self.path)) if packed else self.path.open("rb")

    def head(self, size: int = 1 << 16) -> bytes:
        """Its first bytes."""
        with readable(self.name), self.open() as file:
            return file.read(size)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what a disk or a damaged archive says into a refusal that names the file."""
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise SourceUnreadable(
            f"{PurePosixPath(name).name} is cut off or damaged. Copy it again, or export it again."
        ) from error
    except OSError as error:
        raise SourceUnreadable(
            f"{PurePosixPath(name).name} cannot be read ({error.strerror}). "
            "Make it readable and start again."
        ) from error
    except RuntimeError as error:  # what zipfile says of a password
        raise SourceUnreadable(
            f"{PurePosixPath(name).name} is encrypted. Unpack it, and name the folder."
        ) from error


def entries(path: Path) -> list[Entry]:
    """All files under `path`, in the order of their names. Hidden ones are nobody's data."""
    with readable(path.name):
        if path.is_dir():
            found = [
                Entry(file.relative_to(path).as_posix(), file, file.stat().st_size)
                for file in path.rglob("*")
                if file.is_file()
            ]
        elif path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                found = [
                    Entry(info.filename, path, info.file_size, info.filename)
                    for info in archive.infolist()
                    if not info.is_dir()
                ]
        else:
            found = [Entry(path.name, path, path.stat().st_size)]
    named = [
        Entry(_without_gz(entry.name), entry.path, entry.size, entry.member)
        for entry in found
        if not any(part.startswith((".", "__MACOSX")) for part in entry.name.split("/"))
    ]
    return sorted(named, key=lambda entry: _in_order(entry.name))


def _without_gz(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _in_order(name: str) -> list[Any]:
    """A key by which page 2 comes before page 10."""
    parts: list[Any] = []
    digits = ""
    for character in f"{name}\0":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, character))
    return parts


class Hashed(io.RawIOBase):
    """Passes bytes on and hashes them. `wrap` gives what reads a file through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._hash.update(memoryview(buffer)[:size])
        return int(size)

    def close(self) -> None:
        self._file.close()
        super().close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

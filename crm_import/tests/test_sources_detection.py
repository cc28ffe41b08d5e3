"""What a path holds is found out; what is nothing, or two things, is refused with what to do."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_import.sources import headed, synapse, webapi
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact
from crm_import.tests.reading import refusal, see


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return exports.write(tmp_path / "export", contacts=[contact(1, "Anna", "Berg")])


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda rows, folder: None, headed.KIND),
        (lambda rows, folder: shapes.write_pages(folder, rows), webapi.KIND),
        (lambda rows, folder: shapes.write_link(folder, rows), synapse.KIND),
    ],
)
def test_kind_is_found_and_explained(
    export: Path, tmp_path: Path, write: Callable[[shapes.Rows, Path], Path | None], kind: str
) -> None:
    folder = write(shapes.read(export), tmp_path / "other") or export
    (folder / "README.md").write_text("nothing", encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"\0")

    source = see(folder).source

    assert source.kind == kind
    assert source.why
    assert source.ignored == ([] if kind == synapse.KIND else ["README.md"])


def test_zip_of_a_headed_export_is_read(export: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in export.iterdir():
            archive.write(file, f"export/{file.name}")
            archive.writestr(f"__MACOSX/{file.name}", b"\0")

    assert see(path).rows == see(export).rows


def test_wrong_path_is_refused(tmp_path: Path) -> None:
    code, says = refusal(tmp_path / "nowhere")

    assert code == 8
    assert says.startswith(f"{tmp_path}/nowhere does not exist. Name a folder")


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    code, says = refusal(tmp_path)

    assert (code, f"{tmp_path.name} is empty" in says) == (8, True)


def test_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")

    code, says = refusal(tmp_path)

    assert (code, "holds no export of the CRM" in says) == (8, True)


def test_mixture_is_refused(export: Path) -> None:
    shapes.write_pages(export / "pages", shapes.read(export))

    code, says = refusal(export)

    assert code == 8
    assert "mixes several kinds of export" in says
    assert "Contact.csv is of headed CSV" in says


def test_one_file_twice_is_refused(export: Path) -> None:
    (export / "old").mkdir()
    (export / "old" / "Contact.csv").write_bytes((export / "Contact.csv").read_bytes())

    code, says = refusal(export)

    assert (code, "Contact.csv and old/Contact.csv" in says) == (8, True)


def test_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(b"PK\x03\x04 and no more")

    code, says = refusal(path)

    assert (code, "cut off or damaged" in says) == (8, True)


def test_unreadable_file_is_refused(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)

    code, says = refusal(export)

    assert (code, "cannot be read (Permission denied)" in says) == (8, True)

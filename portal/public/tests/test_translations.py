"""The catalogues: whole, and compiled from what is written."""

import ast
import gettext
import itertools
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
LANGUAGES = ["nl", "es"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def written(path: Path) -> dict[str, list[str]]:
    """msgid (with its context before \\x04) → translations, of a catalogue as it is written."""
    found: dict[str, list[str]] = {}
    for entry in path.read_text(encoding="utf-8").split("\n\n"):
        values: dict[str, str] = {}
        keyword = ""
        for line in entry.splitlines():
            if line.startswith("#"):
                continue
            keyword, text = line.split(" ", 1) if not line.startswith('"') else (keyword, line)
            values[keyword] = values.get(keyword, "") + ast.literal_eval(text)
        key = "\x04".join(
            value for value in (values.get("msgctxt", ""), values.get("msgid", "")) if value
        )
        if key:
            found[key] = [value for name, value in values.items() if name.startswith("msgstr")]
    return found


# What patients read: the modules and templates, by the app whose catalogue translates them.
SOURCES = {
    "portal": (("public/*.py",), "templates/public/*.html"),
    "bookings": (("clocks.py", "telling.py"), "templates/bookings/mail/*"),
}


def sentences_of_the_source(app: str) -> set[str]:
    """Every msgid in the Python and the templates that patients read."""
    found = set()
    modules, templates = SOURCES[app]
    for path in itertools.chain.from_iterable((ROOT / app).glob(each) for each in modules):
        found |= _asked_for(path.read_text(encoding="utf-8"))
    for path in (ROOT / app).glob(templates):
        # Django turns a template into a source that gettext's own tools can read.
        source = templatize(path.read_text(encoding="utf-8"))
        for call in re.findall(r"gettext\((u?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))", source):
            found.add(str(ast.literal_eval(call)).replace("%%", "%"))
    return found


def _asked_for(source: str) -> set[str]:
    wanted = {"_": [0], "gettext": [0], "ngettext": [0, 1], "pgettext_lazy": [1]}
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for position in wanted.get(node.func.id, ()):
                argument = node.args[position]
                if isinstance(argument, ast.Constant):
                    found.add(str(argument.value))
    return found


@pytest.mark.parametrize("app", SOURCES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str, app: str) -> None:
    path = ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po"

    catalogue = {key.split("\x04")[-1]: texts for key, texts in written(path).items()}

    wanted = sentences_of_the_source(app)
    assert len(wanted) > {"portal": 120, "bookings": 18}[app]
    plurals = {"%(number)d minutes", "There are %(number)s things to look at"}
    assert {text for text in wanted - plurals if not all(catalogue.get(text, [""]))} == set()


@pytest.mark.parametrize("app", SOURCES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_the_translation(language: str, app: str) -> None:
    path = ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po"

    for key, texts in written(path).items():
        if len(texts) == 1:  # A singular may say "one thing" without the number.
            assert set(PLACEHOLDER.findall(texts[0])) == set(PLACEHOLDER.findall(key)), key


@pytest.mark.parametrize("app", SOURCES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_says_what_is_written(language: str, app: str) -> None:
    folder = ROOT / app / "locale" / language / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]

    for key, texts in written(folder / "django.po").items():
        found = [compiled[key]] if key in compiled else [compiled[key, 0], compiled[key, 1]]
        assert found == texts, f"run make messages: {key}"

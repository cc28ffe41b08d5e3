"""What kind of export a path holds: found in the files themselves, never asked for."""

from pathlib import Path

from crm_import.refusals import SourceUnreadable
from crm_import.sources import (
    files,
    headed,
    labels,
    live,
    sheets,
    sqlserver,
    synapse,
    webapi,
    workbooks,
)
from crm_import.sources.files import Entry
from crm_import.sources.shape import Choices, Source

_ADVICE = (
    "Name a folder (or .zip) with headed CSV files, saved pages of the Web API, Excel exports, or "
    "a folder of Synapse Link."
)


def detect(source: Path | str, choices: Choices = Choices()) -> Source:  # noqa: B008  it is frozen
    """The export at `source`, read as far as needed to know that it is one and whole.

    Raises SourceUnreadable, with what to do about it, when it is none, or more than one, and
    DecisionNeeded when it can be read in two ways.
    """
    if sqlserver.is_url(str(source)):
        return sqlserver.open_database(str(source))
    if live.is_url(str(source)):
        database = live.open_database(str(source))
        database.is_delta = choices.is_delta
        return database
    path = Path(source)
    name = path.resolve().name
    if not path.exists():
        raise SourceUnreadable(f"{source} does not exist. {_ADVICE}")
    found = files.entries(path)
    if not found:
        raise SourceUnreadable(f"{name} is empty. {_ADVICE}")
    kinds = _kinds(found)
    if len(kinds) > 1:
        examples = "; ".join(f"{list_[0].name} is of {kind}" for kind, list_ in kinds.items())
        raise SourceUnreadable(
            f"{name} mixes several kinds of export: {examples}. Name the folder of one of them."
        )
    if not kinds:
        raise SourceUnreadable(f"{name} holds no export of the CRM. {_ADVICE}")
    ((kind, ours),) = kinds.items()
    export = _open(kind, name, ours, found, choices)
    export.is_delta |= choices.is_delta
    if kind != synapse.KIND:
        read = kind == webapi.KIND
        export.ignored += [
            e.name for e in found if e not in ours and not (read and labels.is_metadata(e))
        ]
    return export


def _open(kind: str, name: str, ours: list[Entry], found: list[Entry], choices: Choices) -> Source:
    if kind == synapse.KIND:
        return synapse.open_link(name, found)
    if kind == webapi.KIND:
        metadata = [entry for entry in found if labels.is_metadata(entry)]
        return webapi.open_pages(name, ours, metadata, choices)
    if kind == sheets.KIND:
        return sheets.open_sheets(name, ours, choices)
    return headed.open_headed(name, ours, choices)


def _kinds(found: list[Entry]) -> dict[str, list[Entry]]:
    """The files that tell a kind, by kind."""
    kinds: dict[str, list[Entry]] = {}
    models = [entry for entry in found if entry.base.lower() == synapse.MODEL]
    if models:
        kinds[synapse.KIND] = models
    homes = tuple(f"{model.folder}/" if model.folder else "" for model in models)
    for entry in found:
        if homes and entry.name.startswith(homes):
            continue
        kind = _kind(entry)
        if kind:
            kinds.setdefault(kind, []).append(entry)
    return kinds


def _kind(entry: Entry) -> str | None:
    if labels.is_metadata(entry) or entry.base.lower() in labels.IGNORED:
        return None
    if entry.folder.rpartition("/")[2].lower() == labels.LINK_FOLDER:
        return None
    if entry.base.lower().endswith(webapi.SUFFIXES):
        return webapi.KIND
    if workbooks.is_sheet(entry):
        return sheets.KIND
    return headed.KIND if headed.table_of(entry) else None

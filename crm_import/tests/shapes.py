"""One small export in the other shapes: pages of the Web API, folders of Synapse Link, sheets."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from crm_import.tables import CONTACT, DOSSIER, PATIENT, TABLES, Table
from crm_import.tests.exports import Row

FORMATTED = "@OData.Community.Display.V1.FormattedValue"
HOST = "https://contoso.crm4.dynamics.com/api/data/v9.2"
Rows = dict[str, Sequence[Row]]


def read(folder: Path) -> Rows:
    """The rows of a headed-CSV export, by table."""
    found: Rows = {}
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def entity(table: Table) -> str:
    """The CRM's own name of a table."""
    return table.entities[0] if table.is_system else f"contoso_{table.entities[0]}"


def entity_set(table: Table) -> str:
    return f"{entity(table)}s"


def attribute(table: Table, column: str) -> str:
    """The CRM's own name of a column."""
    if column in ("createdon", "modifiedon", "statecode", "versionnumber"):
        return column
    if table is CONTACT:
        own = {
            "contactid": column,
            "firstname": column,
            "lastname": column,
            "job_title": "jobtitle",
        }
        if column == "email":
            return "emailaddress1"
        if column in own:
            return own[column]
    return f"contoso_{column.replace('_', '')}"


# --- Web API ---------------------------------------------------------------------------------


def record(table: Table, row: Row, labels: dict[tuple[str, str], str] | None = None) -> Any:
    """A row as the Web API gives it. A column that the row does not have is absent."""
    data: dict[str, Any] = {}
    if row.get("versionnumber"):
        data["@odata.etag"] = f'W/"{row["versionnumber"]}"'
    for column, cell in row.items():
        name = attribute(table, column)
        if column in table.lookups:
            name = f"_{name}_value"
        value: Any = cell or None
        if cell.isdigit() and column in (*table.options, "statecode", "versionnumber"):
            value = int(cell)
        elif cell in ("true", "false"):
            value = cell == "true"
        data[name] = value
        if label := (labels or {}).get((column, cell)):
            data[name + FORMATTED] = label
    return data


def page(table: Table, rows: Iterable[Any], *, following: int = 0, **more: Any) -> dict[str, Any]:
    """A page; the one after it has the number `following`."""
    found: dict[str, Any] = {
        "@odata.context": f"{HOST}/$metadata#{entity_set(table)}",
        "value": list(rows),
    }
    if following:
        cookie = f"%3Ccookie%20pagenumber=%22{following}%22%20istracking=%22False%22%20/%3E"
        found["@odata.nextLink"] = f"{HOST}/{entity_set(table)}?$skiptoken={cookie}"
    return {**found, **more}


def write_pages(folder: Path, rows: Rows, *, size: int = 1000) -> Path:
    """Write an export as saved pages of `size` rows."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {
        (row["option_set"], row["value"]): row["label"]
        for row in rows.get("OptionSets", ())
        if row["language"] == "1033"
    }
    for table in TABLES:
        found = [record(table, row, labels) for row in rows.get(table.name, ())]
        count = max(1, -(-len(found) // size))
        for number in range(count):
            write_json(
                folder / f"{entity_set(table)}-{number + 1:04}.json",
                page(
                    table,
                    found[number * size : (number + 1) * size],
                    following=number + 2 if number + 1 < count else 0,
                ),
            )
    return folder


def write_json(path: Path, data: Any) -> Path:
    """Write one JSON file."""
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def write_delta(folder: Path, table: Table, rows: Iterable[Any], gone: Iterable[str] = ()) -> Path:
    """Write what change tracking says: changed rows, and ids of deleted ones."""
    folder.mkdir(parents=True, exist_ok=True)
    context = f"{HOST}/$metadata#{entity_set(table)}/$deletedEntity"
    deleted = [{"@odata.context": context, "id": id_, "reason": "deleted"} for id_ in gone]
    link = f"{HOST}/{entity_set(table)}?$deltatoken=919042"
    data = page(table, [*rows, *deleted], **{"@odata.deltaLink": link})
    write_json(folder / f"{entity_set(table)}.json", data)
    return folder


# --- Synapse Link ------------------------------------------------------------------------------

SINK = "10/1/2026 8:14:02 AM"


def attributes(table: Table, later: Sequence[str] = ()) -> list[str]:
    """The columns of a table as model.json lists them, those added later at the end."""
    columns = [column for column in table.columns[1:] if column not in later]
    names = ["Id", "SinkCreatedOn", "SinkModifiedOn"]
    for column in columns:
        names.append(attribute(table, column))
        if column in table.lookups:
            names.append(f"{attribute(table, column)}_entitytype")
    return [*names, "IsDelete", *(attribute(table, column) for column in later)]


def kind(name: str) -> str:
    """The data type of such a column."""
    if name == "createdon":
        return "dateTimeOffset"
    if name.lower() in ("isdelete", "contoso_noshow"):
        return "boolean"
    return (
        "dateTime"
        if name.startswith("Sink") or "date" in name or name == "modifiedon"
        else "string"
    )


def line(
    table: Table, row: Row, *, sink: str = SINK, later: Sequence[str] = (), deleted: bool = False
) -> str:
    """A row as Synapse Link writes it: no header, strings in quotes, its own kinds of dates."""
    cells = [row[table.id], sink, sink]
    for column in (column for column in table.columns[1:] if column not in later):
        cell = row.get(column, "")
        if column == "createdon" and cell:
            cell = f"{cell[:19]}.0000000+00:00"
        cells.append({"true": "True", "false": "False"}.get(cell, cell))
        if column in table.lookups:
            cells.append("contoso_other" if cell else "")
    cells.append("True" if deleted else "")
    cells += [row.get(column, "") for column in later]
    quoted = (cell.replace('"', '""') for cell in cells[1:])
    return ",".join([cells[0], *(f'"{cell}"' if cell else "" for cell in quoted)]) + "\n"


def tombstone(table: Table, id_: str, version: str, *, sink: str = SINK) -> str:
    """The news that a row was deleted, as Synapse Link writes it."""
    cells = {table.id: id_, "versionnumber": version, "createdon": ""}
    written = line(table, cells, sink=sink, deleted=True).split(",")
    place = attributes(table).index("createdon")
    written[place] = '"0001-01-03T00:00:00.0000000"'
    return ",".join(written)


def model(tables: Iterable[Table], *, later: dict[str, Sequence[str]] | None = None) -> Any:
    """The description of the tables."""
    return {
        "name": "cdm",
        "version": "1.0",
        "entities": [
            {
                "$type": "LocalEntity",
                "name": entity(table),
                "attributes": [
                    {"name": name, "dataType": kind(name), "maxLength": -1}
                    for name in attributes(table, (later or {}).get(table.name, ()))
                ],
                "partitions": [],
            }
            for table in tables
        ],
    }


def write_link(folder: Path, rows: Rows) -> Path:
    """Write an export as a snapshot of Synapse Link, a file for each year of createdon."""
    for table in TABLES:
        home = folder / entity(table)
        home.mkdir(parents=True, exist_ok=True)
        years: dict[str, list[str]] = {}
        for row in rows.get(table.name, ()):
            year = row.get("createdon", "")[:4] or "2018"
            years.setdefault(year, []).append(line(table, row))
        for year, lines in years.items():
            (home / f"{year}.csv").write_text("".join(lines), encoding="utf-8", newline="")
    write_json(folder / "model.json", model(TABLES))
    metadata = folder / "OptionsetMetadata"
    metadata.mkdir()
    holders = {
        column: entity(table) for table in (CONTACT, PATIENT, DOSSIER) for column in table.options
    }
    with (metadata / "OptionsetMetadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            (
                holders[row["option_set"]],
                f"contoso_{row['option_set'].replace('_', '')}",
                *(row["value"], "False", row["language"], row["label"]),
            )
            for row in rows.get("OptionSets", ())
        )
    return folder

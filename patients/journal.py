"""Changes that can be taken back: each one is written down with what was there before.

A merge changes rows of many tables. It does so through a `Journal` only, which keeps for every
change the values before and after it, as PostgreSQL writes them (so that they come back byte for
byte), and `take_back` goes through the list backwards. Everything here runs inside the caller's
transaction; what two people do at the same time is settled by row locks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from psycopg import sql

# Kept by a trigger. They move on when a row changes, and when it changes back: whoever follows
# changes or holds an old version must see both.
KEPT_BY_TRIGGER = frozenset({"version", "updated_at"})

Entry = dict[str, Any]
Texts = dict[str, str | None]


@dataclass
class Journal:
    """The changes made so far, oldest first, as JSON can hold them."""

    entries: list[Entry] = field(default_factory=list)

    def move(self, model: type[models.Model], column: str, ids: Iterable[UUID], to: UUID) -> int:
        """Point the foreign key `column` of these rows at `to`. Returns how many rows that was."""
        moved = sorted(ids)
        if not moved:
            return 0
        attribute = _field(model, column).attname
        rows = model._base_manager.filter(pk__in=moved)
        origins = defaultdict(list)
        for pk, origin in rows.select_for_update().order_by("pk").values_list("pk", attribute):
            origins[origin].append(str(pk))
        rows.update(**{attribute: to})
        for origin, pks in origins.items():
            self.entries.append(
                {
                    "did": "move",
                    "model": model._meta.label,
                    "column": column,
                    "ids": pks,
                    "before": str(origin),
                    "after": str(to),
                }
            )
        return len(moved)

    def change(self, row: models.Model, **values: Any) -> None:
        """Set fields of one row, and of the instance. Writes nothing where nothing differs."""
        model = type(row)
        columns = [_field(model, name).column for name in values]
        before = texts(model, [row.pk], columns)[str(row.pk)]
        model._base_manager.filter(pk=row.pk).update(**values)
        after = texts(model, [row.pk], columns)[str(row.pk)]
        for name, value in values.items():
            setattr(row, name, value)
        changed = [column for column in columns if before[column] != after[column]]
        if changed:
            self.entries.append(
                {
                    "did": "change",
                    "model": model._meta.label,
                    "id": str(row.pk),
                    "before": {column: before[column] for column in changed},
                    "after": {column: after[column] for column in changed},
                }
            )

    def remove(self, row: models.Model) -> None:
        """Take a row out, whole; `take_back` puts it back as it was."""
        model = type(row)
        kept = texts(model, [row.pk], stored_columns(model))[str(row.pk)]
        _delete(model, row.pk)
        self.entries.append(
            {"did": "remove", "model": model._meta.label, "id": str(row.pk), "before": kept}
        )

    def add(self, row: models.Model) -> None:
        """Save a new row; `take_back` removes it."""
        row.save(force_insert=True)
        self.added(row)

    def added(self, row: models.Model) -> None:
        """Write down a row that was saved just now; `take_back` removes it."""
        columns = [c for c in stored_columns(type(row)) if c not in KEPT_BY_TRIGGER]
        self.entries.append(
            {
                "did": "add",
                "model": row._meta.label,
                "id": str(row.pk),
                "after": texts(type(row), [row.pk], columns)[str(row.pk)],
            }
        )


def ids_in(entries: Sequence[Entry], did: str) -> dict[str, set[str]]:
    """Model label → ids of the rows that entries of this kind are about."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry["did"] == did:
            found[entry["model"]].update(entry.get("ids") or [entry["id"]])
    return found


@dataclass(frozen=True, slots=True)
class Later:
    """A row that the journal is about was changed afterwards, in these columns."""

    model: type[models.Model]
    id: str
    columns: tuple[str, ...]


def changed_later(entries: Sequence[Entry]) -> Iterator[Later]:
    """Rows that are no longer as the journal left them. A row that is gone is not reported.

    Only the last word of the journal about a column counts. The rows are locked.
    """
    last: dict[tuple[str, str], Texts] = defaultdict(dict)
    for entry in entries:
        if entry["did"] == "move":
            column = _field(apps.get_model(entry["model"]), entry["column"]).column
            for pk in entry["ids"]:
                last[entry["model"], pk][column] = entry["after"]
        elif entry["did"] in {"change", "add"}:
            last[entry["model"], entry["id"]].update(entry["after"])
        else:
            last.pop((entry["model"], entry["id"]), None)
    by_shape: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (label, pk), columns in last.items():
        by_shape[label, tuple(columns)].append(pk)
    for (label, names), pks in by_shape.items():
        model = apps.get_model(label)
        for pk, now in texts(model, pks, names).items():
            differing = tuple(name for name in names if now[name] != last[label, pk][name])
            if differing:
                yield Later(model, pk, differing)


def take_back(entries: Sequence[Entry], *, spare: Mapping[str, set[str]]) -> None:
    """Undo the entries, the last one first.

    `spare` maps a row's id to columns that somebody changed later and that stay as they are; a
    row that was added and changed later stays whole. Rows that are gone stay gone.
    """
    for entry in reversed(entries):
        model = apps.get_model(entry["model"])
        match entry["did"]:
            case "move":
                column = _field(model, entry["column"]).column
                ids = [pk for pk in entry["ids"] if column not in spare.get(pk, ())]
                _write(model, ids, {column: entry["before"]})
            case "change":
                spared = spare.get(entry["id"], set())
                before = {k: text for k, text in entry["before"].items() if k not in spared}
                _write(model, [entry["id"]], before)
            case "remove":
                _put_back(model, entry["before"])
            case "add" if not spare.get(entry["id"]):
                _delete(model, entry["id"])


def texts(
    model: type[models.Model], ids: Sequence[Any], columns: Sequence[str]
) -> dict[str, Texts]:
    """Id → column → the value as PostgreSQL writes it. The rows are locked, in order of id."""
    key = _key(model)
    chosen = sql.SQL(", ").join(
        sql.SQL("{}::text").format(name) for name in (key, *map(sql.Identifier, columns))
    )
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {} FOR UPDATE").format(
        chosen, _table(model), _among(model), key
    )
    with connection.cursor() as cursor:
        _execute(cursor, query, [[str(pk) for pk in ids]])
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in cursor.fetchall()}


def stored_columns(model: type[models.Model]) -> list[str]:
    """The columns that are written, so not the generated ones."""
    return [
        str(column.column)
        for column in model._meta.concrete_fields
        if not isinstance(column, models.GeneratedField)
    ]


def _write(model: type[models.Model], ids: Sequence[str], values: Texts) -> None:
    if not ids or not values:
        return
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values
    )
    query = sql.SQL("UPDATE {} SET {} WHERE {}").format(_table(model), assignments, _among(model))
    with connection.cursor() as cursor:
        _execute(cursor, query, [*values.values(), list(ids)])


def _delete(model: type[models.Model], pk: Any) -> None:
    """One row and nothing else: what still hangs on it makes the database refuse."""
    query = sql.SQL("DELETE FROM {} WHERE {}").format(_table(model), _among(model))
    with connection.cursor() as cursor:
        _execute(cursor, query, [[str(pk)]])


def _put_back(model: type[models.Model], values: Texts) -> None:
    """Insert the row as it was, a version further: it went and came back."""
    kept = {name: text for name, text in values.items() if name != "updated_at"}
    if kept.get("version"):
        kept["version"] = str(int(kept["version"] or 0) + 1)
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        _table(model),
        sql.SQL(", ").join(map(sql.Identifier, kept)),
        sql.SQL(", ").join(sql.SQL("%s") for _name in kept),
    )
    with connection.cursor() as cursor:
        _execute(cursor, query, list(kept.values()))


def _execute(cursor: Any, query: sql.Composed, params: Sequence[Any]) -> None:
    # As text, because the recording of who and why reads the statement (django-pghistory).
    cursor.execute(query.as_string(), params)


def _table(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def _key(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(str(model._meta.pk.column))


def _among(model: type[models.Model]) -> sql.Composed:
    """The condition that the row's id is in a list, which is the one parameter."""
    kind = str(model._meta.pk.rel_db_type(connection))
    return sql.SQL("{} = ANY(%s::{}[])").format(_key(model), sql.SQL(kind))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)

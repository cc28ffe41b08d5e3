"""Everything we hold on a person, for the person (GDPR articles 15 and 20).

It is gathered from the tables that `patients.holdings` lists, so that what an erasure deletes is
what an export shows: rows with their history, the texts that were agreed to, the files, the rows of
the legacy CRM, and who opened the record. What is about somebody else is left out, and the export
says so.
"""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from patients import documents, filetypes, holdings
from patients.documents import NotReadable
from patients.holdings import Found, Holding, Section
from patients.models import Consent, ConsentText, Document, Patient
from portal.core import access
from portal.core.downloads import safe_name
from portal.core.errors import Refused
from portal.core.models import AccessEvent, User

FORMAT = "patient-export/1"
# Kept by the portal for itself: no data about anybody.
_INTERNAL = frozenset({"version", "search"})


def export(*, patient_id: UUID, by: User, request_id: str | None = None) -> dict[str, Any]:
    """Everything we hold, as JSON can hold it. It is written to the access log.

    Raises Patient.DoesNotExist for an id that nobody has (today).
    """
    Patient.objects.get(pk=patient_id)
    route = AccessEvent.Route.EXPORT
    access.opened(Patient, [patient_id], by=by, route=route, request_id=request_id)
    found = holdings.find(holdings.person(patient_id))
    sections = [_section(holding, found) for holding in holdings.holdings()]
    for part in holdings.parts():
        sections += part.export(found)
    return {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "made_by": str(by),
        "ids": [str(one) for one in found.person.ids],
        "sections": [asdict(section) for section in sections if section.rows or section.history],
        "consent_texts": _agreed_texts(found),
        "files": [
            {
                "document": str(document.pk),
                "name": file_name(document),
                "content_type": document.content_type,
                "size": document.size,
                "sha256": document.sha256,
            }
            for document in _documents(found)
        ],
    }


@dataclass(frozen=True, slots=True)
class Readable:
    """A section for people: rows and versions as pairs of a label and a text."""

    title: str
    rows: list[list[tuple[str, str]]]
    history: list[tuple[str, list[tuple[str, str]]]]  # when, by whom and why; the values
    withheld: list[tuple[str, str]]


def readable(exported: dict[str, Any]) -> list[Readable]:
    """The sections of an export with labels for columns, words for codes, and local times."""
    found = []
    for section in exported["sections"]:
        model = apps.get_model(section["key"])
        found.append(
            Readable(
                title=section["title"],
                rows=[_shown(row, model) for row in section["rows"]],
                history=[
                    (_happened(version), _shown(version["values"], model))
                    for version in section["history"]
                ],
                withheld=[(_label(name, model), why) for name, why in section["withheld"].items()],
            )
        )
    return found


def _shown(row: dict[str, Any], model: type[models.Model]) -> list[tuple[str, str]]:
    """Without ids that stand beside a name, and codes beside the word for them."""
    shown = []
    for name, value in row.items():
        base = name.removesuffix("_id")
        if f"{name}_means" in row or (f"{base}_is" in row and base != name):
            continue
        plain = name.removesuffix("_means").removesuffix("_is")
        shown.append((_label(plain, model), _spoken(value)))
    return shown


def _happened(version: dict[str, Any]) -> str:
    words = (_spoken(version["at"]), version["did"], version["by"], version["reason"])
    return ", ".join(word for word in words if word)


def _label(name: str, model: type[models.Model]) -> str:
    """What people call a column; a cell of the legacy CRM keeps its own name."""
    for column in model._meta.concrete_fields:
        if name in (column.name, column.attname):
            return str(capfirst(column.verbose_name))
    return name


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        moment = parse_datetime(value) if "T" in value[:11] else None
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else value
    return json.dumps(value, ensure_ascii=False)


def as_json(exported: dict[str, Any]) -> str:
    return json.dumps(exported, ensure_ascii=False, indent=2)


def as_zip(exported: dict[str, Any], into: IO[bytes]) -> None:
    """The export with the files themselves. Raises Refused when one of them cannot be read."""
    ids = [one["document"] for one in exported["files"]]
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.json", as_json(exported))
        for document in Document.objects.filter(pk__in=ids).order_by("created_at", "pk"):
            try:
                with (
                    documents.open_file(document) as file,
                    archive.open(file_name(document), "w", force_zip64=True) as target,
                ):
                    for chunk in file.chunks():
                        target.write(chunk)
            except NotReadable as error:
                message = _("The export is incomplete: %(why)s")
                raise Refused(message % {"why": error.message}, code=error.code) from error


def file_name(document: Document) -> str:
    """Where a document lies in the zip: no two in one place."""
    ending = filetypes.of(document.content_type).extension
    return str(PurePath("files") / f"{document.pk}-{safe_name(document.title, ending)}")


def _section(holding: Holding, found: Found) -> Section:
    model = holding.model
    related = [one.name for one in model._meta.concrete_fields if one.is_relation]
    rows = model._base_manager.filter(pk__in=found.now[holding.label]).order_by("pk")
    return Section(
        key=holding.label,
        title=str(model._meta.verbose_name_plural),
        rows=[_row(row, model, holding) for row in rows.select_related(*related)],
        history=[] if holding.kept else list(_history(holding, found)),
        withheld=dict(holding.withheld),
    )


def _row(row: Any, model: type[models.Model], holding: Holding) -> dict[str, Any]:
    """Column → value; for a choice the word for it, for a relation its name, for us its id."""
    values: dict[str, Any] = {}
    for column in model._meta.concrete_fields:
        if column.name in _INTERNAL or column.name in holding.withheld:
            continue
        value = getattr(row, column.attname)
        if value in (None, "", [], {}):
            continue
        values[column.attname] = _plain(value)
        if column.choices and (shown := dict(column.flatchoices).get(value)):
            values[f"{column.name}_means"] = str(shown)
        elif column.is_relation and column.related_model is not Patient:
            values[f"{column.name}_is"] = str(getattr(row, column.name))
    return values


def _history(holding: Holding, found: Found) -> Iterable[dict[str, Any]]:
    """Every version of every row, with when, by whom and why it came to be."""
    past = holdings.events(holding, found)
    if past is None:
        return
    events = list(past.select_related("pgh_context"))
    contexts = [event.pgh_context.metadata if event.pgh_context else {} for event in events]
    staff = User.objects.in_bulk({one["user"] for one in contexts if one.get("user")})
    names = {str(user.pk): str(user) for user in staff.values()}
    for event, context in zip(events, contexts, strict=True):
        yield {
            "at": event.pgh_created_at.isoformat(),
            "did": event.pgh_label,
            "id": str(event.pgh_obj_id),
            "by": names.get(context.get("user", ""), context.get("user", "")),
            "reason": context.get("reason", ""),
            "values": {
                column.attname: _plain(getattr(event, column.attname))
                for column in holding.model._meta.concrete_fields
                if column.name not in {"id", *_INTERNAL, *holding.withheld}
                and getattr(event, column.attname, None) not in (None, "", [], {})
            },
        }


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, default=str))


def _documents(found: Found) -> models.QuerySet[Document]:
    return Document.objects.filter(pk__in=found.now[Document._meta.label]).order_by("created_at")


def _agreed_texts(found: Found) -> list[dict[str, Any]]:
    """The words of every consent, once each."""
    said = Consent.objects.filter(pk__in=found.now[Consent._meta.label]).order_by("decided_at")
    texts = {text.pk: text for one in said if (text := ConsentText.objects.agreed_to(one))}
    return [
        {
            "purpose": text.get_purpose_display(),
            "text_version": text.text_version,
            "language": text.language,
            "title": text.title,
            "body": text.body,
            "sha256": text.sha256,
        }
        for text in texts.values()
    ]

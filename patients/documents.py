"""Files about a patient: taken in after a look at what they are, handed out, and removed.

The bytes lie in the file store under a random name, the row has what is known about them. A store
cannot be rolled back, so the file is written before the row is committed, and removed when the
row is certainly not there; a row never points at a file that was not there. A worker that is
killed in between leaves a file without a row, which nothing finds again.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import PurePath
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from patients import filetypes
from patients.filetypes import FileType, NotAccepted
from patients.locking import locked
from patients.models import Document, Patient
from patients.models.records import document_path
from portal.core.errors import PortalError, Refused
from portal.core.history import acting
from portal.core.models import User

logger = logging.getLogger(__name__)

_LONGEST_TITLE = 200


class SameFile(Refused):
    """The patient has this very file already; `document_id` names it."""

    code = "same_file"

    def __init__(self, known: Document) -> None:
        added = date_format(localdate(known.created_at), "j M Y")
        super().__init__(
            _("This patient has this very file already: %(kind)s, added on %(day)s.")
            % {"kind": known.get_kind_display(), "day": added}
        )
        self.document_id = known.pk


class NotReadable(Refused):
    """The stored file is not there, or is not what was stored."""

    code = "file_missing"


class NotGone(PortalError):
    """The store still has a file that it was told to delete."""

    code = "file_not_gone"


def check(file: File) -> FileType:
    """The type of a file that may be kept. Raises NotAccepted: empty, too large, another type."""
    if not file.size:
        raise NotAccepted(
            _("The file is empty. Choose the file again; is it still being written?"),
            code="file_empty",
        )
    if file.size > settings.DOCUMENT_MAX_BYTES:
        raise NotAccepted(
            _("The file is larger than %(limit)d MB. Make it smaller or split it, and add that.")
            % {"limit": settings.DOCUMENT_MAX_BYTES // 1_000_000},
            code="file_too_large",
        )
    return filetypes.recognise(file)


def title_of(file: File) -> str:
    """The title a file has when nobody gives it one: its name without the ending."""
    return PurePath(file.name or "").stem.strip()[:_LONGEST_TITLE]


def upload(
    *,
    patient_id: UUID,
    by: User,
    file: File,
    kind: str,
    title: str = "",
    then: Callable[[Document], object] = lambda _document: None,
) -> Document:
    """Keep `file` for this patient and return the new document.

    `then` is called with it in the same transaction, and what it writes is kept or lost with it.
    It commits by itself, so it cannot be part of a larger transaction (RuntimeError). Raises
    NotAccepted, SameFile, Refused for a patient who may not be changed or when the store fails,
    and ValidationError for a bad kind or title, or nobody's id.
    """
    found = check(file)
    digest = _sha256(file)
    document = Document(
        patient_id=patient_id,
        kind=kind,
        title=title.strip() or title_of(file),
        content_type=found.content_type,
        size=file.size,
        sha256=digest,
        uploaded_by=by,
    )
    document.clean_fields(exclude=("file",))
    name = _store(document, file)
    try:
        with transaction.atomic(durable=True), acting(by=by):
            locked(patient_id)  # of two that bring the same file at once, the second waits here
            _refuse_same(document)
            document.file = name
            document.save(force_insert=True)
            then(document)
    except BaseException:
        # The connection can drop after the database committed and before it said so.
        if not _may_be_kept(document):
            default_storage.delete(name)
        raise
    return document


def open_file(document: Document) -> File:
    """The stored file, open for reading and checked to be what was stored. Raises NotReadable."""
    try:
        file: File = default_storage.open(document.file.name or "")
        digest = _sha256(file)
    except Exception as error:  # every store has errors of its own
        logger.exception("The file of document %s cannot be read.", document.pk)
        raise NotReadable(
            _("The stored file cannot be read. Tell your administrators: document %(id)s.")
            % {"id": document.pk}
        ) from error
    if digest != document.sha256:
        file.close()
        logger.error("The file of document %s is not the one that was stored.", document.pk)
        raise NotReadable(
            _("The stored file is damaged. Tell your administrators: document %(id)s.")
            % {"id": document.pk},
            code="file_damaged",
        )
    return file


def remove(document: Document) -> None:
    """Delete the document's file from the store, and look whether it is gone. The row stays.

    This cannot be taken back, whatever becomes of the transaction around it. A file that is gone
    already is no error, so it can be repeated. Raises NotGone, and the store's own errors.
    """
    name = document.file.name
    if not name:
        return
    default_storage.delete(name)
    if default_storage.exists(name):
        raise NotGone(_("The file of document %(id)s is still in the store.") % {"id": document.pk})


def _sha256(file: File) -> str:
    file.seek(0)
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def _store(document: Document, file: File) -> str:
    try:
        name: str = default_storage.save(document_path(document, ""), file)
    except Exception as error:  # every store has errors of its own
        logger.exception("A file of patient %s could not be stored.", document.patient_id)
        raise Refused(
            _("The file could not be stored, and nothing was saved. Try again in a minute."),
            code="file_not_stored",
        ) from error
    return name


def _may_be_kept(document: Document) -> bool:
    """Whether the row is there after an error, or nobody can say. It asks in a new transaction."""
    try:
        with transaction.atomic():
            # A COMMIT that is still under way has this lock, so the answer comes after it.
            Patient.objects.select_for_update(of=("self",)).filter(pk=document.patient_id).first()
            return Document.objects.filter(pk=document.pk).exists()
    except DatabaseError:
        logger.exception("Nobody can say if document %s was saved. Its file is kept.", document.pk)
        return True


def _refuse_same(document: Document) -> None:
    known = Document.objects.filter(
        patient_id=document.patient_id, sha256=document.sha256, size=document.size
    ).first()
    if known is not None:
        raise SameFile(known)

"""Making an options report, and handing out what was made.

A report is put together, rendered and kept at once: the row, with the HTML, and the PDF as a
document of the patient. Neither is ever changed, so an old one reads as it did. Nothing is sent.
"""

import hashlib
import logging
from datetime import date
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from patients import documents
from patients.documents import NotReadable
from patients.models import Document, Patient
from portal.core.choices import language_choices
from portal.core.errors import Missing, Refused
from portal.core.models import User
from referrals import reassessing
from referrals.eligibility.verdicts import MET, UNKNOWN
from referrals.models import OptionsReport
from referrals.options import options
from referrals.reporting.content import Audience, compose, listed
from referrals.reporting.page import page
from referrals.reporting.paper import paper

logger = logging.getLogger(__name__)

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
_FALLBACK = "en"


def make(
    *, patient_id: UUID, by: User, audience: str, today: date, language: str = ""
) -> OptionsReport:
    """Make a report of this patient's options today, and return it.

    From now on the patient is followed for what it names and does not rule out.
    It is in `language`, or without it in the patient's; in English, and saying so, where we do not
    have that one. It commits by itself, so it cannot be part of a larger transaction. Raises
    Refused for a patient whose condition is not known or who may not be changed, ValidationError
    for another audience, Patient.DoesNotExist for nobody's id.
    """
    if audience not in Audience.values:
        message = _("A report is for the patient or for the physician.")
        raise ValidationError({"audience": ValidationError(message, code="invalid_choice")})
    whose = Patient.objects.select_related("medical_condition", "physician__hospital")
    patient = whose.get(pk=patient_id)
    if lacking := missing(patient):
        raise Refused(lacking[0].message, code=lacking[0].code, missing=lacking)
    wished = language or patient.language or _FALLBACK
    tongue = spoken(wished)
    number = _next_number()
    with translation.override(tongue):
        found = options(patient, today=today)
        shown = listed(found, Audience(audience))
        found.detailed(option for each in shown.values() for option in each)
        content = compose(
            found,
            shown,
            audience=Audience(audience),
            number=number,
            language=tongue,
            instead_of=_name(wished) if is_fallback(wished) else "",
            made_by=str(by),
            today=today,
        )
        html, pdf = page(content), paper(content)
    still_open = [option for verdict in (MET, UNKNOWN) for option in shown[verdict]]
    report = OptionsReport(
        patient=patient,
        number=number,
        audience=audience,
        language=tongue,
        content=content,
        html=html,
        html_sha256=_sha256(html),
        made_by=by,
    )

    def keep(document: Document) -> None:
        report.document = document
        report.full_clean(exclude=("patient", "made_by", "document"))
        report.save(force_insert=True)
        # What the report leaves open is asked in the next call, and followed from now on.
        reassessing.keep(patient, [option.record for option in still_open])

    documents.upload(
        patient_id=patient_id,
        by=by,
        file=ContentFile(pdf, name="report.pdf"),
        kind=Document.Kind.OTHER,
        title=report.title,
        then=keep,
    )
    return report


def missing(patient: Patient) -> list[Missing]:
    """What has to be known before there is anything to report."""
    if patient.medical_condition_id is not None:
        return []
    return [Missing("no_condition", _("The patient's condition is not known. Fill it in first."))]


def spoken(language: str) -> str:
    """The language in which a report is made for somebody who wishes this one."""
    plain = language.partition("-")[0]
    return next((code for code in (language, plain) if code in LANGUAGES), _FALLBACK)


def is_fallback(language: str) -> bool:
    """Whether somebody who wishes this language gets English instead of it."""
    return bool(language) and spoken(language) != language.partition("-")[0]


def html_of(report: OptionsReport) -> bytes:
    """The HTML as it was made. Raises NotReadable when it is not that any more."""
    if _sha256(report.html) != report.html_sha256:
        logger.error("The HTML of options report %s is not the one that was made.", report.pk)
        message = _("The stored report is damaged. Tell your administrators: report %(number)d.")
        raise NotReadable(message % {"number": report.number}, code="file_damaged")
    return report.html.encode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _next_number() -> int:
    """A number that no other report has or gets. It is lost when the report is not kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('referrals_optionsreport_number')")
        return int(cursor.fetchone()[0])


def _name(language: str) -> str:
    """The English name of a language, for a report that is in English."""
    return dict(language_choices()).get(language, language)

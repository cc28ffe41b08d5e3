"""Odd Contact rows: broken ids and names, mailboxes, doubles, dates and roles."""

import unicodedata

from crm_import.demo import reference as ref
from crm_import.demo.clock import DAY, MINUTE, SLOTS_PER_DAY, iso, office_day, office_slot
from crm_import.demo.people import Person
from crm_import.demo.stage import Cells, Scenes, Stage
from crm_import.demo.tables import Row

SCENES = Scenes()
_LONGEST_NAME = 140
_UNKNOWN_TYPE = "100000007"
# The letters that Unicode does not take apart, both cases.
_STROKES = str.maketrans(
    {"ı": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"}
)


# Ids, versions and repeats


@SCENES.contact
def bad_id_contact(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"contactid": stage.make.pick(("", "12345", "not-a-guid", "7f3a-88c0"))}


@SCENES.scene
def guid_format(stage: Stage, created: int) -> None:
    person, contact = stage.lead(created)
    stage.put_contact(contact, contactid="{" + contact["contactid"].upper() + "}")
    stage.put_patient(stage.make.patient(person, contact["contactid"]))


@SCENES.scene
def exact_repeat(stage: Stage, created: int) -> None:
    _person, contact = stage.lead(created)
    stage.put_contact(contact)
    stage.put_contact(contact)


@SCENES.scene
def superseded_booking(stage: Stage, created: int) -> None:
    """The call was moved by a week; an append-only export kept the row as it was before."""
    person, contact = stage.lead(created)
    moved = iso(person.booked + 7 * DAY)
    stage.put_contact(contact, booking_date=moved, no_show="", **stage.newer_version(created))
    before = stage.older_version(contact, created)
    stage.put_contact(contact, reminder_date="", no_show="", **before)


@SCENES.scene
def version_conflict(stage: Stage, created: int) -> None:
    person, contact = stage.lead(created)
    stage.put_contact(contact)
    married = f"{person.last}-{person.culture.draw(stage.make.random)[1]}"
    moment_later = iso(stage.make.after(person.modified, 3 * MINUTE))
    stage.put_contact(contact, lastname=married, modifiedon=moment_later)


# Names


@SCENES.contact
def no_name_contact(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"firstname": "", "lastname": ""}


@SCENES.contact
def fullname_in_lastname(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": "", "lastname": f"{person.first} {person.last}"}


@SCENES.contact
def record_of_a_test(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"firstname": stage.make.pick(("test", "Test")), "lastname": "test"}


@SCENES.contact
def quotes_in_name(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": f'{person.first} "{person.first[:3]}"', "lastname": f"{person.last}, jr"}


@SCENES.contact
def formula_text(stage: Stage, person: Person, _row: Row) -> Cells:
    formula = stage.make.pick(('=HYPERLINK("https://example.org")', "@SUM(1+1)", "+1+2", "-2+3"))
    return {"firstname": f"{formula} {person.first}"}


@SCENES.scene
def mojibake(stage: Stage, created: int) -> None:
    person = stage.someone(created, _survives_cp1252)
    broken = person.last.encode().decode("cp1252")
    stage.put_contact(stage.make.lead(person), lastname=broken)


@SCENES.scene
def lossy_text(stage: Stage, created: int) -> None:
    person = stage.someone(created, _survives_cp1252)
    mark = stage.make.pick(("?", "\ufffd"))
    lost = "".join(letter if letter.isascii() else mark for letter in person.last)
    stage.put_contact(stage.make.lead(person), lastname=lost)


@SCENES.contact
def invisible_characters(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"lastname": f"{person.last[:2]}\u200b{person.last[2:]}\u200f"}


@SCENES.contact
def very_long_name(stage: Stage, person: Person, _row: Row) -> Cells:
    name = person.last
    while len(name) < _LONGEST_NAME - 40:
        name += f" {person.culture.draw(stage.make.random)[1]}"
    return {"lastname": name[:_LONGEST_NAME].rstrip()}


# Mailboxes


@SCENES.contact
def email_placeholder(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"email": stage.make.pick(("n/a", "-", "none", "unknown", "onbekend", "."))}


@SCENES.contact
def email_two(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"email": f"{person.email}; {stage.make.people.address(person.first, person.last)}"}


@SCENES.contact
def email_invalid(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"email": person.email.partition("@")[0]}


@SCENES.scene
def role_mailbox(stage: Stage, created: int) -> None:
    """The desk of a clinic filled in the form for seven people who have nothing in common."""
    mailbox = f"info@kliniek{created % 100_000}.example.org"
    for patient in range(7):
        person = stage.someone(created + patient * 3 * DAY)
        stage.put_contact(stage.make.lead(person), email=mailbox)


# The same person again, or nearly


@SCENES.returning
def returning_email_variant(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"email": f"\u00a0{person.email.upper()} "}


@SCENES.returning
def returning_caps(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": person.first.upper(), "lastname": person.last.upper()}


@SCENES.returning
def returning_nfd(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"lastname": unicodedata.normalize("NFD", person.last)}


@SCENES.returning
def returning_without_accents(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": _unaccented(person.first), "lastname": _unaccented(person.last)}


@SCENES.returning
def returning_spaces(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": f" {person.first}", "lastname": f"{person.last.replace(' ', '  ')} "}


@SCENES.returning
def returning_swapped(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": person.last, "lastname": person.first}


@SCENES.returning
def initials(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"firstname": f"{person.first[0]}."}


@SCENES.returning
def one_edit(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"lastname": person.last + person.last[-1]}


@SCENES.returning
def other_email(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"email": stage.make.people.address(person.first, person.last)}


# Dates, calls and codes


@SCENES.contact
def sentinel_booking(stage: Stage, _person: Person, _row: Row) -> Cells:
    years = ("1753-01-01", "1900-01-01", "1970-01-01", "9999-12-31")
    return {"booking_date": f"{stage.make.pick(years)}T00:00:00Z", "reminder_date": ""}


@SCENES.contact
def implausible_booking(_stage: Stage, _person: Person, row: Row) -> Cells:
    return {"booking_date": f"2{row['booking_date'][2]}0{row['booking_date'][3:]}"}


@SCENES.contact
def booking_in_words(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"booking_date": stage.make.pick(("tomorrow", "now", "n.t.b.")), "reminder_date": ""}


@SCENES.contact
def no_show_future(stage: Stage, _person: Person, _row: Row) -> Cells:
    day = office_day(stage.make.now) + 30 + int(stage.make.random() * 90)
    call = office_slot(day, int(stage.make.random() * SLOTS_PER_DAY))
    return {"booking_date": iso(call), "reminder_date": "", "no_show": "true"}


@SCENES.contact
def no_show_without_booking(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"booking_date": "", "reminder_date": "", "no_show": "true"}


@SCENES.contact
def reminder_after_booking(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"reminder_date": iso(person.booked + 2 * DAY)}


@SCENES.contact
def reminder_without_booking(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"booking_date": "", "reminder_date": iso(person.booked - DAY), "no_show": ""}


@SCENES.contact
def condition_multi(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"medical_condition": f"{ref.DMD},{ref.GBM}"}


@SCENES.contact
def condition_unknown_code(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"medical_condition": "100000042"}


@SCENES.contact
def type_missing(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"contact_type": ""}


@SCENES.contact
def type_unknown(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"contact_type": _UNKNOWN_TYPE}


@SCENES.scene
def type_missing_with_patient(stage: Stage, created: int) -> None:
    _put_with_patient(stage, created, contact_type="")


@SCENES.scene
def type_unknown_with_patient(stage: Stage, created: int) -> None:
    _put_with_patient(stage, created, contact_type=_UNKNOWN_TYPE)


# Specialists


@SCENES.specialist
def physician_with_booking(stage: Stage, person: Person, _row: Row) -> Cells:
    call = office_slot(office_day(person.created) + 4, int(stage.make.random() * SLOTS_PER_DAY))
    return {"medical_condition": ref.GBM, "booking_date": iso(call)}


@SCENES.specialist
def hospital_orphan(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"hospital": stage.make.guid(person.created)}


@SCENES.specialist
def specialization_orphan(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"specialization": stage.make.guid(person.created)}


@SCENES.scene
def licence_shared(stage: Stage, created: int) -> None:
    """Two physicians of different names under one number: a typing error somewhere."""
    one = stage.someone(created)
    other = stage.someone(created + 10 * DAY, lambda person: person.last != one.last)
    licence = stage.put_contact(stage.make.specialist(one))["medical_license_number"]
    stage.put_contact(stage.make.specialist(other), medical_license_number=licence)


@SCENES.scene
def specialist_twice(stage: Stage, created: int) -> None:
    """One physician registered by two colleagues, who write the number differently."""
    person = stage.someone(created)
    first = stage.put_contact(stage.make.specialist(person))
    number = first["medical_license_number"].replace(" ", "").replace("-", "").lower()
    person.email = stage.make.people.address(person.first, person.last)
    second = stage.make.specialist(person)
    stage.put_contact(second, medical_license_number=f"{number[:4]}-{number[4:]}")


@SCENES.scene
def physician_is_patient(stage: Stage, created: int) -> None:
    person = stage.someone(created)
    stage.put_contact(stage.make.lead(person, booked=True))
    stage.put_contact(stage.make.specialist(person), email=person.email)


def _put_with_patient(stage: Stage, created: int, *, contact_type: str) -> None:
    person, contact = stage.lead(created)
    stage.put_contact(contact, contact_type=contact_type)
    stage.put_patient(stage.make.patient(person, contact["contactid"]))


def _survives_cp1252(person: Person) -> bool:
    """True when the surname has accents and its UTF-8 bytes all mean something in cp1252."""
    try:
        broken = person.last.encode().decode("cp1252")
    except UnicodeDecodeError:
        return False
    return broken != person.last


def _unaccented(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(_STROKES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))

"""Odd Patient rows and EAP dossiers: links that lead astray, trial texts, dates, numbers."""

from dataclasses import replace

from crm_import.demo import reference as ref
from crm_import.demo.clock import DAY, iso, iso_date, iso_local_midnight
from crm_import.demo.names import ascii_letters
from crm_import.demo.people import Person
from crm_import.demo.stage import Cells, Scenes, Stage
from crm_import.demo.tables import Row

SCENES = Scenes()
_NOTE = "Called, no answer; mother will ring back. "
_UNKNOWN_PRODUCT = "100000042"


# Ids, versions and names


@SCENES.patient
def bad_id_patient(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"patientid": stage.make.pick(("", "n/a", "000123"))}


@SCENES.patient
def no_name_patient(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"firstname": "", "lastname": "", "contact_record": ""}


@SCENES.scene
def exact_repeat_patient(stage: Stage, created: int) -> None:
    _person, _contact, patient = stage.patient(created)
    stage.put_patient(patient)
    stage.put_patient(patient)


@SCENES.scene
def superseded_patient(stage: Stage, created: int) -> None:
    """The row as it was before the answer of the site came in."""
    person, _contact, patient = stage.patient(created)
    referral = stage.referral(person, ref.TRIALS[person.illness][0])
    newest = referral | {"ct_outcome": ref.SCREEN_FAILED} | stage.newer_version(person.opened)
    stage.put_patient(patient, **newest)
    stage.put_patient(patient, **referral, **stage.older_version(patient, person.opened))


# Links


@SCENES.patient
def patient_without_contact(stage: Stage, person: Person, _row: Row) -> Cells:
    stranger = stage.someone(person.created)
    name = {"firstname": stranger.first, "lastname": stranger.last, "email": stranger.email}
    return name | {"contact_record": ""}


@SCENES.patient
def patient_without_link(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"contact_record": "", "email": person.email}


@SCENES.patient
def link_missing(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"contact_record": stage.make.guid(person.created)}


@SCENES.patient
def link_suspect(stage: Stage, person: Person, _row: Row) -> Cells:
    stranger = stage.someone(person.created, lambda other: other.last != person.last)
    return {"firstname": stranger.first, "lastname": stranger.last, "email": stranger.email}


@SCENES.scene
def link_to_physician(stage: Stage, created: int) -> None:
    person = stage.someone(created)
    stage.put_patient(stage.make.patient(person, stage.make.pick(stage.make.physicians)))


@SCENES.patient
def link_name_changed(stage: Stage, person: Person, _row: Row) -> Cells:
    """Married since, and the navigator changed the name in one place only."""
    begins = ascii_letters(person.last)[:2]
    spouse = stage.someone(person.created, lambda other: ascii_letters(other.last)[:2] != begins)
    return {"lastname": spouse.last, "email": person.email}


@SCENES.patient
def link_one_edit(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"lastname": person.last + person.last[-1], "email": person.email}


@SCENES.patient
def link_firstname_blank(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"firstname": ""}


@SCENES.patient
def link_fold_equal(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {"lastname": person.last.upper(), "email": person.email}


@SCENES.scene
def link_two_names(stage: Stage, created: int) -> None:
    """Two Patient rows on one Contact: the mother who wrote in, and someone else's child."""
    person, contact, patient = stage.patient(created)
    stage.put_patient(patient)
    other = stage.someone(created, lambda stranger: stranger.last != person.last)
    stage.put_patient(stage.make.patient(other, contact["contactid"]), email=person.email)


@SCENES.scene
def condition_differs(stage: Stage, created: int) -> None:
    """The form and the Patient row name different ones of the three illnesses of the form."""
    person = stage.someone(created, lambda someone: someone.illness < 3)
    contact = stage.put_contact(stage.make.lead(person, booked=True))
    other = stage.make.condition((person.illness + 1) % 3)
    stage.put_patient(stage.make.patient(person, contact["contactid"]), medical_condition=other)


@SCENES.patient
def condition_orphan(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"medical_condition": stage.make.guid(person.created)}


@SCENES.patient
def physician_orphan(stage: Stage, person: Person, _row: Row) -> Cells:
    return {"physician": stage.make.guid(person.created)}


@SCENES.patient
def physician_wrong_role(stage: Stage, person: Person, _row: Row) -> Cells:
    _other, contact = stage.lead(person.created)
    return {"physician": stage.put_contact(contact)["contactid"]}


@SCENES.patient
def physician_self(_stage: Stage, _person: Person, row: Row) -> Cells:
    return {"physician": row["contact_record"]}


# Trials, outcomes and codes


@SCENES.patient
def trial_messy(stage: Stage, person: Person, _row: Row) -> Cells:
    one, other = ref.TRIALS[person.illness][:2]
    return stage.referral(person, f"{one}; {one[:3].lower()} {one[3:7]} {one[7:]},\n{other}")


@SCENES.patient
def trial_malformed(stage: Stage, person: Person, _row: Row) -> Cells:
    number = ref.TRIALS[person.illness][2]
    broken = (number[:-1], f"{number[:-1]}O", f"NTC{number[3:]}")
    return stage.referral(person, stage.make.pick(broken))


@SCENES.patient
def trial_partly_malformed(stage: Stage, person: Person, _row: Row) -> Cells:
    one, other = ref.TRIALS[person.illness][3:5]
    return stage.referral(person, f"{one} / {other[:-1]}")


@SCENES.patient
def trial_other_registry(stage: Stage, person: Person, _row: Row) -> Cells:
    numbers = ("2019-004871-26", "2023-509164-31-00", "ISRCTN48219035")
    return stage.referral(person, stage.make.pick(numbers))


@SCENES.patient
def trial_words(stage: Stage, person: Person, _row: Row) -> Cells:
    words = ("TBD", "screening", "asked the site, see mail", "n.v.t.")
    return stage.referral(person, stage.make.pick(words))


@SCENES.patient
def trial_though_ineligible(stage: Stage, person: Person, _row: Row) -> Cells:
    referral = stage.referral(person, ref.TRIALS[person.illness][5])
    return referral | {"eligible": ref.NOT_ELIGIBLE, "ct_outcome": ref.ENROLLED}


@SCENES.patient
def reason_though_eligible(stage: Stage, person: Person, _row: Row) -> Cells:
    reason = stage.make.pick(ref.ILLNESSES[person.illness].reasons)
    return {"eligible": ref.ELIGIBLE, "ineligible_reason": reason}


@SCENES.patient
def eligible_unknown_code(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"eligible": "100000099"}


@SCENES.patient
def outcome_unknown_code(stage: Stage, person: Person, _row: Row) -> Cells:
    referral = stage.referral(person, ref.TRIALS[person.illness][6])
    return referral | {"ct_outcome": "100000077"}


# Dates and free text


@SCENES.patient
def consult_before_contact(_stage: Stage, person: Person, _row: Row) -> Cells:
    return {
        "first_contact_date": iso_date(person.opened),
        "initial_consult_date": iso_date(person.opened - 30 * DAY),
    }


@SCENES.patient
def sentinel_patient_date(stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"first_contact_date": f"{stage.make.pick(('1753-01-01', '1900-01-01'))}T00:00:00Z"}


@SCENES.patient
def implausible_patient_date(_stage: Stage, person: Person, _row: Row) -> Cells:
    consulted = iso_date(person.opened)
    return {"initial_consult_date": f"2{consulted[2]}0{consulted[3:]}"}


@SCENES.patient
def date_local_midnight(_stage: Stage, person: Person, _row: Row) -> Cells:
    """The day was written by a browser in the office: its midnight is 22:00 or 23:00 UTC."""
    return {"initial_consult_date": iso_local_midnight(person.opened)}


@SCENES.patient
def newline_quotes(_stage: Stage, _person: Person, _row: Row) -> Cells:
    reason = 'Mother: "we wait",\nfather wants a second opinion;\ncall again, after May'
    return {"eligible": ref.NOT_ELIGIBLE, "ineligible_reason": reason}


@SCENES.patient
def backslash_dot(_stage: Stage, _person: Person, _row: Row) -> Cells:
    reason = "Pasted from a mail:\n\\.\nregards \\N and \\t"
    return {"eligible": ref.NOT_ELIGIBLE, "ineligible_reason": reason}


@SCENES.patient
def long_text(_stage: Stage, _person: Person, _row: Row) -> Cells:
    return {"eligible": ref.NOT_ELIGIBLE, "ineligible_reason": (_NOTE * 200).strip()}


# Dossiers


@SCENES.scene
def bad_id_dossier(stage: Stage, created: int) -> None:
    _person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier, eap_dossier_id=stage.make.pick(("", "0", "EAP")))


@SCENES.scene
def dossier_twice(stage: Stage, created: int) -> None:
    person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier)
    stage.put_dossier(dossier, **_saved_again(stage, person))


@SCENES.scene
def dossier_number_folded(stage: Stage, created: int) -> None:
    """The same dossier once more, its number written another way."""
    person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier)
    number = dossier["eap_number"]
    variants = (f" {number.lower()}", f"{number.replace('-', '')} ", number.replace("-", " "))
    again = _saved_again(stage, person)
    stage.put_dossier(dossier, eap_number=stage.make.pick(variants), **again)


@SCENES.scene
def dossier_conflict(stage: Stage, created: int) -> None:
    person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier)
    products = [value for value, *_labels in ref.OPTION_SETS["product"]]
    other = stage.make.pick([value for value in products if value != dossier["product"]])
    stage.put_dossier(dossier, product=other, **_saved_again(stage, person))


@SCENES.scene
def dossier_number_two_patients(stage: Stage, created: int) -> None:
    _person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier)
    _other, _other_patient, second = stage.enrolled(created + 3 * DAY)
    stage.put_dossier(second, eap_number=dossier["eap_number"])


@SCENES.scene
def dossier_orphan(stage: Stage, created: int) -> None:
    person = replace(stage.someone(created), opened=created + 5 * DAY)
    stage.put_dossier(stage.make.dossier(person, {"patientid": stage.make.guid(created)}))


@SCENES.scene
def dossier_unmapped_product(stage: Stage, created: int) -> None:
    _person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier, product=_UNKNOWN_PRODUCT)


@SCENES.scene
def dossier_date_differs(stage: Stage, created: int) -> None:
    _person, _patient, dossier = stage.enrolled(created)
    stage.put_dossier(dossier, eap_enrollment_date=iso_date(created))


def _saved_again(stage: Stage, person: Person) -> Cells:
    moment = stage.make.after(person.opened, 100 * DAY)
    return {
        "eap_dossier_id": stage.make.guid(moment),
        "createdon": iso(moment),
        "modifiedon": iso(moment),
        "versionnumber": stage.make.version(moment),
    }

"""Who may do what: one table for the admin and REST alike.

A role is a Django group. A letter is a permission: v view, a add, c change, d delete. What is not
written is not allowed; superusers are asked nothing. Groups are brought into line with the table
by migrations that call `synchronize`. The newest carries the table's `fingerprint`: a change of the
table needs a further one, or it would never reach a database that is there already.
"""

from collections.abc import Iterator
from enum import StrEnum
from hashlib import sha256
from typing import Any

ACTIONS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


class Role(StrEnum):
    NAVIGATOR = "navigator"
    TEAM_LEAD = "team lead"
    DATA_STEWARD = "data steward"
    AUDITOR = "auditor"
    API_READER = "api-reader"
    API_WRITER = "api-writer"


N, L, S, A, R, W = Role

# What people work with all day: nothing is deleted by hand.
_PEOPLE = {N: "vac", L: "vac", S: "vac", A: "v", R: "v", W: "vacd"}
# What happened: nothing takes it away.
_HAPPENED = {N: "vac", L: "vac", S: "vac", A: "v", R: "v", W: "vac"}
# Part of another record, so it can be taken away again.
_PART = {N: "vacd", L: "vacd", S: "vacd", A: "v", R: "v", W: "vacd"}
# Append-only: said once.
_SAID = {N: "va", L: "va", S: "va", A: "v", R: "v", W: "va"}
# Written by verbs and by the import only.
_KEPT = {N: "v", L: "v", S: "v", A: "v"}
# Lists that the whole portal points at.
_LOOKUP = {N: "va", L: "vac", S: "vacd", A: "v", R: "v", W: "vacd"}
_CATALOGUE = {N: "vac", L: "vac", S: "vacd", A: "v", R: "v", W: "vacd"}
# What decides how facts are read: the steward's.
_MEASURE = {N: "v", L: "v", S: "vacd", A: "v", R: "v", W: "vacd"}
# Whose day it is.
_ROSTER = {N: "v", L: "vacd", S: "v", A: "v"}
# The migration. Who may change a row decides about it: the steward.
_MIGRATION = {L: "v", S: "v", A: "v"}
_MIGRATION_DECIDED = {L: "v", S: "vc", A: "v"}
_ADMINISTRATION = {A: "v"}

TABLE: dict[str, dict[Role, str]] = {
    "patients.patient": _PEOPLE,
    "patients.specialist": _PEOPLE,
    "patients.contactpoint": _PART,
    "patients.hospital": _LOOKUP,
    "patients.specialization": _LOOKUP,
    "patients.medicalcondition": _LOOKUP,
    "patients.conditionname": _LOOKUP,
    "patients.submission": {N: "v", L: "v", S: "v", A: "v", R: "v", W: "va"},
    "patients.consent": _SAID,
    "patients.consenttext": {N: "v", L: "v", S: "va", A: "v", R: "v", W: "v"},
    "patients.note": _SAID,
    "patients.document": _SAID,
    "patients.measure": _MEASURE,
    "patients.measureunit": _MEASURE,
    # Who may change one says that it was entered in error.
    "patients.observation": _HAPPENED,
    # Who may change one has a message that was set aside sent after all.
    "patients.message": {N: "v", L: "vc", S: "vc", A: "v"},
    "patients.possibleduplicate": {N: "vc", L: "vc", S: "vc", A: "v"},
    "patients.mergedpatient": _KEPT,
    "patients.fieldproposal": {N: "vc", L: "vc", S: "vc", A: "v"},
    # Who may add one may merge two patients; who may change one may take it back.
    "patients.patientmerge": {N: "vac", L: "vac", S: "vac", A: "v"},
    "patients.stagechange": _KEPT,
    # Who may add one may set a rule aside, giving a reason.
    "patients.ruleoverride": {N: "v", L: "va", S: "va", A: "v"},
    # Who may change one exports people, and requests, approves and executes their erasure.
    "patients.erasurerequest": {L: "vc", S: "vc", A: "v"},
    "patients.erasedpatient": {L: "v", S: "v", A: "v"},
    "patients.soughtvalue": {S: "v", A: "v"},
    "bookings.workinghours": _ROSTER,
    "bookings.timeoff": _ROSTER,
    "bookings.booking": _PEOPLE,
    "bookings.slotrules": {N: "v", L: "vc", S: "v", A: "v"},
    "bookings.call": _HAPPENED,
    # Everybody stops their own; who may change one stops those of others.
    "bookings.calendarfeed": {N: "va", L: "vac", S: "v", A: "v"},
    "referrals.clinicaltrial": _CATALOGUE,
    "referrals.trialcondition": _PART,
    "referrals.trialsite": _PART,
    "referrals.product": _CATALOGUE,
    "referrals.expandedaccessprogram": _CATALOGUE,
    "referrals.programcondition": _PART,
    # Written by the import of a registry. Who may change one places it, or has looked at it.
    "referrals.registryrecord": _KEPT,
    "referrals.unplacedcondition": {N: "vc", L: "vc", S: "vc", A: "v"},
    "referrals.setasiderecord": {L: "vc", S: "vc", A: "v"},
    # Who may change one builds the tree of a trial or program.
    "referrals.criterion": {N: "v", L: "vac", S: "vac", A: "v", R: "v", W: "vacd"},
    "referrals.criterionanswer": _SAID,
    "referrals.assessed": _KEPT,
    "referrals.ctreferral": _PEOPLE,
    "referrals.referralchange": _KEPT,
    "referrals.optionsreport": _SAID,
    "referrals.eapdossier": _PEOPLE,
    "referrals.dossierstep": _PART,
    "referrals.dossierstepdependency": _PART,
    "referrals.shipment": _HAPPENED,
    "referrals.followup": _HAPPENED,
    "referrals.safetyreport": _HAPPENED,
    "referrals.safetyreportchange": _KEPT,
    "referrals.stepdocument": _KEPT,
    "referrals.dossierchange": _KEPT,
    "referrals.routetemplate": {N: "v", L: "v", S: "vac", A: "v", R: "v", W: "v"},
    "referrals.routestep": {N: "v", L: "v", S: "vacd", A: "v"},
    "referrals.routestepdependency": {N: "v", L: "v", S: "vacd", A: "v"},
    "crm_import.importrun": _MIGRATION,
    "crm_import.importplan": _MIGRATION,
    "crm_import.sourcefile": _MIGRATION,
    "crm_import.unreadablerecord": _MIGRATION,
    "crm_import.rowoutcome": _MIGRATION,
    "crm_import.problem": _MIGRATION,
    "crm_import.crosswalk": _MIGRATION,
    "crm_import.pendinglink": _MIGRATION,
    "crm_import.optionvalue": _MIGRATION_DECIDED,
    "crm_import.heldrow": _MIGRATION_DECIDED,
    "crm_import.correction": _MIGRATION,
    "crm_import.pairdecision": _MIGRATION,
    "crm_import.forgottenrow": _MIGRATION,
    # Who may change one decides which value holds.
    "crm_import.fieldconflict": {L: "vc", S: "vc", A: "v"},
    "crm_import.verification": _MIGRATION,
    # Who may add one signs a reconciliation.
    "crm_import.verificationsignature": {L: "va", S: "va", A: "v"},
    "crm_import.takenback": _MIGRATION,
    "crm_import.legacycontact": _MIGRATION,
    "crm_import.legacypatient": _MIGRATION,
    "crm_import.legacydossier": _MIGRATION,
    "crm_import.legacycondition": _MIGRATION,
    "crm_import.legacyhospital": _MIGRATION,
    "crm_import.legacyspecialization": _MIGRATION,
    "crm_import.legacyoption": _MIGRATION,
    "core.user": _ADMINISTRATION,
    "core.accessevent": {S: "v", A: "v"},
    "portal.ratewindow": {A: "v"},
    "auth.group": _ADMINISTRATION,
    "oauth2_provider.application": _ADMINISTRATION,
}


def letters(label: str, role: Role) -> str:
    """The letters of `role` on the model `label` ("app.model", lower case); "" for nothing."""
    return TABLE.get(label.lower(), {}).get(role, "")


def allows(label: str, role: Role, action: str) -> bool:
    """Whether `role` may `view`, `add`, `change` or `delete` rows of the model."""
    return any(ACTIONS[letter] == action for letter in letters(label, role))


def granted(role: Role) -> Iterator[tuple[str, str]]:
    """The permissions of `role` as (app label, codename), in the order of the table."""
    for label, roles in TABLE.items():
        app, model = label.split(".")
        for letter in roles.get(role, ""):
            yield app, f"{ACTIONS[letter]}_{model}"


def fingerprint() -> str:
    """A short word for the whole table, which the newest migration of the roles carries."""
    rows = sorted((role.value, *permission) for role in Role for permission in granted(role))
    return sha256(repr(rows).encode()).hexdigest()[:16]


def synchronize(apps: Any, schema_editor: Any) -> None:
    """Give each role's group exactly the permissions of the table. Called by migrations.

    Permissions of models whose rows Django has not made yet (it does so after all migrations)
    are made here.
    """
    permission_model = apps.get_model("auth", "Permission")
    type_model = apps.get_model("contenttypes", "ContentType")
    wanted = {
        (app, codename.split("_", 1)[1], codename)
        for role in Role
        for app, codename in granted(role)
    }
    models = sorted({(app, model) for app, model, _codename in wanted})
    type_model.objects.bulk_create(
        (type_model(app_label=app, model=model) for app, model in models), ignore_conflicts=True
    )
    types = {(kind.app_label, kind.model): kind for kind in type_model.objects.all()}
    permission_model.objects.bulk_create(
        (
            permission_model(
                content_type=types[app, model],
                codename=codename,
                name=f"Can {codename.split('_', 1)[0]} {model}",
            )
            for app, model, codename in sorted(wanted)
        ),
        ignore_conflicts=True,
    )
    permissions = {
        (permission.content_type_id, permission.codename): permission
        for permission in permission_model.objects.all()
    }
    for role in Role:
        group, _made = apps.get_model("auth", "Group").objects.get_or_create(name=role.value)
        group.permissions.set(
            permissions[types[app, codename.split("_", 1)[1]].pk, codename]
            for app, codename in granted(role)
        )

"""The text about access programs names everybody who receives what is sent for one.

The first version named the company only, while authorities, ethics committees, hospitals and
pharmacies receive what their step of a dossier asks for. As in `_consent_texts`: never edited,
other words are another version.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models

from patients.migrations._consent_texts import add

VERSION = "2026-11-21"
VALID_FROM = datetime(2026, 11, 21, tzinfo=UTC)

TEXTS = (
    (
        "eap_sponsor",
        "en",
        "Sharing for an expanded access program",
        (
            "My navigator may send the medical information that is needed for an expanded access "
            "program discussed with me and with my physician, without my name where that is "
            "possible, to those who decide on it or carry it out: the company that runs the "
            "program, the authorities, the ethics committee, and the hospital with its pharmacy. "
            "I can withdraw this at any time; what they must keep by law, they keep."
        ),
    ),
    (
        "eap_sponsor",
        "nl",
        "Delen voor een programma voor vervroegde toegang",
        (
            "Mijn patiëntbegeleider mag de medische informatie die nodig is voor een programma "
            "voor vervroegde toegang dat met mij en mijn arts besproken is, zonder mijn naam waar "
            "dat kan, sturen naar wie daarover beslist of het uitvoert: het bedrijf achter het "
            "programma, de overheid die toestemming geeft, de ethische commissie, en het "
            "ziekenhuis met zijn apotheek. Ik kan dit op elk moment intrekken; wat zij volgens de "
            "wet moeten bewaren, bewaren ze."
        ),
    ),
    (
        "eap_sponsor",
        "es",
        "Compartir para un programa de acceso expandido",
        (
            "Mi orientador puede enviar la información médica necesaria para un programa de "
            "acceso expandido del que hayamos hablado con mi médico, sin mi nombre cuando sea "
            "posible, a quienes deciden sobre él o lo llevan a cabo: la empresa responsable del "
            "programa, las autoridades, el comité de ética y el hospital con su farmacia. Puedo "
            "retirarlo en cualquier momento; lo que deban conservar por ley, lo conservan."
        ),
    ),
)

PURPOSES = [
    ("navigation", "processing health data to find options"),
    ("contact", "being called and written to"),
    ("physician", "sharing with the physician"),
    ("trial_site", "sharing with a trial site"),
    ("eap_sponsor", "sharing for an expanded access program"),
    ("ehr", "exchanging with a hospital's record"),
    ("research", "pseudonymous statistics and research"),
]


def seed(apps: Any, schema_editor: Any) -> None:
    add(apps, version=VERSION, valid_from=VALID_FROM, texts=TEXTS)


class Migration(migrations.Migration):
    dependencies = [("patients", "0006_seed_measures")]

    operations = [
        *(
            migrations.AlterField(
                name,
                "purpose",
                models.CharField(choices=PURPOSES, max_length=20, verbose_name="purpose"),
            )
            for name in ("consent", "consentevent", "consenttext", "consenttextevent")
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]

"""The two texts that spoke of "this form" in words that can be read out on the phone as well.

As in `_consent_texts`: never edited, other words are another version.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations

from patients.migrations._consent_texts import add
from patients.migrations._folded import FOLDED

VERSION = "2026-11-21"
VALID_FROM = datetime(2026, 11, 21, tzinfo=UTC)

TEXTS = (
    (
        "navigation",
        "en",
        "Using the information to look for options",
        (
            "The patient navigation team may record and use what it is told, in a form, on the "
            "phone or in writing, including what that says about health, to look for clinical "
            "trials and expanded access programs that may fit.\n\n"
            "Only the people who help see it. It is not given to a physician, a hospital, a "
            "trial site or a company without asking separately.\n\n"
            "This consent can be withdrawn at any time, without giving a reason. From then on "
            "the information is no longer used, and it is erased unless the law says that it "
            "must be kept. Whoever answers for somebody else confirms that they may do so: as a "
            "parent or legal representative, or because that person asked them to."
        ),
    ),
    (
        "navigation",
        "nl",
        "Gebruik van de gegevens om mogelijkheden te zoeken",
        (
            "Het team van patiëntbegeleiders mag vastleggen en gebruiken wat het te horen of te "
            "lezen krijgt, in een formulier, aan de telefoon of op een andere manier, ook wat dat "
            "over de gezondheid zegt, om te zoeken naar klinische studies en programma’s voor "
            "vervroegde toegang die kunnen passen.\n\n"
            "Alleen de mensen die helpen zien deze gegevens. Ze gaan niet naar een arts, een "
            "ziekenhuis, een studiecentrum of een bedrijf zonder dat daar apart om gevraagd is.\n\n"
            "Deze toestemming kan op elk moment worden ingetrokken, zonder reden. Vanaf dat "
            "moment worden de gegevens niet meer gebruikt en worden ze gewist, tenzij de wet "
            "zegt dat ze bewaard moeten blijven. Wie voor iemand anders antwoordt, bevestigt dat "
            "dit mag: als ouder of wettelijk vertegenwoordiger, of omdat die persoon dat "
            "gevraagd heeft."
        ),
    ),
    (
        "navigation",
        "es",
        "Uso de los datos para buscar opciones",
        (
            "El equipo de orientación a pacientes puede registrar y usar lo que se le cuenta, en "
            "un formulario, por teléfono o por escrito, incluido lo que eso dice sobre la salud, "
            "para buscar ensayos clínicos y programas de acceso expandido que puedan ser "
            "adecuados.\n\n"
            "Solo lo ven las personas que prestan ayuda. No se entrega a ningún médico, "
            "hospital, centro de ensayos ni empresa sin pedirlo por separado.\n\n"
            "Este consentimiento se puede retirar en cualquier momento y sin dar motivos. A "
            "partir de entonces los datos dejan de usarse y se borran, salvo que la ley obligue "
            "a conservarlos. Quien responde por otra persona confirma que puede hacerlo: por ser "
            "su padre, su madre o su representante legal, o porque esa persona se lo ha pedido."
        ),
    ),
    (
        "contact",
        "en",
        "Being called and written to",
        (
            "A patient navigator may call, e-mail or text me about this request, at the phone "
            "number and the address that I have given. They are never used for advertising. I "
            "can end this at any time by saying so in a call or in an answer to a message."
        ),
    ),
    (
        "contact",
        "nl",
        "Bellen en schrijven",
        (
            "Een patiëntbegeleider mag mij over deze aanvraag bellen, mailen of een sms sturen, "
            "op het telefoonnummer en het adres die ik heb opgegeven. Ze worden nooit voor "
            "reclame gebruikt. Ik kan hier op elk moment mee stoppen door het te zeggen in een "
            "gesprek of in een antwoord op een bericht."
        ),
    ),
    (
        "contact",
        "es",
        "Recibir llamadas y mensajes",
        (
            "Un orientador de pacientes puede llamarme o escribirme por correo electrónico o "
            "SMS sobre esta solicitud, al teléfono y a la dirección que he facilitado. Nunca se "
            "usan para publicidad. Puedo ponerle fin en cualquier momento diciéndolo en una "
            "llamada o respondiendo a un mensaje."
        ),
    ),
)


def seed(apps: Any, schema_editor: Any) -> None:
    add(apps, version=VERSION, valid_from=VALID_FROM, texts=TEXTS)


class Migration(migrations.Migration):
    replaces = FOLDED[3:4]
    dependencies = [("patients", "0004_first_consent_texts")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]

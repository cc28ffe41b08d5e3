"""The first version of every consent text. Never edited: other words are another version."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

VERSION = "2026-11"
VALID_FROM = datetime(2026, 11, 1, tzinfo=UTC)

# Purpose, language, title, body.
TEXTS = (
    (
        "navigation",
        "en",
        "Using the information to look for options",
        (
            "The patient navigation team may record and use what is written in this form, "
            "including what it says about health, to look for clinical trials and expanded "
            "access programs that may fit.\n\n"
            "Only the people who help see it. It is not given to a physician, a hospital, a "
            "trial site or a company without asking separately.\n\n"
            "This consent can be withdrawn at any time, without giving a reason. From then on "
            "the information is no longer used, and it is erased unless the law says that it "
            "must be kept. Whoever fills in the form for somebody else confirms that they may "
            "do so: as a parent or legal representative, or because that person asked them to."
        ),
    ),
    (
        "navigation",
        "nl",
        "Gebruik van de gegevens om mogelijkheden te zoeken",
        (
            "Het team van patiëntbegeleiders mag vastleggen en gebruiken wat in dit formulier "
            "staat, ook wat er over de gezondheid in staat, om te zoeken naar klinische studies "
            "en programma’s voor vervroegde toegang die kunnen passen.\n\n"
            "Alleen de mensen die helpen zien deze gegevens. Ze gaan niet naar een arts, een "
            "ziekenhuis, een studiecentrum of een bedrijf zonder dat daar apart om gevraagd is.\n\n"
            "Deze toestemming kan op elk moment worden ingetrokken, zonder reden. Vanaf dat "
            "moment worden de gegevens niet meer gebruikt en worden ze gewist, tenzij de wet "
            "zegt dat ze bewaard moeten blijven. Wie het formulier voor iemand anders invult, "
            "bevestigt dat dit mag: als ouder of wettelijk vertegenwoordiger, of omdat die "
            "persoon dat gevraagd heeft."
        ),
    ),
    (
        "navigation",
        "es",
        "Uso de los datos para buscar opciones",
        (
            "El equipo de orientación a pacientes puede registrar y usar lo que se escribe en "
            "este formulario, incluido lo que dice sobre la salud, para buscar ensayos clínicos "
            "y programas de acceso expandido que puedan ser adecuados.\n\n"
            "Solo lo ven las personas que prestan ayuda. No se entrega a ningún médico, "
            "hospital, centro de ensayos ni empresa sin pedirlo por separado.\n\n"
            "Este consentimiento se puede retirar en cualquier momento y sin dar motivos. A "
            "partir de entonces los datos dejan de usarse y se borran, salvo que la ley obligue "
            "a conservarlos. Quien rellena el formulario por otra persona confirma que puede "
            "hacerlo: por ser su padre, su madre o su representante legal, o porque esa persona "
            "se lo ha pedido."
        ),
    ),
    (
        "contact",
        "en",
        "Being called and written to",
        (
            "A patient navigator may call, e-mail or text me about this request, at the phone "
            "number and the address given in this form. They are never used for advertising. I "
            "can end this at any time by saying so in a call or in an answer to a message."
        ),
    ),
    (
        "contact",
        "nl",
        "Bellen en schrijven",
        (
            "Een patiëntbegeleider mag mij over deze aanvraag bellen, mailen of een sms sturen, "
            "op het telefoonnummer en het adres in dit formulier. Ze worden nooit voor reclame "
            "gebruikt. Ik kan hier op elk moment mee stoppen door het te zeggen in een gesprek "
            "of in een antwoord op een bericht."
        ),
    ),
    (
        "contact",
        "es",
        "Recibir llamadas y mensajes",
        (
            "Un orientador de pacientes puede llamarme o escribirme por correo electrónico o "
            "SMS sobre esta solicitud, al teléfono y a la dirección que figuran en este "
            "formulario. Nunca se usan para publicidad. Puedo ponerle fin en cualquier momento "
            "diciéndolo en una llamada o respondiendo a un mensaje."
        ),
    ),
    (
        "physician",
        "en",
        "Sharing with the physician",
        (
            "My navigator may talk and write to my physician about my medical situation and "
            "about the trials and programs that may fit me, and may receive medical reports "
            "from them. I can withdraw this at any time."
        ),
    ),
    (
        "physician",
        "nl",
        "Delen met de arts",
        (
            "Mijn patiëntbegeleider mag met mijn arts praten en schrijven over mijn medische "
            "situatie en over studies en programma’s die bij mij kunnen passen, en mag medische "
            "verslagen van mijn arts ontvangen. Ik kan dit op elk moment intrekken."
        ),
    ),
    (
        "physician",
        "es",
        "Compartir con el médico",
        (
            "Mi orientador puede hablar y escribirse con mi médico sobre mi situación médica y "
            "sobre los ensayos y programas que puedan ser adecuados para mí, y puede recibir de "
            "él informes médicos. Puedo retirarlo en cualquier momento."
        ),
    ),
    (
        "trial_site",
        "en",
        "Sharing with a trial site",
        (
            "My navigator may send my name, my contact details and the medical information that "
            "is needed to the site of a clinical trial that was discussed with me, so that the "
            "site can see whether I can take part. I can withdraw this at any time; what the "
            "site has received by then, it keeps under its own rules."
        ),
    ),
    (
        "trial_site",
        "nl",
        "Delen met een studiecentrum",
        (
            "Mijn patiëntbegeleider mag mijn naam, mijn contactgegevens en de medische "
            "informatie die nodig is sturen naar het centrum van een klinische studie die met "
            "mij besproken is, zodat het centrum kan zien of ik mee kan doen. Ik kan dit op elk "
            "moment intrekken; wat het centrum dan al heeft, bewaart het volgens zijn eigen "
            "regels."
        ),
    ),
    (
        "trial_site",
        "es",
        "Compartir con un centro de ensayos",
        (
            "Mi orientador puede enviar mi nombre, mis datos de contacto y la información "
            "médica necesaria al centro de un ensayo clínico del que hayamos hablado, para que "
            "el centro vea si puedo participar. Puedo retirarlo en cualquier momento; lo que el "
            "centro haya recibido hasta entonces lo conserva según sus propias normas."
        ),
    ),
    (
        "eap_sponsor",
        "en",
        "Sharing with the sponsor of an access program",
        (
            "My navigator may send the medical information that is needed, without my name "
            "where that is possible, to the company that runs an expanded access program "
            "discussed with me and with my physician. I can withdraw this at any time; what the "
            "company must keep by law, it keeps."
        ),
    ),
    (
        "eap_sponsor",
        "nl",
        "Delen met de aanbieder van een toegangsprogramma",
        (
            "Mijn patiëntbegeleider mag de medische informatie die nodig is, zonder mijn naam "
            "waar dat kan, sturen naar het bedrijf achter een programma voor vervroegde toegang "
            "dat met mij en mijn arts besproken is. Ik kan dit op elk moment intrekken; wat het "
            "bedrijf volgens de wet moet bewaren, bewaart het."
        ),
    ),
    (
        "eap_sponsor",
        "es",
        "Compartir con el promotor de un programa de acceso",
        (
            "Mi orientador puede enviar la información médica necesaria, sin mi nombre cuando "
            "sea posible, a la empresa que lleva un programa de acceso expandido del que "
            "hayamos hablado con mi médico. Puedo retirarlo en cualquier momento; lo que la "
            "empresa deba conservar por ley, lo conserva."
        ),
    ),
    (
        "ehr",
        "en",
        "Exchanging with a hospital’s record",
        (
            "My navigator may read from, and add to, my record at a hospital that treats me, as "
            "far as it concerns looking for treatment options. I can withdraw this at any time."
        ),
    ),
    (
        "ehr",
        "nl",
        "Uitwisselen met het dossier van een ziekenhuis",
        (
            "Mijn patiëntbegeleider mag mijn dossier lezen en aanvullen bij een ziekenhuis dat "
            "mij behandelt, voor zover het gaat om het zoeken naar behandelmogelijkheden. Ik "
            "kan dit op elk moment intrekken."
        ),
    ),
    (
        "ehr",
        "es",
        "Intercambio con la historia clínica de un hospital",
        (
            "Mi orientador puede leer y completar mi historia clínica en un hospital que me "
            "trate, en lo que se refiere a la búsqueda de opciones de tratamiento. Puedo "
            "retirarlo en cualquier momento."
        ),
    ),
    (
        "research",
        "en",
        "Statistics and research without my name",
        (
            "My information may be used, without my name and contact details, to count and "
            "study how people find their way to treatment. Saying no changes nothing about the "
            "help I get. I can withdraw this at any time."
        ),
    ),
    (
        "research",
        "nl",
        "Statistiek en onderzoek zonder mijn naam",
        (
            "Mijn gegevens mogen, zonder mijn naam en contactgegevens, worden gebruikt om te "
            "tellen en te onderzoeken hoe mensen hun weg naar een behandeling vinden. Nee "
            "zeggen verandert niets aan de hulp die ik krijg. Ik kan dit op elk moment "
            "intrekken."
        ),
    ),
    (
        "research",
        "es",
        "Estadística e investigación sin mi nombre",
        (
            "Mis datos pueden usarse, sin mi nombre ni mis datos de contacto, para contar y "
            "estudiar cómo llegan las personas a un tratamiento. Decir que no no cambia nada en "
            "la ayuda que recibo. Puedo retirarlo en cualquier momento."
        ),
    ),
)


def seed(apps: Any, schema_editor: Any) -> None:
    add(apps, version=VERSION, valid_from=VALID_FROM, texts=TEXTS)


def add(
    apps: Any, *, version: str, valid_from: datetime, texts: Iterable[tuple[str, str, str, str]]
) -> None:
    """Store texts, as (purpose, language, title, body), under one version."""
    text_model = apps.get_model("patients", "ConsentText")
    for purpose, language, title, body in texts:
        text_model.objects.create(
            purpose=purpose,
            text_version=version,
            language=language,
            title=title,
            body=body,
            sha256=hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest(),
            valid_from=valid_from,
        )

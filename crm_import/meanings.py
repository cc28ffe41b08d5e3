"""Words by which option values of the legacy CRM are understood, in the languages it was used in.

An integer means nothing by itself: every publisher numbers options differently. The label does,
folded like a name (`portal.core.search.fold`, single blanks, no punctuation).

Names that people invent to try a form are such values too. Nothing is known of them for certain, so
each waits until somebody approves that its rows are left out.
"""

from collections.abc import Sequence

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "contact_type": {
        "patient": ("patient lead", "lead", "patient", "paciente lead", "paciente", "prospect"),
        "physician": ("physician", "doctor", "arts", "arzt", "medecin", "medico"),
        "pharmacist": ("pharmacist", "apotheker", "pharmacien", "farmaceutico"),
    },
    "eligible": {
        "yes": ("yes", "eligible", "ja", "geschikt", "geeignet", "oui", "si"),
        "no": ("no", "not eligible", "ineligible", "nee", "niet geschikt", "nein", "non"),
        "unknown": ("unknown", "onbekend", "unbekannt", "inconnu", "desconocido"),
    },
    "ct_outcome": {
        "enrolled": (
            "enrolled",
            "included",
            "geincludeerd",
            "eingeschlossen",
            "inclus",
            "incluido",
        ),
        "screen_failed": (
            *("screen failed", "screen failure", "screening failed", "screening mislukt"),
            *("screening versager", "echec de selection", "fallo de seleccion"),
        ),
        "withdrawn": ("withdrawn", "teruggetrokken", "zuruckgezogen", "retire", "retirado"),
        "pending": ("pending", "in behandeling", "ausstehend", "en attente", "pendiente"),
        "site_declined": ("declined by site", "site declined", "afgewezen door centrum"),
    },
}

# The option set of invented names, and what one means when it is approved.
INVENTED = "invented_name"
TEST_RECORD = "test_record"
# A name is invented when each of its two parts is one of these words (or blank), ...
INVENTED_WORDS = (
    *("test", "tester", "testing", "testpatient", "testlead", "patient", "lead", "contact"),
    *("asdf", "asdfasdf", "qwerty", "qwertz", "azerty", "dummy", "demo", "fake", "foo", "bar"),
    *("firstname", "lastname", "voornaam", "achternaam", "vorname", "nachname", "prenom"),
)
# ... or both together are one of these.
INVENTED_NAMES = (
    *("mickey mouse", "minnie mouse", "donald duck", "daisy duck", "bugs bunny"),
    *("john doe", "jane doe", "joe bloggs", "max mustermann", "erika mustermann"),
)


def invented_name(parts: Sequence[str]) -> str:
    """The value of a name of folded parts, whatever their order; blank when it is not invented."""
    said = sorted(part for part in parts if part)
    is_known = " ".join(said) in {" ".join(sorted(name.split())) for name in INVENTED_NAMES}
    is_words = 0 < len(said) <= 2 and all(part in INVENTED_WORDS for part in said)
    return " ".join(said) if is_known or is_words else ""


def word_rows() -> list[tuple[str, str, str]]:
    """(option set, folded word, meaning), each word once. An invented name is a word or a name."""
    return [
        *(
            (option_set, word, meaning)
            for option_set, meanings in WORDS.items()
            for meaning, words in meanings.items()
            for word in words
        ),
        *((INVENTED, word, "word") for word in INVENTED_WORDS),
        *((INVENTED, " ".join(sorted(name.split())), "name") for name in INVENTED_NAMES),
    ]

"""Words by which option values of the legacy CRM are understood, in the languages it was used in.

An integer means nothing by itself: every publisher numbers options differently. The label does,
folded like a name (`portal.core.search.fold`, single blanks, no punctuation).
"""

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


def word_rows() -> list[tuple[str, str, str]]:
    """(option set, folded word, meaning), each word once."""
    return [
        (option_set, word, meaning)
        for option_set, meanings in WORDS.items()
        for meaning, words in meanings.items()
        for word in words
    ]

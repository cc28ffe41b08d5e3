"""The small tables and the wording of the demonstration CRM. All of it is invented.

The option labels are those of the company's own CRM, its spelling of `Idiopatic` included.
Hospitals, products, trial numbers and texts do not exist. Trial numbers start with NCT09, a range
that the registry has not reached.
"""

from typing import NamedTuple

ENGLISH, DUTCH, GERMAN = "1033", "1043", "1031"

LEAD, PHYSICIAN, PHARMACIST = "100000000", "100000001", "100000002"
DMD, GBM, IPF = "100000000", "100000001", "100000002"
ELIGIBLE, NOT_ELIGIBLE, ELIGIBILITY_UNKNOWN = "100000000", "100000001", "100000002"
ENROLLED, SCREEN_FAILED, WITHDRAWN, PENDING = "100000000", "100000001", "100000002", "100000003"

# option set -> (value, English, Dutch, German)
OPTION_SETS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "contact_type": (
        (LEAD, "patient - lead", "patiënt - lead", "Patient - Lead"),
        (PHYSICIAN, "physician", "arts", "Arzt"),
        (PHARMACIST, "pharmacist", "apotheker", "Apotheker"),
    ),
    "medical_condition": (
        (
            DMD,
            "Duchenne Muscular Dystrophy",
            "Spierdystrofie van Duchenne",
            "Duchenne-Muskeldystrophie",
        ),
        (GBM, "Glioblastoma", "Glioblastoom", "Glioblastom"),
        (
            IPF,
            "Idiopatic Pulmonary Fibrosis",
            "Idiopathische longfibrose",
            "Idiopathische Lungenfibrose",
        ),
    ),
    "eligible": (
        (ELIGIBLE, "Yes", "Ja", "Ja"),
        (NOT_ELIGIBLE, "No", "Nee", "Nein"),
        (ELIGIBILITY_UNKNOWN, "Unknown", "Onbekend", "Unbekannt"),
    ),
    "ct_outcome": (
        (ENROLLED, "Enrolled", "Geïncludeerd", "Eingeschlossen"),
        (SCREEN_FAILED, "Screen failed", "Screening mislukt", "Screening-Versager"),
        (WITHDRAWN, "Withdrawn", "Teruggetrokken", "Zurückgezogen"),
        (PENDING, "Pending", "In behandeling", "Ausstehend"),
    ),
    "product": (
        ("100000000", "Myolestra", "Myolestra", "Myolestra"),
        ("100000001", "Dystavoren", "Dystavoren", "Dystavoren"),
        ("100000002", "Cerebrixin", "Cerebrixin", "Cerebrixin"),
        ("100000003", "Astroquil", "Astroquil", "Astroquil"),
        ("100000004", "Alveodanib", "Alveodanib", "Alveodanib"),
        ("100000005", "Respirelan", "Respirelan", "Respirelan"),
        ("100000006", "Motoneurase", "Motoneurase", "Motoneurase"),
    ),
}


class Illness(NamedTuple):
    """What a person suffers from and how the two columns of the CRM call it."""

    abbreviation: str
    option: str  # of Contact.medical_condition; blank where the option set has no such illness
    lookup_names: tuple[str, ...]  # of the lookup table: the plain one first, then its doubles
    products: tuple[str, ...]
    reasons: tuple[str, ...]


ILLNESSES = (
    Illness(
        "DMD",
        DMD,
        ("Duchenne Muscular Dystrophy", "Duchenne", "Duchene Muscular Dystrophy", "DMD (Duchenne)"),
        ("100000000", "100000001"),
        (
            "Mutation not amenable to exon 51 skipping",
            "6-minute walk distance under 300 m",
            "Corticosteroid dose not stable for 6 months",
            "LVEF 48 %, protocol asks for 55 %",
            "AAV antibodies present",
            "Already in another gene therapy study",
            "Below the minimum age of 4 years",
        ),
    ),
    Illness(
        "GBM",
        GBM,
        ("Glioblastoma", "Glioblastoma multiforme", " glioblastoma ", "Glioblastoom"),
        ("100000002", "100000003"),
        (
            "Karnofsky score 60, minimum is 70",
            "MGMT promoter unmethylated",
            "Second recurrence; protocol allows one",
            "Bevacizumab within the last 12 weeks",
            "Progression under radiotherapy, less than 12 weeks ago",
            "Platelets too low (74)",
            "Dexamethasone above 4 mg/day",
        ),
    ),
    Illness(
        "IPF",
        IPF,
        (
            "Idiopathic Pulmonary Fibrosis",
            "Idiopatic Pulmonary Fibrosis",
            "Pulmonary fibrosis, idiopathic",
            "IPF / longfibrose",
        ),
        ("100000004", "100000005"),
        (
            "FVC 41 % of predicted",
            "DLCO below 30 %",
            "On the transplant list",
            "Oxygen at rest, more than 15 h per day",
            "FEV1/FVC below 0.7 (emphysema)",
            "HRCT pattern not confirmed by central reading",
            "Anticoagulation cannot be stopped",
        ),
    ),
    Illness(
        "ALS",
        "",
        ("Amyotrophic Lateral Sclerosis", "ALS / motor neurone disease"),
        ("100000006",),
        ("Onset more than 24 months ago", "Slow vital capacity under 50 %"),
    ),
    Illness(
        "SMA",
        "",
        ("Spinal Muscular Atrophy",),
        ("100000006",),
        ("Fewer than two SMN2 copies", "Scoliosis surgery planned"),
    ),
    Illness(
        "HD",
        "",
        ("Huntington's disease",),
        ("100000006",),
        ("Total functional capacity under 7",),
    ),
)

GENERAL_REASONS = (
    "Cannot travel to the site",
    "Withdrew interest after the call",
    "Creatinine clearance under 30 ml/min",
    "Active infection at screening, try again in spring",
    "Site has closed recruitment",
    "Geen Nederlands of Engels sprekende begeleider",
    "Familie wünscht keine Randomisierung gegen Placebo",
    "Pregnancy",
)

SPECIALIZATIONS = (
    "Pulmonology",
    "Neurology",
    "Paediatric neurology",
    "Neuro-oncology",
    "Medical oncology",
    "Neurosurgery",
    "Clinical genetics",
    "Internal medicine",
    "Rehabilitation medicine",
    "Radiation oncology",
    "Hospital pharmacy",
    "Clinical pharmacology",
)
PHARMACY_SPECIALIZATIONS = (10, 11)

# name, city, country of the specialists who work there
HOSPITALS = (
    ("Sint-Odulphus Ziekenhuis", "Utrecht", "NL"),
    ("Amstelgaarde Universitair Medisch Centrum", "Amsterdam", "NL"),
    ("Maaspoort Ziekenhuis", "Rotterdam", "NL"),
    ("Ziekenhuis De Vier Linden", "Zwolle", "NL"),
    ("Prinses Wilhelmina Kinderziekenhuis", "Nijmegen", "NL"),
    ("Longcentrum Veluwezoom", "Arnhem", "NL"),
    ("Martinipoort Medisch Centrum", "Groningen", "NL"),
    ("Brainport Kliniek", "Eindhoven", "NL"),
    ("Noorderhaven Ziekenhuis", "Leeuwarden", "NL"),
    ("Ziekenhuis Geuldal", "Maastricht", "NL"),
    ("AZ Sint-Amandsberg", "Gent", "NL"),
    ("Scheldeziekenhuis", "Antwerpen", "NL"),
    ("Thameside Royal Infirmary", "London", "GB"),
    ("St Oswin's Hospital", "Newcastle upon Tyne", "GB"),
    ("Pennine Lung Centre", "Manchester", "GB"),
    ("The Corbridge Hospital for Children", "Birmingham", "GB"),
    ("Calton Hill General Hospital", "Edinburgh", "GB"),
    ("Severn Vale University Hospital", "Bristol", "GB"),
    ("St Brigid's Neurological Institute", "Dublin", "GB"),
    ("Lakeshore Memorial Hospital", "Chicago", "GB"),
    ("Harborview Heights Children's Hospital", "Baltimore", "GB"),
    ("Beacon Street Cancer Institute", "Boston", "GB"),
    ("Cascade Pulmonary Clinic", "Portland", "GB"),
    ("Pecan Grove Medical Center", "Houston", "GB"),
    ("Klinikum Elbaue", "Dresden", "DE"),
    ("Universitätsklinik Rheinbogen", "Düsseldorf", "DE"),
    ("Lungenfachklinik Hohenwald", "Kassel", "DE"),
    ("St.-Kilian-Krankenhaus", "Würzburg", "DE"),
    ("Muskelzentrum Breisgau", "Freiburg", "DE"),
    ("Alsterklinik für Neurochirurgie", "Hamburg", "DE"),
    ("Krankenhaus der Barmherzigen Schwestern vom Kahlenberg", "Wien", "DE"),
    ("Limmatspital", "Zürich", "DE"),
    ("Hôpital Sainte-Radegonde", "Poitiers", "FR"),
    ("Centre hospitalier du Val d'Erdre", "Nantes", "FR"),
    ("Institut de neuro-oncologie Ambroise-Villemin", "Paris", "FR"),
    ("Hôpital des Enfants de la Croix-Blanche", "Lyon", "FR"),
    ("CHU de la Garonne", "Toulouse", "FR"),
    ("Clinique pneumologique des Calanques", "Marseille", "FR"),
    ("Clinique du Cinquantenaire", "Bruxelles", "FR"),
    ("Hospital Universitario Puerta de Alcarria", "Madrid", "ES"),
    ("Hospital de Santa Eulàlia del Mar", "Barcelona", "ES"),
    ("Hospital Infantil Torre del Guadaíra", "Sevilla", "ES"),
    ("Instituto Pulmonar Monte Igueldo", "San Sebastián", "ES"),
    ("Hospital General de la Albufera", "Valencia", "ES"),
    ("Hospital de São Gonçalo da Ribeira", "Porto", "PT"),
    ("Centro Hospitalar da Graça", "Lisboa", "PT"),
    ("Hospital Pediátrico do Mondego", "Coimbra", "PT"),
    ("Szpital Uniwersytecki przy Plantach", "Kraków", "PL"),
    ("Instytut Chorób Płuc im. Anny Wazówny", "Warszawa", "PL"),
    ("Dziecięcy Szpital Kliniczny Ostrów", "Wrocław", "PL"),
    ("Szpital Morski św. Wojciecha", "Gdańsk", "PL"),
    ("Haliç Eğitim ve Araştırma Hastanesi", "İstanbul", "TR"),
    ("Çankırı Yolu Şehir Hastanesi", "Ankara", "TR"),
    ("Kordonboyu Göğüs Hastalıkları Hastanesi", "İzmir", "TR"),
    ("Sông Hương General Hospital", "Huế", "VN"),
    ("Hôpital Bab Chellah", "Rabat", "MA"),
    ("Clinique Anfa Supérieur", "Casablanca", "MA"),
    ("Mälarstrands universitetssjukhus", "Stockholm", "SE"),
    ("Göta älvs lungklinik", "Göteborg", "SE"),
    ("Rigshøjens Hospital", "København", "SE"),
    ("Frognerparken sykehus", "Oslo", "SE"),
    ("Ospedale San Zeno in Monte", "Verona", "IT"),
    ("Istituto Neurologico Villa Borromea", "Milano", "IT"),
    ("Policlinico Ponte Sant'Angelo", "Roma", "IT"),
)

JOB_TITLES = {
    "NL": ("Longarts", "Neuroloog", "Kinderneuroloog", "Klinisch geneticus", "AIOS neurologie"),
    "GB": ("Consultant neurologist", "Respiratory physician", "Principal investigator"),
    "DE": ("Oberärztin", "Facharzt für Neurologie", "Chefarzt Pneumologie", "Prüfarzt"),
    "FR": ("Neurologue", "Pneumologue", "Praticien hospitalier", "Cheffe de clinique"),
    "ES": ("Neuróloga", "Neumólogo", "Médico adjunto"),
    "PT": ("Neurologista", "Pneumologista", "Assistente hospitalar"),
    "PL": ("Lekarz neurolog", "Pulmonolog", "Ordynator"),
    "TR": ("Nöroloji uzmanı", "Göğüs hastalıkları uzmanı", "Doç. Dr."),
}
PHARMACIST_TITLES = {
    "NL": ("Ziekenhuisapotheker", "Apotheker onderzoek"),
    "DE": ("Krankenhausapotheker", "Leitende Apothekerin"),
    "FR": ("Pharmacien hospitalier", "Pharmacienne"),
    "ES": ("Farmacéutica hospitalaria",),
}
DEFAULT_TITLES = ("Physician", "Professor", "Consultant")
DEFAULT_PHARMACIST_TITLES = ("Hospital pharmacist", "Clinical trials pharmacist")

# The registration number of a country: what stands before it and how many digits it has.
LICENCES = {
    "NL": ("BIG ", 11),
    "GB": ("GMC ", 7),
    "DE": ("LANR ", 9),
    "FR": ("RPPS ", 11),
    "ES": ("COL-", 9),
    "PT": ("OM ", 6),
    "PL": ("PWZ ", 7),
}
DEFAULT_LICENCE = ("REG-", 8)

MAIL_DOMAINS = (
    *("mail.example.com", "mail.example.com", "post.example.org", "post.example.org"),
    *("inbox.example.net", "inbox.example.net", "home.example.com", "brief.example.net"),
    *("correo.example.org", "webmail.example.com", "poczta.example.net", "example.org"),
)


def trial_numbers(illness: int) -> tuple[str, ...]:
    """The ClinicalTrials.gov numbers of the (invented) trials for one illness."""
    first = 9_104_000 + illness * 37_000
    return tuple(f"NCT{first + step * 1_931 + illness:08d}" for step in range(9))


TRIALS = tuple(trial_numbers(illness) for illness in range(len(ILLNESSES)))

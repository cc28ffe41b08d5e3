"""What is asked of patients most often, with the units in which it is said.

Codes are LOINC (loinc.org) where the code means just this; the others are our own, as the LOINC
code for them has other answers or names another quantity. Factors: creatinine 88.42 µmol/L and
bilirubin 17.1 µmol/L are 1 mg/dL, haemoglobin 1 mmol/L (of the monomer) is 1.6114 g/dL, enzymes
1 µkat/L is 60 U/L. Limits are those of a slip of the pen, not of health.
"""

from decimal import Decimal
from typing import Any

from django.db import migrations

from patients.migrations._folded import FOLDED

LOINC = "http://loinc.org"
YES_NO = "yes_no"

# Code, name, question, unit, lowest and highest plausible value, further units.
LAB = (
    ("718-7", "Haemoglobin", "What was their last haemoglobin?",
     "g/dL", "2", "25", {"mmol/L": "1.6114", "g/L": "0.1"}),
    ("777-3", "Platelets", "What was their last platelet count?",
     "10*9/L", "1", "3000", {"10*3/uL": "1", "/uL": "0.001"}),
    ("751-8", "Neutrophils (ANC)", "What was their last count of neutrophils?",
     "10*9/L", "0", "100", {"10*3/uL": "1", "/uL": "0.001"}),
    ("2160-0", "Creatinine", "What was their last creatinine?",
     "mg/dL", "0.1", "25", {"umol/L": "0.011309658448"}),
    ("69405-9", "eGFR", "What was their last kidney function (eGFR)?",
     "mL/min/{1.73_m2}", "1", "200", {}),
    ("1742-6", "ALT", "What was their last ALT (liver)?",
     "U/L", "1", "10000", {"ukat/L": "60"}),
    ("1920-8", "AST", "What was their last AST (liver)?",
     "U/L", "1", "10000", {"ukat/L": "60"}),
    ("1975-2", "Bilirubin, total", "What was their last total bilirubin?",
     "mg/dL", "0.05", "60", {"umol/L": "0.058479532164"}),
    ("19872-1", "FVC, % of predicted",
     "In their last lung function test, how much was the FVC, in % of predicted?",
     "%", "5", "160", {}),
    ("10230-1", "LVEF", "On their last heart ultrasound, how much was the ejection fraction?",
     "%", "5", "90", {}),
    ("64098-7", "Six-minute walk distance", "How far did they walk in their last six-minute test?",
     "m", "0", "1000", {"[ft_i]": "0.3048"}),
)  # fmt: skip
FUNCTION = (
    ("89247-1", "ECOG performance status",
     "How active are they? 0 as before, 1 light work, 2 up more than half of the day, "
     "3 in bed more than half of it, 4 always in bed",
     "{score}", "0", "5", {}),
    ("89243-0", "Karnofsky performance status",
     "Which Karnofsky score did their doctor give, from 0 to 100?", "{score}", "0", "100", {}),
    ("29463-7", "Body weight", "How much do they weigh?",
     "kg", "1", "400", {"[lb_av]": "0.45359237"}),
    ("8302-2", "Body height", "How tall are they?",
     "cm", "30", "250", {"m": "100", "[in_i]": "2.54"}),
)  # fmt: skip
DLCO = (
    "dlco-percent-predicted", "DLCO, % of predicted",
    "In their last lung function test, how much was the DLCO, in % of predicted?",
    "%", "5", "160", {},
)  # fmt: skip

# Category, code of our own, name, question.
ASKED = (
    ("function", "walks-without-help", "Walks without help", "Can they walk without help?"),
    ("function", "uses-ventilation", "Uses ventilation",
     "Do they use a breathing machine or mask, by day or at night?"),
    ("function", "supplemental-oxygen", "Uses extra oxygen", "Do they need extra oxygen?"),
    ("other", "pregnant", "Pregnant", "Are they pregnant?"),
    ("other", "travel-abroad", "Can travel abroad", "Could they travel abroad for a treatment?"),
    ("therapy", "corticosteroids-stable-dose", "Corticosteroids, stable dose",
     "Do they take corticosteroids, at the same dose for three months or more?"),
    ("therapy", "prior-temozolomide", "Prior temozolomide", "Have they had temozolomide?"),
    ("therapy", "prior-bevacizumab", "Prior bevacizumab",
     "Have they had bevacizumab (Avastin)?"),
    ("therapy", "prior-lomustine", "Prior lomustine", "Have they had lomustine (CCNU)?"),
    ("therapy", "prior-radiotherapy", "Prior radiotherapy", "Have they had radiotherapy?"),
    ("therapy", "prior-pirfenidone", "Prior pirfenidone",
     "Do they take pirfenidone (Esbriet), or have they?"),
    ("therapy", "prior-nintedanib", "Prior nintedanib",
     "Do they take nintedanib (Ofev), or have they?"),
    ("therapy", "prior-gene-therapy", "Prior gene therapy", "Have they had gene therapy?"),
    ("therapy", "prior-exon-skipping", "Prior exon skipping",
     "Have they had an exon-skipping medicine, such as eteplirsen?"),
)  # fmt: skip
CHOICES = (
    ("idh-mutation", "IDH mutation", "Does the report of the tumour say that IDH is mutated?",
     ["mutated", "wild-type"]),
    ("mgmt-methylation", "MGMT promoter methylation",
     "Does the report of the tumour say that MGMT is methylated?",
     ["methylated", "unmethylated"]),
)  # fmt: skip


def seed(apps: Any, schema_editor: Any) -> None:
    measures = apps.get_model("patients", "Measure").objects
    units = apps.get_model("patients", "MeasureUnit").objects
    numbers = [
        *(("lab", LOINC, row) for row in LAB),
        *(("function", LOINC, row) for row in FUNCTION),
        ("lab", "", DLCO),
    ]
    for category, system, (code, name, question, unit, low, high, further) in numbers:
        measure = measures.create(
            category=category,
            code_system=system,
            code=code,
            name=name,
            question=question,
            kind="number",
            unit=unit,
            low=Decimal(low),
            high=Decimal(high),
        )
        for other, factor in further.items():
            units.create(measure=measure, unit=other, factor=Decimal(factor))
    for category, code, name, question in ASKED:
        measures.create(category=category, code=code, name=name, question=question, kind=YES_NO)
    for code, name, question, answers in CHOICES:
        measures.create(
            category="lab",
            code=code,
            name=name,
            question=question,
            kind="choice",
            choices=answers,
        )


class Migration(migrations.Migration):
    replaces = FOLDED[4:-1]
    dependencies = [("patients", "0005_consent_texts_for_form_and_phone")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]

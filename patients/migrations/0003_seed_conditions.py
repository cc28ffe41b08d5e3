"""The three conditions of the legacy CRM's option set, with every name they go by.

Codes are ORPHA codes (Orphadata, CC BY 4.0). The spelling "Idiopatic" is the legacy CRM's.
"""

from typing import Any

from django.db import migrations

from patients.migrations._folded import FOLDED

ORPHANET = "http://www.orpha.net"
CONDITIONS = [
    (
        "Duchenne Muscular Dystrophy",
        "DMD",
        "98896",
        {
            "en": ["Duchenne Muscular Dystrophy", "DMD", "Duchenne", "Duchene Muscular Dystrophy",
                   "Muscular dystrophy, Duchenne type"],
            "nl": ["Spierdystrofie van Duchenne", "Duchenne spierdystrofie"],
            "es": ["Distrofia muscular de Duchenne"],
            "de": ["Duchenne-Muskeldystrophie", "Muskeldystrophie Typ Duchenne"],
            "fr": ["Dystrophie musculaire de Duchenne", "Myopathie de Duchenne"],
        },
    ),
    (
        "Glioblastoma",
        "GBM",
        "360",
        {
            "en": ["Glioblastoma", "GBM", "Glioblastoma multiforme", "Gliobastoma"],
            "nl": ["Glioblastoom"],
            "es": ["Glioblastoma multiforme (GBM)"],
            "de": ["Glioblastom"],
            "fr": ["Glioblastome"],
        },
    ),
    (
        "Idiopathic Pulmonary Fibrosis",
        "IPF",
        "2032",
        {
            "en": ["Idiopathic Pulmonary Fibrosis", "IPF", "Idiopatic Pulmonary Fibrosis",
                   "Idiopathic Pulmonary Fibrosis (IPF)", "Cryptogenic fibrosing alveolitis"],
            "nl": ["Idiopathische longfibrose", "Idiopathische pulmonale fibrose"],
            "es": ["Fibrosis pulmonar idiopática"],
            "de": ["Idiopathische Lungenfibrose"],
            "fr": ["Fibrose pulmonaire idiopathique"],
        },
    ),
]


def seed(apps: Any, schema_editor: Any) -> None:
    condition_model = apps.get_model("patients", "MedicalCondition")
    name_model = apps.get_model("patients", "ConditionName")
    for name, abbreviation, code, names in CONDITIONS:
        condition = condition_model.objects.create(
            name=name, abbreviation=abbreviation, code=code, code_system=ORPHANET
        )
        for language, spellings in names.items():
            for spelling in spellings:
                name_model.objects.create(
                    condition=condition, name=spelling, language=language, origin="seed"
                )


def unseed(apps: Any, schema_editor: Any) -> None:
    seeded = [code for _name, _abbreviation, code, _names in CONDITIONS]
    condition_model = apps.get_model("patients", "MedicalCondition")
    conditions = condition_model.objects.filter(code_system=ORPHANET, code__in=seeded)
    apps.get_model("patients", "ConditionName").objects.filter(condition__in=conditions).delete()
    conditions.delete()


class Migration(migrations.Migration):
    replaces = FOLDED[1:2]
    dependencies = [("patients", "0002_triggers")]
    operations = [migrations.RunPython(seed, unseed)]

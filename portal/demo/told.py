"""What is known about the health of some patients: what they said, and what letters say."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from patients import observing
from patients.models import Measure, Patient
from patients.observing import Said
from portal.core.models import User

# Condition → code, how likely it is known, and the values it is drawn from (a whole number of the
# range, or one of the answers).
_KNOWN: dict[str, tuple[tuple[str, float, range | tuple[str, ...]], ...]] = {
    "Glioblastoma": (
        ("89247-1", 0.9, range(3)),
        ("mgmt-methylation", 0.7, ("methylated", "unmethylated", "unmethylated")),
        ("idh-mutation", 0.7, ("wild-type", "wild-type", "wild-type", "mutated")),
        ("prior-radiotherapy", 0.9, ("yes", "yes", "yes", "no")),
        ("prior-temozolomide", 0.8, ("yes", "yes", "no")),
        ("777-3", 0.6, range(90, 340)),
    ),
    "Idiopathic Pulmonary Fibrosis": (
        ("19872-1", 0.9, range(42, 95)),
        ("dlco-percent-predicted", 0.8, range(25, 72)),
        ("supplemental-oxygen", 0.7, ("yes", "no", "no")),
        ("prior-nintedanib", 0.7, ("yes", "no")),
        ("64098-7", 0.5, range(150, 520)),
    ),
    "Duchenne Muscular Dystrophy": (
        ("walks-without-help", 0.9, ("yes", "no")),
        ("29463-7", 0.8, range(18, 70)),
        ("10230-1", 0.6, range(40, 66)),
        ("corticosteroids-stable-dose", 0.7, ("yes", "yes", "no")),
    ),
}
_OF_ALL: tuple[tuple[str, float, range | tuple[str, ...]], ...] = (
    ("travel-abroad", 0.5, ("yes", "no")),
)
# In µmol/L, as European laboratories say it.
_CREATININE = range(55, 130)


def tell(people: Iterable[Patient], *, by: User, today: date) -> None:
    """Write down what is known about these patients by now, always the same."""
    random = Random(5)  # noqa: S311 - invented people, not secrets
    measures = {measure.code: measure for measure in Measure.objects.defer("search")}
    for patient in people:
        day = today - timedelta(days=random.randint(3, 60))
        known = (*_KNOWN.get(str(patient.medical_condition), ()), *_OF_ALL)
        said = [
            Said(
                measures[code],
                str(random.choice(values)),
                day,
                "patient_said" if isinstance(values, tuple) else "document",
            )
            for code, likely, values in known
            if random.random() < likely
        ]
        creatinine = str(random.choice(_CREATININE))
        said.append(Said(measures["2160-0"], creatinine, day, "document", "umol/L"))
        observing.observe_all(patient=patient, said=said, by=by)

"""Where odd rows are played out: a scene is a function that writes a few rows around one oddity.

Three decorators of `Scenes` spare a scene its setting. `contact` and `patient` hand it an ordinary
row and write that row with the cells the scene returns; `scene` leaves everything to the function.
"""

from collections.abc import Callable
from dataclasses import replace

from crm_import.demo import reference as ref
from crm_import.demo.clock import DAY, HOUR, iso_date
from crm_import.demo.people import Person
from crm_import.demo.rows import RowMaker
from crm_import.demo.tables import Row, Tables

Cells = dict[str, str]


class Stage:
    """Makes and writes the rows of a scene. The `put_…` methods return the row as written."""

    def __init__(self, make: RowMaker, tables: Tables) -> None:
        self.make = make
        self._tables = tables

    def put_contact(self, row: Row, **cells: str) -> Row:
        """Write a Contact, with some cells replaced."""
        return self._put("Contact", row, cells)

    def put_patient(self, row: Row, **cells: str) -> Row:
        """Write a Patient, with some cells replaced."""
        return self._put("Patient", row, cells)

    def put_dossier(self, row: Row, **cells: str) -> Row:
        """Write an EAP dossier, with some cells replaced."""
        return self._put("EAPDossier", row, cells)

    def someone(
        self, created: int, fits: Callable[[Person], bool] = lambda _person: True
    ) -> Person:
        """A new person for whom `fits` holds; it must hold for many, as people are drawn until."""
        person = self.make.people.someone(created)
        while not fits(person):
            person = self.make.people.someone(created)
        return person

    def lead(self, created: int, *, booked: bool = True) -> tuple[Person, Row]:
        """A new person and an ordinary Contact row, not yet written."""
        person = self.someone(created)
        return person, self.make.lead(person, booked=booked)

    def again(self, person: Person) -> Row:
        """A later Contact row of the same person with a booking, not yet written."""
        waited = int((self.make.now - person.created) * (0.2 + 0.6 * self.make.random()))
        return self.make.lead(replace(person, created=person.created + waited), booked=True)

    def patient(self, created: int) -> tuple[Person, Row, Row]:
        """A new person, the Contact row as written, and an ordinary Patient row not yet written."""
        person, contact = self.lead(created)
        self.put_contact(contact)
        return person, contact, self.make.patient(person, contact["contactid"])

    def enrolled(self, created: int) -> tuple[Person, Row, Row]:
        """A new person, the Patient row as written, and a dossier row not yet written."""
        person, _contact, patient = self.patient(created)
        dossier = self.make.dossier(person, patient)
        self.put_patient(patient)
        return person, patient, dossier

    def referral(self, person: Person, trial_id: str) -> Cells:
        """The cells of a Patient row that was referred under that text."""
        return {
            "trial_id": trial_id,
            "eligible": ref.ELIGIBLE,
            "ineligible_reason": "",
            "ct_referral_date": iso_date(person.opened + 9 * DAY),
            "ct_outcome": ref.PENDING,
        }

    def older_version(self, row: Row, created: int) -> Cells:
        """The system cells a row had an hour after it was made, before it was changed."""
        first_saved = self.make.version(created)
        return {"modifiedon": row["createdon"], "versionnumber": first_saved}

    def newer_version(self, created: int) -> Cells:
        """A row version that is later than the one of `older_version`."""
        return {"versionnumber": self.make.version(created + HOUR)}

    def _put(self, table: str, row: Row, cells: Cells) -> Row:
        written = row | cells
        self._tables.put(table, written)
        return written


Scene = Callable[[Stage, int], None]
CellsOfContact = Callable[[Stage, Person, Row], Cells]


class Scenes(dict[str, Scene]):
    """Scenes by name; the name of the function is the name of the oddity."""

    def scene(self, play: Scene) -> Scene:
        """A function that writes all its rows itself."""
        self[play.__name__] = play
        return play

    def contact(self, cells: CellsOfContact) -> CellsOfContact:
        """A function that returns what is odd about the Contact row of a booked lead."""

        def play(stage: Stage, created: int) -> None:
            person, row = stage.lead(created)
            stage.put_contact(row, **cells(stage, person, row))

        self[cells.__name__] = play
        return cells

    def returning(self, cells: CellsOfContact) -> CellsOfContact:
        """A function that returns how a second form of the same person differs from the first."""

        def play(stage: Stage, created: int) -> None:
            person = stage.someone(created, _has_accents)
            stage.put_contact(stage.make.lead(person, booked=True))
            row = stage.again(person)
            stage.put_contact(row, **cells(stage, person, row))

        self[cells.__name__] = play
        return cells

    def specialist(self, cells: CellsOfContact) -> CellsOfContact:
        """A function that returns what is odd about the Contact row of a physician."""

        def play(stage: Stage, created: int) -> None:
            person = stage.someone(created)
            row = stage.make.specialist(person)
            stage.put_contact(row, **cells(stage, person, row))

        self[cells.__name__] = play
        return cells

    def patient(self, cells: CellsOfContact) -> CellsOfContact:
        """A function that returns what is odd about a Patient row linked to its Contact."""

        def play(stage: Stage, created: int) -> None:
            person, _contact, row = stage.patient(created)
            stage.put_patient(row, **cells(stage, person, row))

        self[cells.__name__] = play
        return cells


def _has_accents(person: Person) -> bool:
    """True when the surname holds a letter that a mail program without UTF-8 would break."""
    return any(letter in "áàâäãåçéèêëíîïñóôöõúüÉÖÜ" for letter in person.last)

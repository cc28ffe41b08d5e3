"""What a merge does with the tables of this app that hang on a patient.

What was said and decided goes along as it is. A contact point that both people have, and a pair
that was proposed for both of them, cannot be there twice: one row gives way to the other, and
nothing that only it knew is lost.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower, Trim
from django.utils.translation import gettext as _

from patients.models import ContactPoint, FieldProposal, PossibleDuplicate
from patients.relations import Merging, Policy, moves

State = PossibleDuplicate.State


def contact_points(merging: Merging) -> None:
    """Move the addresses that the survivor does not have yet.

    Of one that both have, the loser's row gives way; its remark is added to the survivor's.
    """
    own = {(p.kind, p.address): p for p in _addressed(merging.survivors(ContactPoint))}
    moving = []
    for point in _addressed(merging.rows(ContactPoint)):
        known = own.get((point.kind, point.address))
        if known is None:
            moving.append(point.pk)
            continue
        merging.journal.change(known, remark=_joined(known.remark, point.remark))
        merging.give_way(point, "contact_point_twice", _("Both have this contact point."))
        merging.journal.remove(point)
    merging.move("patients.ContactPoint.patient", moving)


def _addressed(points: Any) -> Any:
    """With the address as the database compares it: there may be only one for a patient."""
    return points.annotate(address=Lower(Trim("value")))


def _joined(kept: str, other: str) -> str:
    """Both remarks, as far as the column has room: what does not fit stays in the journal."""
    if not other or other in kept:
        return kept
    longest = ContactPoint._meta.get_field("remark").max_length
    return f"{kept}; {other}"[:longest] if kept else other


def proposals(merging: Merging) -> None:
    """Move what was proposed; of one change that waits for both people, the loser's gives way."""
    waiting = {_proposed(each) for each in merging.survivors(FieldProposal) if each.state == "open"}
    moving = []
    for proposal in merging.rows(FieldProposal):
        if proposal.state == "open" and _proposed(proposal) in waiting:
            merging.give_way(proposal, "proposal_twice", _("Both wait for the same change."))
            merging.journal.remove(proposal)
        else:
            moving.append(proposal.pk)
    merging.move("patients.FieldProposal.patient", moving)


def _proposed(proposal: FieldProposal) -> tuple[str, str]:
    return proposal.field, proposal.proposed_value


def pairs(merging: Merging) -> None:
    """Rewrite pairs that name the loser, so that they name the survivor.

    The pair of the two themselves is settled and goes. Of two pairs that become the same, the
    survivor's stays and takes over a decision that only the other had; decisions that contradict
    each other are opened again.
    """
    survivor, loser = merging.survivor.pk, merging.loser.pk
    own = {_others(pair, survivor): pair for pair in _pairs_of(merging.survivors)}
    for pair in _pairs_of(merging.rows):
        others = _others(pair, loser)
        if others == (survivor, None):
            merging.journal.remove(pair)
        elif others in own:
            _settle(merging, own[others], pair)
            merging.give_way(pair, "pair_twice", _("The survivor is in the same pair."))
            merging.journal.remove(pair)
        else:
            _rename(merging, pair)


def _pairs_of(rows: Any) -> Iterable[PossibleDuplicate]:
    found = {
        pair.pk: pair
        for side in ("first_patient", "second_patient")
        for pair in rows(PossibleDuplicate, side)
    }
    return found.values()


def _others(pair: PossibleDuplicate, person: UUID) -> tuple[UUID | None, UUID | None]:
    """Whom `person` is paired with: a patient, or a specialist."""
    first, second = pair.first_patient_id, pair.second_patient_id
    return (second if first == person else first), pair.first_specialist_id


def _rename(merging: Merging, pair: PossibleDuplicate) -> None:
    """Put the survivor in the loser's place, the lower id first."""
    survivor = merging.survivor.pk
    other, specialist = _others(pair, merging.loser.pk)
    if specialist is not None or other is None:
        merging.journal.change(pair, first_patient_id=survivor)
    else:
        first, second = sorted((survivor, other))
        merging.journal.change(pair, first_patient_id=first, second_patient_id=second)
    side = "first_patient" if pair.first_patient_id == survivor else "second_patient"
    relation = f"patients.PossibleDuplicate.{side}"
    merging.moved[relation] = merging.moved.get(relation, 0) + 1


def _settle(merging: Merging, kept: PossibleDuplicate, other: PossibleDuplicate) -> None:
    decided = {State.SAME, State.DIFFERENT}
    if other.state not in decided or other.state == kept.state:
        return
    if kept.state in decided:
        merging.journal.change(kept, state=State.OPEN, decided_at=None, decided_by_id=None)
    else:
        merging.journal.change(
            kept,
            state=other.state,
            decided_at=other.decided_at,
            decided_by_id=other.decided_by_id,
        )


POLICIES = (
    Policy(("patients.ContactPoint.patient",), contact_points),
    moves("patients.Submission.patient"),
    moves("patients.Consent.patient"),
    moves("patients.Note.patient"),
    moves("patients.Document.patient"),
    moves("patients.Observation.patient"),
    moves("patients.Message.patient"),
    Policy(("patients.FieldProposal.patient",), proposals),
    moves("patients.StageChange.patient"),
    moves("patients.RuleOverride.patient"),
    Policy(
        (
            "patients.PossibleDuplicate.first_patient",
            "patients.PossibleDuplicate.second_patient",
        ),
        pairs,
    ),
    # Ids that were merged into the loser answer with the survivor from now on.
    moves("patients.MergedPatient.survivor"),
    moves("patients.PatientMerge.survivor"),
)

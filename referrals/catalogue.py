"""What people do with the catalogue: confirm it, place conditions, settle what an import could not.

Reading a registry is in `referrals.registry`.
"""

from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import ConditionName, MedicalCondition
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from portal.core.search import Fold
from referrals.models import RegistryRecord, SetAsideRecord, UnplacedCondition
from referrals.models.described import Described
from referrals.registry import comparing, placing

State = UnplacedCondition.State
DescribedT = TypeVar("DescribedT", bound=Described)


def confirm(
    model: type[DescribedT], *, record_id: UUID, by: User, on: date, with_whom: str
) -> DescribedT:
    """Say who at the trial or program confirmed it, and when; a later word replaces it.

    Raises Refused for a day to come, for nobody, and for a day before the last confirmation;
    model.DoesNotExist.
    """
    whom = with_whom.strip()
    if on > timezone.localdate():
        raise Refused(_("That day is yet to come."), code="in_future")
    if not whom:
        raise Refused(_("Say who confirmed it."), code="nobody")
    with transaction.atomic(), acting(by=by, reason="confirmed"):
        row = _locked(model, record_id)
        if row.last_confirmed_on is not None and on < row.last_confirmed_on:
            raise Refused(_("It was confirmed later than that already."), code="confirmed_later")
        row.last_confirmed_on, row.last_confirmed_with = on, whom
        row.clean_fields(
            exclude=[f.name for f in model._meta.fields if not f.name.startswith("last_confirmed")]
        )
        row.save(update_fields=("last_confirmed_on", "last_confirmed_with"))
        row.refresh_from_db()
    return row


def differing(row: Described) -> dict[str, Any]:
    """Fields that somebody changed here and the registry says otherwise, with its values."""
    record = RegistryRecord.objects.filter(**{_relation(type(row)): row.pk}).first()
    return {} if record is None else comparing.differences(row, record)


def take_registrys(model: type[DescribedT], *, record_id: UUID, by: User) -> DescribedT:
    """Give up what was changed here for what the registry said last. Conditions, sites and our
    own notes stay.

    Raises model.DoesNotExist. Where nothing differs, nothing happens.
    """
    with transaction.atomic(), acting(by=by, reason="took the registry's values"):
        row = _locked(model, record_id)
        values = differing(row)
        for name, value in values.items():
            setattr(row, name, comparing.as_stored(name, value))
        if values:
            row.save(update_fields=tuple(values))
        row.refresh_from_db()
    return row


def link(*, name_id: UUID, condition_id: UUID, by: User) -> UnplacedCondition:
    """Let a registry's name mean one of our conditions, and link what names it.

    The name becomes one of the condition's names, so that it is never asked for again. Raises
    Refused when it is a name of another condition, ValidationError when it cannot be a name, and
    DoesNotExist.
    """
    with transaction.atomic(), acting(by=by, reason="placed a registry's condition"):
        name = _waiting(name_id)
        condition = MedicalCondition.objects.get(pk=condition_id)
        other = ConditionName.objects.filter(folded=Fold(Value(name.name))).first()
        if other is not None and other.condition_id != condition.pk:
            raise Refused(
                _("This is a name of another condition already. Link it to that one."),
                code="name_taken",
            )
        if other is None:
            alias = ConditionName(
                condition=condition, name=name.name, origin=ConditionName.Origin.REGISTRY
            )
            alias.full_clean(exclude=("condition",))
            alias.save()
        return _decided(name, State.LINKED, condition, by=by)


def make_condition(*, name_id: UUID, name: str, abbreviation: str, by: User) -> UnplacedCondition:
    """Make a condition of a registry's name, and link what names it.

    Raises Refused and ValidationError as `link`, and when there is such a condition.
    """
    with transaction.atomic(), acting(by=by, reason="made a registry's condition ours"):
        condition = MedicalCondition(name=name.strip(), abbreviation=abbreviation.strip())
        condition.full_clean()
        condition.save()
        condition.answer_to_own_name()
        return link(name_id=name_id, condition_id=condition.pk, by=by)


def ignore(*, name_id: UUID, by: User) -> UnplacedCondition:
    """Say that a registry's name is nothing that we look for. It is not asked for again."""
    with transaction.atomic(), acting(by=by, reason="ignored a registry's condition"):
        return _decided(_waiting(name_id), State.IGNORED, None, by=by)


def ask_again(*, name_id: UUID, by: User) -> UnplacedCondition:
    """Put a name that was ignored back into the list."""
    with transaction.atomic(), acting(by=by, reason="asks for a registry's condition again"):
        name: UnplacedCondition = UnplacedCondition.objects.select_for_update().get(pk=name_id)
        if name.state != State.IGNORED:
            raise Refused(_("Only what was ignored can be asked for again."), code="not_ignored")
        name.state, name.decided_by, name.decided_at = State.OPEN, None, None
        name.save(update_fields=("state", "decided_by", "decided_at"))
        return name


def dismiss(*, record_id: UUID, by: User) -> SetAsideRecord:
    """Say that a record that was set aside has been looked at."""
    with transaction.atomic(), acting(by=by, reason="looked at a record set aside"):
        record: SetAsideRecord = SetAsideRecord.objects.select_for_update().get(pk=record_id)
        record.is_open = False
        record.save(update_fields=("is_open",))
        return record


def _waiting(name_id: UUID) -> UnplacedCondition:
    """The name, locked. Raises Refused when it was linked already."""
    name: UnplacedCondition = UnplacedCondition.objects.select_for_update().get(pk=name_id)
    if name.state == State.LINKED:
        raise Refused(_("It is linked to a condition already."), code="linked")
    return name


def _decided(
    name: UnplacedCondition, state: State, condition: MedicalCondition | None, *, by: User
) -> UnplacedCondition:
    name.state, name.condition = state, condition
    name.decided_by, name.decided_at = by, timezone.now()
    name.save(update_fields=("state", "condition", "decided_by", "decided_at"))
    if condition is not None:
        placing.link_everywhere({condition.pk: name.spellings})
    return name


def _locked(model: type[DescribedT], record_id: UUID) -> DescribedT:
    rows: Any = model._default_manager.select_for_update(of=("self",), no_key=True)
    row: DescribedT = rows.get(pk=record_id)
    return row


def _relation(model: type[Described]) -> str:
    return placing.LINKS[model][1]

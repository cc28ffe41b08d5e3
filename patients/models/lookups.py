"""The lists that people point at: conditions and their names, hospitals, specializations."""

from collections.abc import Iterable
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.choices import country_choices, language_choices
from portal.core.history import tracked
from portal.core.models import Record
from portal.core.search import Fold, SearchQuerySet, TextSearch, text_query

_WIDER = """
    WITH RECURSIVE wider (id, above) AS (
        SELECT id, parent_id FROM patients_medicalcondition
        WHERE id = ANY(%s) AND parent_id IS NOT NULL
        UNION
        SELECT wider.id, next.parent_id FROM wider
        JOIN patients_medicalcondition AS next ON next.id = wider.above
        WHERE next.parent_id IS NOT NULL
    )
    SELECT id, above FROM wider
"""
_NARROWER = """
WITH RECURSIVE below (id) AS (
    SELECT id FROM patients_medicalcondition WHERE parent_id = %s
    UNION SELECT c.id FROM patients_medicalcondition c JOIN below ON c.parent_id = below.id
)
SELECT id FROM below
"""


class MedicalConditionQuerySet(SearchQuerySet):
    """Conditions, found under any of their names."""

    def search(self, text: str) -> Self:
        """Conditions one of whose names has a word beginning with each word of `text`."""
        if not text.strip():
            return self
        query = text_query(text)
        if query is None:
            return self.none()
        named = ConditionName.objects.filter(search__tokens=query).values("condition")
        return self._fenced(self.filter(search__tokens=query), self.filter(pk__in=named))

    def named(self, text: str) -> Self:
        """The one condition that `text` names, whatever the spelling; empty when none does."""
        return self.filter(names__folded=Fold(models.Value(text)))

    def wider(self, ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
        """Id → all conditions that this one is a kind of, at any distance. One query."""
        found: dict[UUID, set[UUID]] = {one: set() for one in ids}
        if found:
            with connection.cursor() as cursor:
                cursor.execute(_WIDER, [list(found)])
                for one, above in cursor.fetchall():
                    found[one].add(above)
        return {one: frozenset(above) for one, above in found.items()}

    def narrower(self, condition: UUID) -> frozenset[UUID]:
        """All conditions that are a kind of this one, at any distance. One query."""
        with connection.cursor() as cursor:
            cursor.execute(_NARROWER, [condition])
            return frozenset(one for (one,) in cursor.fetchall())


# No condition is a kind of itself, not even round about. One change at a time, as two that are
# right alone may be a circle together.
_NO_CIRCLE = pgtrigger.Trigger(
    name="no_circle",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Q(new__parent__isnull=False),
    declare=[("above", "uuid"), ("steps", "int")],
    func=(
        "PERFORM pg_advisory_xact_lock(hashtextextended('patients_medicalcondition', 0)); "
        "above := NEW.parent_id; steps := 0; "
        "WHILE above IS NOT NULL LOOP "
        "steps := steps + 1; "
        "IF above = NEW.id OR steps > 100 THEN "
        "RAISE EXCEPTION 'a condition cannot be a kind of itself' "
        "USING ERRCODE = 'check_violation', "
        "CONSTRAINT = 'patients_medicalcondition_not_itself', TABLE = TG_TABLE_NAME; END IF; "
        "SELECT parent_id INTO above FROM patients_medicalcondition WHERE id = above; "
        "END LOOP; RETURN NULL;"
    ),
)


@pgtrigger.register(_NO_CIRCLE)
@tracked
class MedicalCondition(Record):
    """A disease or disorder. Its `names` are all the ways in which people write it."""

    name = models.CharField(_("name"), max_length=300)
    abbreviation = models.CharField(_("abbreviation"), max_length=30, blank=True)
    code = models.CharField(_("code"), max_length=30, blank=True)
    code_system = models.CharField(
        _("code system"),
        max_length=200,
        blank=True,
        help_text=_("A URI, for example http://www.orpha.net for ORPHA codes."),
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("is a kind of"),
        on_delete=models.PROTECT,
        null=True,  # null: of nothing that we list
        blank=True,
        related_name="kinds",
        help_text=_("The next wider condition. Who fits a trial for that one fits with this one."),
    )
    search = models.GeneratedField(
        expression=TextSearch("name", "abbreviation", "code"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[MedicalConditionQuerySet] = MedicalConditionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("medical condition")
        verbose_name_plural = _("medical conditions")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                Fold("name"),
                name="patients_medicalcondition_name_unique",
                violation_error_message=_("There is already a condition of this name."),
            ),
            models.UniqueConstraint(
                fields=("code_system", "code"),
                condition=~models.Q(code=""),
                name="patients_medicalcondition_code_unique",
                violation_error_message=_("There is already a condition with this code."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="patients_medicalcondition_named",
                violation_error_message=_("A condition needs a name."),
            ),
            models.CheckConstraint(
                condition=models.Q(code="") | ~models.Q(code_system=""),
                name="patients_medicalcondition_code_has_system",
                violation_error_message=_("Say which code system the code is from."),
            ),
            # The trigger `no_circle` finds longer circles, under the same name.
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("id")),
                name="patients_medicalcondition_not_itself",
                violation_error_message=_(
                    "A condition cannot be a kind of itself, not even round about."
                ),
            ),
        )
        indexes = (GinIndex(fields=["search"], name="patients_condition_search"),)

    class Privacy:
        none = ("name", "abbreviation", "code", "code_system", "parent", "search")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_medicalcondition_change", args=[self.pk])

    def clean(self) -> None:
        """A name that is already one of another condition would mean two things."""
        super().clean()
        taken = ConditionName.objects.filter(folded=Fold(models.Value(self.name)))
        other = taken.exclude(condition=self.pk).select_related("condition").first()
        if other is not None:
            raise ValidationError(
                {
                    "name": _("“%(name)s” is already a name of %(condition)s.")
                    % {"name": self.name, "condition": other.condition}
                }
            )

    def answer_to_own_name(self) -> None:
        """Be found under its own name too. Called by whoever saves a condition."""
        if not self.names.filter(folded=Fold(models.Value(self.name))).exists():
            ConditionName.objects.create(condition=self, name=self.name)


@tracked
class ConditionName(Record):
    """One way of writing a condition: an old option label, a misspelling, another language."""

    class Origin(models.TextChoices):
        SEED = "seed", _("shipped with the portal")
        NAVIGATOR = "navigator", _("entered by a navigator")
        LEGACY_CRM = "legacy_crm", _("legacy CRM")
        REGISTRY = "registry", _("trial registry")

    condition = models.ForeignKey(
        MedicalCondition,
        verbose_name=_("condition"),
        on_delete=models.CASCADE,
        related_name="names",
    )
    name = models.CharField(_("name"), max_length=300)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=language_choices)
    origin = models.CharField(
        _("origin"), max_length=20, choices=Origin.choices, default=Origin.NAVIGATOR
    )
    folded = models.GeneratedField(
        expression=Fold("name"), output_field=models.TextField(), db_persist=True
    )
    search = models.GeneratedField(
        expression=TextSearch("name"), output_field=SearchVectorField(), db_persist=True
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("condition name")
        verbose_name_plural = _("condition names")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                Fold("name"),
                name="patients_conditionname_names_one_condition",
                violation_error_message=_("This name belongs to a condition already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="patients_conditionname_not_blank",
                violation_error_message=_("A name cannot be blank."),
            ),
        )
        indexes = (
            GinIndex(fields=["search"], name="patients_conditionname_search"),
            # Any text to one condition: the landing page, REST and the import look this up.
            models.Index(fields=["folded"], name="patients_conditionname_folded"),
        )

    class Privacy:
        none = ("condition", "name", "language", "origin", "folded", "search")

    def __str__(self) -> str:
        return self.name


@tracked
class Hospital(Record):
    """A hospital or clinic. Two rows may be the same place until somebody merges them."""

    name = models.CharField(_("name"), max_length=300)
    city = models.CharField(_("city"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    search = models.GeneratedField(
        expression=TextSearch("name", "city"), output_field=SearchVectorField(), db_persist=True
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("hospital")
        verbose_name_plural = _("hospitals")
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="patients_hospital_named",
                violation_error_message=_("A hospital needs a name."),
            ),
        )
        indexes = (
            GinIndex(fields=["search"], name="patients_hospital_search"),
            # The list in its order.
            models.Index(fields=["name", "id"], name="patients_hospital_by_name"),
        )

    class Privacy:
        none = ("name", "city", "country", "search")

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_hospital_change", args=[self.pk])


@tracked
class Specialization(Record):
    """A field of medicine or pharmacy that a specialist works in."""

    name = models.CharField(_("name"), max_length=200)
    search = models.GeneratedField(
        expression=TextSearch("name"), output_field=SearchVectorField(), db_persist=True
    )

    objects: ClassVar[SearchQuerySet] = SearchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("specialization")
        verbose_name_plural = _("specializations")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                Fold("name"),
                name="patients_specialization_name_unique",
                violation_error_message=_("There is already a specialization of this name."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="patients_specialization_named",
                violation_error_message=_("A specialization needs a name."),
            ),
        )
        indexes = (GinIndex(fields=["search"], name="patients_specialization_search"),)

    class Privacy:
        none = ("name", "search")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:patients_specialization_change", args=[self.pk])

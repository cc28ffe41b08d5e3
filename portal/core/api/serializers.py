"""The serializers that resources are declared with.

A resource lists its `fields`; of them, `read_only_fields` are never written (state that verbs
own), `fixed_fields` only when the record is made. `related` names the summary that is shown of
each related record. Uniqueness and other constraints are left to the database, which cannot be
raced; the error handler turns a breach into a 409 or 400 that names the constraint.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models.functions import Concat, Trim
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.utils.field_mapping import ClassLookupDict
from rest_framework.validators import UniqueValidator

from portal.core.api import fields
from portal.core.models import User

RECORD_FIELDS = ("id", "created_at", "updated_at", "version")
_UNKNOWN = _("There is no such member. The schema at /api/schema/ lists them.")
_READ_ONLY = _("This cannot be set. It is worked out, or changed by an operation of its own.")
_FIXED = _("This is said once, when the record is made.")


class Summary(serializers.ModelSerializer[Any]):
    """What is shown of a record inside another one."""

    serializer_related_field = fields.Related

    @classmethod
    def explain_missing(cls, key: UUID) -> None:
        """Raise what is known of an id under which there is no such record; or do nothing."""

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        kwargs = {"read_only": True}
        return fields.Related, {**kwargs, **_summarized(self, field_name, relation_info)}


def _summarized(serializer: Any, field_name: str, relation_info: Any) -> dict[str, Any]:
    return {
        "summary": serializer.Meta.related[field_name],
        "may_be_null": relation_info.model_field.null,
    }


class RecordSerializer(serializers.ModelSerializer[Any]):
    """One kind of record: what is shown of it and what may be written."""

    serializer_field_mapping: ClassVar[dict[type[models.Field], type[serializers.Field]]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: fields.TrueOrFalse,
        models.CharField: fields.Text,
        models.DateField: fields.Day,
        models.DateTimeField: fields.Instant,
        models.DecimalField: fields.Number,
        models.EmailField: fields.Email,
        models.IntegerField: fields.Whole,
        models.PositiveIntegerField: fields.Whole,
        models.PositiveSmallIntegerField: fields.Whole,
        models.TextField: fields.Text,
        ArrayField: serializers.ListField,
    }
    serializer_related_field = fields.Related
    serializer_choice_field = fields.Choice

    # The row as it will be stored, once the data is valid.
    row: Any

    class Meta:
        model: type[models.Model]
        fields: tuple[str, ...] = ()
        read_only_fields: tuple[str, ...] = ()
        fixed_fields: tuple[str, ...] = ()
        related: ClassVar[dict[str, type[Summary]]] = {}

    @classmethod
    @cache
    def for_change(cls) -> type["RecordSerializer"]:
        """This serializer for records that exist: what is fixed can no longer be written.

        What is fixed and never shown is not in it at all.
        """
        fixed = getattr(cls.Meta, "fixed_fields", ())
        if not fixed:
            return cls
        declared = cls._declared_fields
        unseen = {name: None for name in fixed if name in declared and declared[name].write_only}
        members = {
            "fields": tuple(name for name in cls.Meta.fields if name not in unseen),
            "read_only_fields": (*cls.Meta.read_only_fields, *fixed),
        }
        meta = type("Meta", (cls.Meta,), members)
        kept = {"Meta": meta, "__doc__": cls.__doc__, **unseen}
        return type(f"Change{cls.__name__}", (cls,), kept)

    def get_fields(self) -> dict[str, Any]:
        """The fields; worked out from the model once, as that takes longer than the insert."""
        return deepcopy(self._worked_out())

    @classmethod
    @cache
    def _worked_out(cls) -> dict[str, Any]:
        return super(RecordSerializer, cls()).get_fields()

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """Also a generated column, which is read only; and no check of uniqueness in advance."""
        if isinstance(model_field, models.GeneratedField):
            kinds: Any = ClassLookupDict(self.serializer_field_mapping)
            kept: Any = model_field.output_field
            may_be_null = {"allow_null": True} if kept.null else {}
            return kinds[kept], {"read_only": True, **may_be_null}
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if field_class is fields.Choice and isinstance(model_field.choices, CallableChoiceIterator):
            field_class = fields.Code
        if "validators" in kwargs:
            kwargs["validators"] = [
                each for each in kwargs["validators"] if not isinstance(each, UniqueValidator)
            ]
        return field_class, kwargs

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        field_class, kwargs = super().build_relational_field(field_name, relation_info)
        summary = self.Meta.related[field_name]
        selectable = getattr(summary.Meta, "selectable", None)
        if selectable and "queryset" in kwargs:
            kwargs["queryset"] = kwargs["queryset"].filter(**selectable)
        return field_class, {**kwargs, **_summarized(self, field_name, relation_info)}

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """Also say of a choice that is only read that it may be blank."""
        blank = kwargs.get("allow_blank", False)
        kwargs = super().include_extra_kwargs(kwargs, extra_kwargs)
        return {**kwargs, "allow_blank": True} if blank else kwargs

    def get_validators(self) -> list[Any]:
        return []

    def to_internal_value(self, data: Any) -> Any:
        """What may be written, checked. A member that may not be written is an error."""
        if isinstance(data, Mapping):
            refused = {
                str(name): [self._why_not(name)] for name in data if not self._writable(name)
            }
            if refused:
                raise ValidationError(refused)
        return super().to_internal_value(data)

    def _writable(self, name: Any) -> bool:
        field = self.fields.get(name)
        return field is not None and not field.read_only

    def _why_not(self, name: Any) -> ErrorDetail:
        if name in getattr(self.Meta, "fixed_fields", ()):
            return ErrorDetail(_FIXED, code="fixed")  # type: ignore[arg-type]
        if name not in self.fields:
            return ErrorDetail(_UNKNOWN, code="unknown")  # type: ignore[arg-type]
        return ErrorDetail(_READ_ONLY, code="read_only")  # type: ignore[arg-type]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Apply what was sent to the row and let the model bring it into its stored form.

        A PUT says everything: what it leaves out goes back to its default.
        """
        row = self.instance if self.instance is not None else self.Meta.model()
        if self.instance is not None and not self.partial:
            attrs = {**self._defaults(), **attrs}
        for name, value in attrs.items():
            setattr(row, name, value)
        try:
            row.clean()
        except DjangoValidationError as error:
            raise ValidationError(fields.as_drf_errors(error)) from error
        self.row = row
        return attrs

    def _defaults(self) -> dict[str, Any]:
        meta = self.Meta.model._meta
        return {
            name: meta.get_field(name).get_default()  # type: ignore[union-attr]
            for name, field in self.fields.items()
            if not field.read_only
        }

    def create(self, validated_data: dict[str, Any]) -> Any:
        self.row.save(force_insert=True)
        return self.row

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        instance.save(force_update=True)
        return instance


class VerbSerializer(serializers.Serializer[Any]):
    """What a verb is told: each member declared, any other an error."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {
                str(name): [ErrorDetail(_UNKNOWN, code="unknown")]  # type: ignore[arg-type]
                for name in data
                if name not in self.fields
            }
            if unknown:
                raise ValidationError(unknown)
        return super().to_internal_value(data)


def full_name(path: str) -> Any:
    """The SQL of a person's name: first and last, one blank between."""
    return Trim(
        Concat(
            models.F(f"{path}first_name"),
            models.Value(" "),
            models.F(f"{path}last_name"),
            output_field=models.TextField(),
        )
    )


class StaffSummary(Summary):
    """A member of staff."""

    class Meta:
        model = User
        fields = ("id", "name")
        selectable = {"is_active": True}

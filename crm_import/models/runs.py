"""What each run read, what it did with every row, and what it could not do.

Written in the one transaction of a run: an import or decisions (`crm_import.importing`), or a
rollback (`crm_import.rolling_back`). Erasure takes out what tells of the person
(`crm_import.erasing`).
"""

from typing import Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_import.models.plans import ImportPlan, Scope
from portal.core.constraints import one_of
from portal.core.history import append_only
from portal.core.ids import uuid7
from portal.core.models import NewId, User


class Entity(models.TextChoices):
    """The tables of the legacy CRM whose rows are accounted for."""

    CONTACT = "Contact", _("Contact")
    PATIENT = "Patient", _("Patient")
    DOSSIER = "EAPDossier", _("EAP dossier")
    CONDITION = "MedicalCondition", _("Medical condition")
    HOSPITAL = "Hospital", _("Hospital")
    SPECIALIZATION = "Specialization", _("Specialization")


class ImportRun(models.Model):
    """One run of the migration that was kept, or one that takes another back.

    A dry run leaves no row.
    """

    class Kind(models.TextChoices):
        IMPORT = "import", _("Import")
        ROLLBACK = "rollback", _("Rollback")

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=NewId(), editable=False)
    source = models.CharField(_("source"), max_length=300, help_text=_("Name of the folder."))
    fingerprint = models.CharField(
        _("fingerprint"),
        max_length=64,
        help_text=_("SHA-256 over the files and the version of the rules."),
    )
    meanings = models.CharField(
        _("meanings"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "SHA-256 over what decided about rows beside the rows themselves. When it is another "
            "one, or blank, the next run looks at every row again."
        ),
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now, db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)  # null: never seen outside a run
    by = models.ForeignKey(
        User,
        verbose_name=_("started by"),
        on_delete=models.SET_NULL,
        null=True,  # null: started from the command line
        related_name="import_runs",
    )
    report = models.JSONField(
        _("reconciliation"), default=dict, encoder=DjangoJSONEncoder, db_default={}
    )
    plan = models.ForeignKey(
        ImportPlan,
        verbose_name=_("plan"),
        on_delete=models.PROTECT,
        null=True,  # null: run without one
        related_name="runs",
    )
    scope = models.CharField(
        _("the export holds"),
        max_length=10,
        choices=Scope.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Blank: what it has no row of is left as it is."),
    )
    shape = models.JSONField(
        _("shape of the export"),
        default=dict,
        db_default={},
        help_text=_("Kind, rows and columns, which the next export is compared with."),
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=Kind.choices, default=Kind.IMPORT, db_default=Kind.IMPORT
    )
    undoes = models.OneToOneField(
        "self",
        verbose_name=_("takes back"),
        on_delete=models.PROTECT,
        null=True,  # null: an import
        related_name="undone_by",
    )

    class Meta:
        verbose_name = _("import run")
        verbose_name_plural = _("import runs")
        ordering = ("-started_at", "-id")
        constraints = (
            one_of("scope", "", "delta", "complete", name="crm_import_importrun_scope_known"),
            one_of("kind", "import", "rollback", name="crm_import_importrun_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="import", undoes=None)
                | models.Q(kind="rollback", undoes__isnull=False),
                name="crm_import_importrun_rollback_of_a_run",
                violation_error_message=_("A rollback names the run that it takes back."),
            ),
        )

    class Privacy:
        none = (
            *("id", "source", "fingerprint", "started_at", "finished_at", "by", "report"),
            *("plan", "scope", "shape", "meanings"),
            *("kind", "undoes"),
        )

    def __str__(self) -> str:
        return f"{self.source}, {timezone.localtime(self.started_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_importrun_change", args=[self.pk])


@append_only
class SourceFile(models.Model):
    """One file of an export: the ledger that the counts are checked against."""

    run = models.ForeignKey(
        ImportRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="files"
    )
    entity = models.CharField(_("table"), max_length=30)
    name = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    columns = models.JSONField(_("columns"), default=list)
    records = models.PositiveIntegerField(_("records"), help_text=_("Found by the scanner."))
    unreadable = models.PositiveIntegerField(_("unreadable records"), default=0)
    known = models.PositiveIntegerField(
        _("records already in the archive"), default=0, help_text=_("Word for word the same.")
    )
    is_gone = models.BooleanField(
        _("gone from the CRM"),
        default=False,
        db_default=False,
        help_text=_("No file: the rows that an export of everything did not have any more."),
    )

    class Meta:
        verbose_name = _("source file")
        verbose_name_plural = _("source files")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("run", "name"), name="crm_import_sourcefile_once"),
        )

    class Privacy:
        none = (
            "id",
            "run",
            "entity",
            "name",
            "sha256",
            "size",
            "columns",
            "records",
            "unreadable",
            "known",
            "is_gone",
        )

    def __str__(self) -> str:
        return self.name


@append_only
class UnreadableRecord(models.Model):
    """A record that is no proper CSV or no proper text, kept as the bytes that were read."""

    file = models.ForeignKey(
        SourceFile, verbose_name=_("file"), on_delete=models.PROTECT, related_name="unreadable_set"
    )
    record = models.PositiveIntegerField(_("record"))
    byte_offset = models.PositiveBigIntegerField(_("byte offset"))
    raw = models.BinaryField(_("bytes"))
    reason = models.CharField(_("reason"), max_length=50)
    loaded = models.BooleanField(
        _("loaded"), default=False, help_text=_("Loaded all the same, without NUL characters.")
    )

    class Meta:
        verbose_name = _("unreadable record")
        verbose_name_plural = _("unreadable records")
        ordering = ("file", "record")

    class Privacy:
        none = ("id", "file", "record", "byte_offset", "reason", "loaded")
        free_text = ("raw",)

    def __str__(self) -> str:
        return f"{self.file} {self.record}: {self.reason}"


class RowOutcomeQuerySet(models.QuerySet[Any]):
    """What became of legacy rows."""

    def quarantined(self) -> Self:
        return self.filter(outcome=RowOutcome.Outcome.QUARANTINED)

    def held(self) -> Self:
        """The last word about rows that are in quarantine today."""
        later = RowOutcome.objects.filter(
            entity=models.OuterRef("entity"),
            row=models.OuterRef("row"),
            pk__gt=models.OuterRef("pk"),
        )
        return self.quarantined().filter(~models.Exists(later))

    def last_of(self, entity: str, row: int) -> "RowOutcome | None":
        """What became of a row of the archive, as of today; None for a row without an outcome."""
        return self.filter(entity=entity, row=row).order_by("-pk").first()


@append_only
class RowOutcome(models.Model):
    """What a run did with one legacy row. A later run adds a row only when that changed."""

    class Outcome(models.TextChoices):
        IMPORTED = "imported", _("Imported")
        MERGED = "merged", _("Merged")
        SUPERSEDED = "superseded", _("Older version")
        EXACT_REPEAT = "exact_repeat", _("The same again")
        QUARANTINED = "quarantined", _("Quarantined")
        IGNORED = "ignored", _("Ignored")

    run = models.ForeignKey(
        ImportRun,
        verbose_name=_("run"),
        on_delete=models.PROTECT,
        related_name="outcomes",
        # As many rows as the export, written with the run in one transaction and append-only: no
        # check per row. The run's own counts are in its report.
        db_index=False,
        db_constraint=False,
    )
    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    row = models.BigIntegerField(_("row of the archive"), help_text=_("Within its table."))
    legacy_id = models.UUIDField(_("legacy id"), null=True)  # null: unusable in the source
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=50, blank=True)

    objects: ClassVar[RowOutcomeQuerySet] = RowOutcomeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("row")
        verbose_name_plural = _("rows")
        ordering = ("-id",)
        indexes = (
            # What became of this row? Re-runs ask it, and the page of a problem.
            models.Index(fields=["entity", "row"], name="crm_import_rowoutcome_row"),
            # What became of this legacy id? Search in the admin.
            models.Index(fields=["legacy_id"], name="crm_import_rowoutcome_legacy"),
            # The quarantine.
            models.Index(
                fields=["entity", "reason"],
                condition=models.Q(outcome="quarantined"),
                name="crm_import_rowoutcome_held",
            ),
        )

    class Privacy:
        none = ("id", "run", "entity", "row", "legacy_id", "outcome", "reason")

    def __str__(self) -> str:
        return f"{self.entity} {self.legacy_id or self.row}: {self.get_outcome_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_rowoutcome_change", args=[self.pk])


class HeldRows(models.Manager[Any]):
    """Only rows that are in quarantine today."""

    def get_queryset(self) -> Any:
        return RowOutcomeQuerySet(self.model, using=self._db).held()


class HeldRow(RowOutcome):
    """A row in quarantine: nothing was made of it, until somebody says what it should have said.

    Another name for the newest outcome of the row, with a page where it can be put right.
    """

    objects: ClassVar[HeldRows] = HeldRows()  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = _("quarantined row")
        verbose_name_plural = _("quarantined rows")

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_heldrow_change", args=[self.pk])


@append_only
class Problem(models.Model):
    """Something a person should know about a legacy row. It says what and where, never who."""

    class Severity(models.TextChoices):
        INFO = "info", _("For information")
        WARNING = "warning", _("To look at")
        ERROR = "error", _("Not imported")

    run = models.ForeignKey(
        ImportRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="problems"
    )
    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    row = models.BigIntegerField(_("row of the archive"), null=True)  # null: about the whole table
    record = models.PositiveIntegerField(_("record in the file"), null=True)  # null: likewise
    legacy_id = models.UUIDField(_("legacy id"), null=True)  # null: unusable, or the whole table
    code = models.CharField(_("code"), max_length=50)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    field = models.CharField(_("field"), max_length=50, blank=True)
    note = models.CharField(
        _("note"), max_length=300, blank=True, help_text=_("Ids, codes and numbers only.")
    )

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["entity", "row"], name="crm_import_problem_row"),
            # The list, by kind of problem.
            models.Index(fields=["code"], name="crm_import_problem_code"),
            # Search by legacy id.
            models.Index(fields=["legacy_id"], name="crm_import_problem_legacy"),
        )

    class Privacy:
        none = (
            "id",
            "run",
            "entity",
            "row",
            "record",
            "legacy_id",
            "code",
            "severity",
            "field",
            "note",
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.record or ''} {self.code}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_problem_change", args=[self.pk])


@append_only
class ForgottenRow(models.Model):
    """A legacy row of somebody who was erased: later imports pass over it.

    The digest is the SHA-256 of the legacy id, from which nobody finds the id.
    """

    entity = models.CharField(_("table"), max_length=30, choices=Entity.choices)
    digest = models.CharField(_("fingerprint of the legacy id"), max_length=64)

    class Meta:
        verbose_name = _("forgotten row")
        verbose_name_plural = _("forgotten rows")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("digest", "entity"), name="crm_import_forgottenrow_once"
            ),
        )

    class Privacy:
        none = ("id", "entity", "digest")

    def __str__(self) -> str:
        return f"{self.entity} {self.digest[:12]}"

    def get_absolute_url(self) -> str:
        return reverse("admin:crm_import_forgottenrow_change", args=[self.pk])

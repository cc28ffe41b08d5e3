"""What happened to a dossier and its steps."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.history import append_only, tracked
from portal.core.models import Record, User
from referrals.models.dossier_steps import DossierStep
from referrals.models.eap import EAPDossier

# Of a dossier, and of a step.
_STATES = (*EAPDossier.State.choices, *DossierStep.Status.choices)


@append_only
@tracked
class DossierChange(Record):
    """One thing that was done with a dossier or a step of it: what, why, when, and by whom."""

    dossier = models.ForeignKey(
        EAPDossier, verbose_name=_("dossier"), on_delete=models.PROTECT, related_name="changes"
    )
    step = models.ForeignKey(
        DossierStep,
        verbose_name=_("step"),
        on_delete=models.PROTECT,
        null=True,  # null: the dossier itself
        blank=True,
        related_name="changes",
    )
    action = models.SlugField(_("what happened"), max_length=30)
    from_status = models.CharField(_("from"), max_length=15, choices=_STATES, blank=True)
    to_status = models.CharField(_("to"), max_length=15, choices=_STATES, blank=True)
    happened_on = models.DateField(_("when"))
    reason = models.CharField(
        _("why"), max_length=30, choices=EAPDossier.ClosedReason.choices, blank=True
    )
    remark = models.TextField(_("in words"), blank=True)
    override = models.TextField(
        _("why it went ahead"),
        blank=True,
        help_text=_("Said by the one who set a rule aside."),
    )
    packet = models.JSONField(
        _("what was sent"),
        default=dict,
        blank=True,
        db_default={},
        help_text=_("Names of fields and documents and their values on that day."),
    )
    changed_by = models.ForeignKey(
        User,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,  # null: it followed from a consent that was withdrawn
        blank=True,
        related_name="dossier_changes",
    )

    class Meta:
        verbose_name = _("change of a dossier")
        verbose_name_plural = _("changes of dossiers")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason="other") | ~models.Q(remark=""),
                name="referrals_dossierchange_other_in_words",
                violation_error_message=_("Say in words what the other reason is."),
            ),
        )
        indexes = (
            # The way of one dossier, newest first.
            models.Index(
                fields=["dossier", "-created_at", "-id"], name="referrals_dossierchange_of"
            ),
        )

    class Privacy:
        none = (
            "dossier",
            "step",
            "action",
            "from_status",
            "to_status",
            "happened_on",
            "changed_by",
        )
        medical = ("reason",)
        free_text = ("remark", "override", "packet")

    def __str__(self) -> str:
        return self.action

"""Medicine for the patient of a dossier. Its status is changed by verbs only (`supplying`)."""

from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record
from referrals.models.eap import EAPDossier


def _not_before(step: str) -> Q:
    before = {"shipped": "released_on", "delivered": "shipped_on"}[step]
    return Q(**{f"{step}_on__gte": F(before)})


class ShipmentQuerySet(models.QuerySet[Any]):
    """Shipments, in the words of the people who wait for them."""

    def under_way(self) -> Self:
        """Planned, or further, and nobody has it yet."""
        return self.filter(status__in=Shipment.UNDER_WAY)

    def last_stock(self) -> Self:
        """The delivery that lasts longest of each open dossier which has nothing under way."""
        others = Shipment.objects.filter(dossier=OuterRef("dossier")).exclude(pk=OuterRef("pk"))
        lasts_longer = Q(runs_out_on__gt=OuterRef("runs_out_on")) | Q(
            runs_out_on=OuterRef("runs_out_on"), id__gt=OuterRef("pk")
        )
        return self.filter(
            ~Exists(others.filter(Q(status__in=Shipment.UNDER_WAY) | lasts_longer)),
            status=Shipment.Status.DELIVERED,
            dossier__state=EAPDossier.State.OPEN,
        )

    def resupply_due(self, *, today: date) -> Self:
        """The last stock of dossiers for which the next delivery has to be ordered by `today`."""
        return self.last_stock().filter(resupply_by__lte=today)


@tracked
class Shipment(Record):
    """Medicine on its way to one patient's hospital."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RELEASED = "released", _("Released by the sponsor")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        LOST = "lost", _("Lost")
        RETURNED = "returned", _("Returned")
        CANCELLED = "cancelled", _("Cancelled")

    class Reason(models.TextChoices):
        COLD_CHAIN = "cold_chain", _("Cold chain broken")
        DAMAGED = "damaged", _("Damaged")
        EXPIRED = "expired", _("Expired, or too close to it")
        WRONG_GOODS = "wrong_goods", _("Not what was ordered")
        CUSTOMS = "customs", _("Held by customs")
        CARRIER = "carrier", _("Lost by the carrier")
        NOT_NEEDED = "not_needed", _("Not needed any more")
        PATIENT_CLOSED = "patient_closed", _("The patient's record was closed")
        DOSSIER_CLOSED = "dossier_closed", _("The dossier was closed")
        NO_CONSENT = "no_consent", _("The consent to share was withdrawn")
        OTHER = "other", _("Another reason")

    UNDER_WAY: ClassVar[tuple[str, ...]] = ("planned", "released", "shipped")

    dossier = models.ForeignKey(
        EAPDossier, verbose_name=_("dossier"), on_delete=models.PROTECT, related_name="shipments"
    )
    product = models.CharField(
        _("product and presentation"),
        max_length=200,
        help_text=_("As on the label: “Hopeximab 50 mg, vial”."),
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    unit = models.CharField(_("unit"), max_length=50, help_text=_("“vials”, “tablets”"))
    lasts_days = models.PositiveSmallIntegerField(
        _("lasts for days"),
        null=True,  # null: not known, so nobody can say when it runs out
        blank=True,
        help_text=_("How long all of it lasts this patient."),
    )
    batch = models.CharField(_("batch"), max_length=50, blank=True)
    expires_on = models.DateField(
        _("use by"),
        null=True,  # null: not said yet
        blank=True,
        help_text=_("The last day on which it may be used."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PLANNED
    )
    planned_for = models.DateField(
        _("planned for"),
        null=True,  # null: no day agreed
        blank=True,
        help_text=_("When it should be at the hospital."),
    )
    released_on = models.DateField(_("released"), null=True, blank=True)  # null: not yet
    shipped_on = models.DateField(_("shipped"), null=True, blank=True)  # null: not yet
    delivered_on = models.DateField(_("delivered"), null=True, blank=True)  # null: not yet
    ended_on = models.DateField(
        _("lost, returned or cancelled"),
        null=True,  # null: none of them
        blank=True,
    )
    reason = models.CharField(_("why"), max_length=15, choices=Reason.choices, blank=True)
    carrier = models.CharField(_("carrier"), max_length=100, blank=True)
    tracking_reference = models.CharField(_("tracking reference"), max_length=100, blank=True)
    received_by = models.CharField(
        _("received by"), max_length=200, blank=True, help_text=_("Who signed for it, and where.")
    )
    remark = models.TextField(_("remark"), blank=True)
    runs_out_on = models.DateField(
        _("runs out"),
        null=True,  # null: not delivered, or nobody knows how long it lasts
        blank=True,
        help_text=_("The first day without it, after what was delivered before."),
    )
    resupply_by = models.DateField(
        _("order again by"),
        null=True,  # null: as for `runs_out_on`
        blank=True,
    )

    objects: ClassVar[ShipmentQuerySet] = ShipmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ("-created_at", "-id")
        constraints = (
            one_of(
                *("status", "planned", "released", "shipped", "delivered"),
                *("lost", "returned", "cancelled"),
                name="referrals_shipment_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(product="") & ~Q(unit="") & Q(quantity__gt=0),
                name="referrals_shipment_says_what",
                violation_error_message=_("Say what is sent: product, quantity and unit."),
            ),
            models.CheckConstraint(
                condition=Q(lasts_days=None) | Q(lasts_days__gt=0),
                name="referrals_shipment_lasts",
                violation_error_message=_("It lasts for a day at least."),
            ),
            models.CheckConstraint(
                condition=(Q(released_on=None) | Q(shipped_on=None) | _not_before("shipped"))
                & (Q(shipped_on=None) | Q(delivered_on=None) | _not_before("delivered")),
                name="referrals_shipment_in_order",
                violation_error_message=_("Released, shipped, delivered: each after the other."),
            ),
            models.CheckConstraint(
                condition=(~Q(status__in=("shipped", "delivered")) | Q(shipped_on__isnull=False))
                & (~Q(status="released") | Q(released_on__isnull=False))
                & (~Q(status="delivered") | Q(delivered_on__isnull=False)),
                name="referrals_shipment_says_when",
                violation_error_message=_("Say when it was released, shipped or delivered."),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("lost", "returned", "cancelled"),
                    ended_on__isnull=False,
                    reason__gt="",
                )
                | Q(
                    status__in=("planned", "released", "shipped", "delivered"),
                    ended_on=None,
                    reason="",
                ),
                name="referrals_shipment_end_has_reason",
                violation_error_message=_("What is lost, returned or cancelled has a reason."),
            ),
            models.CheckConstraint(
                condition=~Q(reason="other") | ~Q(remark=""),
                name="referrals_shipment_other_in_words",
                violation_error_message=_("Say in words what the other reason is."),
            ),
            models.CheckConstraint(
                condition=~Q(status="delivered")
                | Q(expires_on=None)
                | Q(expires_on__gte=F("delivered_on")),
                name="referrals_shipment_delivered_in_date",
                violation_error_message=_(
                    "It had expired when it arrived. Write it down as returned."
                ),
            ),
            models.CheckConstraint(
                condition=Q(status="delivered") | Q(runs_out_on=None, resupply_by=None),
                name="referrals_shipment_only_stock_runs_out",
                violation_error_message=_("Only what was delivered can run out."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-created_at", "-id"], name="referrals_shipment_newest"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="referrals_shipment_changed"),
            # The queue of what has to be ordered again, the most urgent first.
            models.Index(
                fields=["resupply_by", "id"],
                condition=Q(status="delivered"),
                name="referrals_shipment_resupply",
            ),
        )

    class Privacy:
        none = (
            "dossier",
            "quantity",
            "unit",
            "batch",
            "expires_on",
            "status",
            "planned_for",
            "released_on",
            "shipped_on",
            "delivered_on",
            "ended_on",
            "carrier",
        )
        identifying = ("tracking_reference", "received_by")
        medical = ("product", "lasts_days", "reason", "runs_out_on", "resupply_by")
        free_text = ("remark",)

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit}, {self.product}"

    def get_absolute_url(self) -> str:
        return reverse("admin:referrals_shipment_change", args=[self.pk])

    @property
    def is_under_way(self) -> bool:
        return self.status in self.UNDER_WAY

    @property
    def since(self) -> date | None:
        """The last day on which something happened to it; None when it is only planned."""
        return self.ended_on or self.delivered_on or self.shipped_on or self.released_on

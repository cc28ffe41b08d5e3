"""Planned calls: booked by the verb, never by typing in a status."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from bookings import queues
from bookings.admin import times
from bookings.admin.changing import VERBS
from bookings.admin.completing import CompleteCall
from bookings.admin.heeding import HeedsNo, named_patient, no_mail, reason_field
from bookings.admin.week import week
from bookings.discarding import is_discardable
from bookings.models import Booking
from bookings.scheduling import book
from bookings.telling import remind
from patients.models import Patient
from patients.overriding import may_override
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RecordAdmin,
)
from portal.core.admin.display import (
    NOTHING,
    badge,
    choice_badge,
    moment,
    phone_link,
    record_link,
    two_lines,
)
from portal.core.admin.forms import RecordForm

SEARCH_HELP = gettext_lazy("The patient: start of a name, e-mail or its domain, or phone digits")


class NewBookingForm(RecordForm):
    """A call to plan: with whom, when and for how long."""

    # A slot that was held and not booked in time is in nobody's way.
    left_to_verb = ("patient", "navigator")

    slot = times.times_field()
    minutes = times.length_field()
    afterwards = times.afterwards_field()
    override = reason_field(gettext_lazy("Why they are called anyway"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["navigator"].help_text = _("Left empty, somebody who is free is assigned.")
        self.fields["starts_at"].required = False
        self.fields["starts_at"].label = _("Another time")
        times.offer(
            self,
            navigator_id=times.as_id(self["navigator"].value()),
            patient=self._patient(),
        )

    def _patient(self) -> Patient | None:
        """Whom the call is with, as far as that has been said."""
        patient_id = times.as_id(self["patient"].value())
        people = Patient.objects.only("language", "time_zone")
        return people.filter(pk=patient_id).first() if patient_id else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        when = times.chosen(self, cleaned)
        if when is not None:
            cleaned["starts_at"], self.instance.ends_at = when.starts_at, when.ends_at
        return cleaned


class WhenFilter(DropdownFilter):  # type: ignore[misc]
    """The queues that navigators ask for."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("missing", _("Outcome missing")),
            ("rebook", _("To rebook")),
            ("upcoming", _("To come")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        if self.value() == "today":
            return queues.calls_today(now, queryset)
        if self.value() == "missing":
            return queues.outcome_missing(now, queryset)
        if self.value() == "rebook":
            return queues.to_rebook(now, queryset)
        if self.value() == "upcoming":
            return queryset.upcoming(now=now)
        return queryset


def booking_status(booking: Booking) -> str:
    """The status, or that somebody has to say how the call went, or that a hold ran out."""
    now = timezone.now()
    if booking.is_outcome_missing(now=now):
        return badge("missing", _("Outcome missing"), "red")
    if booking.held_until is not None and booking.held_until <= now:
        return badge("expired", _("Hold ran out"), "grey")
    return choice_badge(booking, "status")


def minutes_of(booking: Booking) -> str:
    length = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
    return _("%(count)d min") % {"count": length}


@admin.register(Booking)
class BookingAdmin(HeedsNo, RecordAdmin):
    """Planned calls."""

    list_display = ("when", "patient", "navigator", "status_shown")
    list_filter = (
        WhenFilter,
        ("status", ChoicesFilter),
        ("navigator", AutocompleteFilter),
        ("starts_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    search_fields = ("patient__search",)
    search_help_text = SEARCH_HELP
    autocomplete_fields = ("patient", "navigator")
    autocomplete_related = ("patient",)
    readonly_fields = (
        "patient",
        "navigator",
        "starts_at",
        "ends_at",
        "status",
        "held_until",
        "no_show_by",
        "cancelled_by",
        "cancel_reason",
        "rescheduled_to",
        "submission",
    )
    fieldsets = (
        (
            gettext_lazy("The call"),
            {
                "description": gettext_lazy(
                    "Time and status are changed by what happens to the call, not typed in."
                ),
                "fields": (
                    ("patient", "navigator"),
                    ("starts_at", "ends_at"),
                    "reminder_at",
                    ("patient_time_zone", "submission"),
                ),
            },
        ),
        (
            gettext_lazy("What became of it"),
            {
                "description": gettext_lazy("Filled in as the call is held, missed or moved."),
                "fields": (
                    ("status", "held_until"),
                    ("no_show_by", "rescheduled_to"),
                    ("cancelled_by", "cancel_reason"),
                ),
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("The call"),
            {
                "description": gettext_lazy(
                    "A time that either of them has already is refused. Times are in your zone."
                ),
                "fields": (
                    ("patient", "navigator"),
                    "slot",
                    ("starts_at", "minutes"),
                    "afterwards",
                    "reminder_at",
                    "patient_time_zone",
                ),
            },
        ),
    )
    opens = ("patient",)
    custom_urls = (("week/", "bookings_booking_week", week),)
    verbs = (CompleteCall(), *VERBS)
    reason_name = "override"

    def may_give_reason(self, request: HttpRequest) -> bool:
        return may_override(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Above a new call: that its patient gets no mail about it."""
        fieldsets = super().get_fieldsets(request, obj)
        patient = named_patient(request) if obj is None else None
        unsaid = no_mail(patient) if patient is not None else ""
        if not unsaid:
            return fieldsets
        return ((_("No mail"), {"description": unsaid, "fields": ()}), *fieldsets)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient", "navigator").defer("patient__search")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The booking; in a POST it is locked after its patient, as the verbs do.

        Setting another time for the reminder adds a row that points at the patient.
        """
        if request.method == "POST" and (booking_id := times.as_id(object_id)) is not None:
            with transaction.atomic():
                people = Patient.objects.filter(bookings=booking_id).only("pk")
                people.select_for_update(of=("self",), no_key=True).first()
        return super().get_object(request, object_id, from_field)

    @admin.display(description=gettext_lazy("when"), ordering="starts_at")
    def when(self, booking: Booking) -> str:
        return two_lines(moment(booking.starts_at), minutes_of(booking))

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, booking: Booking) -> str:
        return booking_status(booking)

    @classmethod
    def autocomplete_label(cls, record: Booking) -> str:
        return f"{moment(record.starts_at)} · {record.patient} · {record.get_status_display()}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.readonly_fields if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        return super().get_form(request, obj, change=change, **{"form": NewBookingForm, **kwargs})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"navigator": request.user.pk, **super().get_changeform_initial_data(request)}

    def facts(self, request: HttpRequest, record: Booking) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Phone"), phone_link(record.patient.phone)),
            Fact(_("When"), two_lines(moment(record.starts_at), minutes_of(record))),
            Fact(_("For the patient"), self._their_time(record)),
            Fact(_("Status"), booking_status(record)),
        ]

    def _their_time(self, booking: Booking) -> str:
        """The time on the patient's own clock; the dash when nobody knows where that is."""
        if not booking.patient_time_zone:
            return NOTHING
        with timezone.override(booking.patient_time_zone):
            return two_lines(moment(booking.starts_at), booking.patient_time_zone)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete: bool = super().has_delete_permission(request, obj)
        return may_delete and (obj is None or is_discardable(obj, now=timezone.now()))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new call is booked by the verb, which refuses a time that is taken."""
        if change:
            super().save_model(request, obj, form, change)
            remind(obj, now=timezone.now())
            return
        booking = book(
            patient_id=obj.patient_id,
            navigator_id=obj.navigator_id,
            language="" if obj.navigator_id else obj.patient.language,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            reminder_at=obj.reminder_at,
            patient_time_zone=obj.patient_time_zone,
            override=form.cleaned_data.get("override", ""),
            afterwards=form.cleaned_data["afterwards"],
            by=request.user,  # type: ignore[arg-type]
        )
        obj.pk = booking.pk
        obj._state.adding = False
        if unsaid := no_mail(booking.patient):
            self.message_user(request, unsaid, messages.WARNING)

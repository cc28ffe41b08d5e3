"""No state, outcome or decision but the known ones."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_indexes_once"),
        ("patients", "0013_known_states_and_filters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ("held", "booked", "completed", "no_show", "cancelled", "rescheduled"),
                    )
                ),
                name="bookings_booking_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        (
                            "reached",
                            "third_party",
                            "voicemail",
                            "no_answer",
                            "wrong_number",
                            "refused",
                        ),
                    )
                ),
                name="bookings_call_outcome_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ("", "pursue", "disqualify", "think"))),
                name="bookings_call_decision_known",
                violation_error_message="This is no known choice.",
            ),
        ),
    ]

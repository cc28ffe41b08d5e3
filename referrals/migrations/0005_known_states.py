"""No state or status but the known ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0013_known_states_and_filters"),
        ("referrals", "0004_indexes_once"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="clinicaltrial",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        (
                            "NOT_YET_RECRUITING",
                            "RECRUITING",
                            "ENROLLING_BY_INVITATION",
                            "ACTIVE_NOT_RECRUITING",
                            "SUSPENDED",
                            "TERMINATED",
                            "COMPLETED",
                            "WITHDRAWN",
                            "AVAILABLE",
                            "NO_LONGER_AVAILABLE",
                            "TEMPORARILY_NOT_AVAILABLE",
                            "APPROVED_FOR_MARKETING",
                            "WITHHELD",
                            "UNKNOWN",
                        ),
                    )
                ),
                name="referrals_clinicaltrial_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ctreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        (
                            "draft",
                            "ineligible",
                            "eligible",
                            "declined",
                            "referred",
                            "acknowledged",
                            "screening",
                            "screen_failed",
                            "enrolled",
                            "completed",
                            "discontinued",
                            "site_declined",
                            "withdrawn",
                            "trial_closed",
                            "lost_contact",
                            "deceased",
                        ),
                    )
                ),
                name="referrals_ctreferral_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ctreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        (
                            "pending",
                            "enrolled",
                            "screen_failed",
                            "withdrawn",
                            "site_declined",
                            "other",
                        ),
                    )
                ),
                name="referrals_ctreferral_outcome_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossierstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        (
                            "not_started",
                            "in_preparation",
                            "submitted",
                            "questions",
                            "approved",
                            "rejected",
                            "not_required",
                            "waived",
                            "expired",
                            "cancelled",
                        ),
                    )
                ),
                name="referrals_dossierstep_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="eapdossier",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("open", "closed"))),
                name="referrals_eapdossier_state_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="trialsite",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        (
                            "NOT_YET_RECRUITING",
                            "RECRUITING",
                            "ENROLLING_BY_INVITATION",
                            "ACTIVE_NOT_RECRUITING",
                            "SUSPENDED",
                            "TERMINATED",
                            "COMPLETED",
                            "WITHDRAWN",
                            "AVAILABLE",
                            "NO_LONGER_AVAILABLE",
                            "TEMPORARILY_NOT_AVAILABLE",
                            "APPROVED_FOR_MARKETING",
                            "WITHHELD",
                            "UNKNOWN",
                        ),
                    )
                ),
                name="referrals_trialsite_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
    ]

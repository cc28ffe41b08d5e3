"""No state but the known ones, and indexes for the filters that had none."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0012_indexes_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["purpose", "-decided_at", "-id"], name="patients_consent_purpose"
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["decision", "-decided_at", "-id"], name="patients_consent_decision"
            ),
        ),
        migrations.AddIndex(
            model_name="contactpoint",
            index=models.Index(fields=["kind", "-id"], name="patients_contactpoint_kind"),
        ),
        migrations.AddIndex(
            model_name="contactpoint",
            index=models.Index(fields=["origin", "-id"], name="patients_contactpoint_origin"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["source", "-received_at", "-id"], name="patients_submission_source"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["match", "-received_at", "-id"], name="patients_submission_match"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ("given", "refused", "withdrawn"))),
                name="patients_consent_decision_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        (
                            "planned",
                            "withdrawn",
                            "approved",
                            "failed",
                            "files_left",
                            "erased",
                            "traces_left",
                            "verified",
                        ),
                    )
                ),
                name="patients_erasurerequest_state_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fieldproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("open", "accepted", "rejected"))),
                name="patients_fieldproposal_state_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("lead", "patient", "closed"))),
                name="patients_patient_stage_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="possibleduplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("open", "later", "same", "different"))),
                name="patients_possibleduplicate_state_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="stagechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_stage__in", ("lead", "patient", "closed"))),
                name="patients_stagechange_from_stage_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="stagechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_stage__in", ("lead", "patient", "closed"))),
                name="patients_stagechange_to_stage_known",
                violation_error_message="This is no known choice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("waiting", "sending", "sent", "dropped", "set_aside"))
                ),
                name="patients_message_status_known",
                violation_error_message="This is no known choice.",
            ),
        ),
    ]

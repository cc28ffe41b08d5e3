"""`manage.py serve`: the demonstration is there as a whole or not at all."""

import pytest

from patients.models import Patient
from portal import demo
from portal.management.commands.serve import Command


def test_demonstration_that_is_stopped_half_way_is_made_again(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_navigators: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(demo, "share_out", stop)
        with pytest.raises(KeyboardInterrupt):
            Command().fill(people=10)
    assert not Patient.objects.exists()

    Command().fill(people=10)

    assert Patient.objects.open().exists()
    imported = Patient.objects.open().filter(submissions__source="legacy_crm")
    assert not imported.filter(owner=None).exists()

"""Dossiers in the workplace.

`dossiers` and `steps` are their pages, `changes` their way, `dossier_verbs` and `step_verbs` what
can be done with them, `ahead` what is to be expected.
"""

from referrals.admin.eap import changes, dossiers, steps

__all__ = ("changes", "dossiers", "steps")

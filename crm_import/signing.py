"""Standing for a reconciliation: who signed it, when, and with what remark. Nothing takes it back.

What was counted is frozen already. Who changes their mind signs again.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from crm_import.models import Verification, VerificationSignature
from portal.core.errors import Refused
from portal.core.models import User


def sign(*, verification_id: UUID, by: User, remark: str = "") -> VerificationSignature:
    """Sign it, and return the signature. One that does not add up needs a remark.

    Raises Refused.
    """
    verification = Verification.objects.get(pk=verification_id)
    remark = remark.strip()
    if not verification.adds_up and not remark:
        message = _("This does not add up. Say in the remark why you sign it all the same.")
        raise Refused(message, code="remark_missing")
    signature = VerificationSignature(verification=verification, by=by, remark=remark)
    signature.full_clean()
    signature.save(force_insert=True)
    return signature

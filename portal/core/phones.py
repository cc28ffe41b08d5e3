"""Phone numbers: whatever way they are typed, stored as E.164."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def to_e164(raw: str, *, country: str = "") -> str:
    """`raw` as E.164 (`+31612345678`); an empty string stays empty.

    `country` (ISO 3166-1 alpha-2) is used for a number without a country code. Raises
    ValidationError when the number cannot be a phone number in that country.
    """
    if not raw.strip():
        return ""
    try:
        number = phonenumbers.parse(raw, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValidationError(
            _(
                "This is no complete phone number. Begin with + and the country code, "
                "for example +31 6 12345678, or fill in the country."
            ),
            code="invalid_phone",
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def for_people(e164: str) -> str:
    """An E.164 number the way people write it: `+31 6 12345678`. Returns odd input unchanged."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))

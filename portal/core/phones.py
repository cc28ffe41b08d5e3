"""Phone numbers: whatever way they are typed, stored as E.164."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Shorter national numbers exist on small islands, whose plans are known.
_LONG_ENOUGH = 7


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
    if number is None or not _is_complete(number):
        raise ValidationError(
            _(
                "This is no complete phone number. Begin with + and the country code, "
                "for example +31 6 12345678, or fill in the country."
            ),
            code="invalid_phone",
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _is_complete(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it can be dialled: a number of a known plan, or one that is long enough for any.

    Plans grow, so one that is not known yet is taken. But the shape of a country's short numbers
    is possible for every number of a few digits, which is mostly one that was not typed to its end.
    """
    digits = str(phonenumbers.national_significant_number(number))
    return phonenumbers.is_possible_number(number) and (
        len(digits) >= _LONG_ENOUGH or phonenumbers.is_valid_number(number)
    )


def for_people(e164: str) -> str:
    """An E.164 number the way people write it: `+31 6 12345678`. Returns odd input unchanged."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))

"""Telephone numbers as people write them, made fit to be dialled (rule N-1)."""

from __future__ import annotations

import re

import phonenumbers

_PUNCTUATION = str.maketrans("", "", "()-.")
_E164 = re.compile(r"\+[1-9][0-9]{0,14}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_LONGEST_SHORT = 6
_LONGEST = 15


def canonical(text: str, country: str = "") -> str | None:
    """Return the number in E.164 where that can be told, else its digits; None: it is no number.

    `country` (ISO 3166, two letters) is where a national number belongs.  Emergency numbers, short
    codes and extensions stay as they are: E.164 has no room for them.
    """
    number = "".join(text.split()).translate(_PUNCTUATION)
    if _E164.fullmatch(number):
        return number
    if not _DIGITS.fullmatch(number):
        return None
    # First of all: "911" would become "+1911", a number of nobody.
    if len(number) > _LONGEST_SHORT and country:
        international = _international(number, country.upper())
        if international:
            return international
    return number if len(number) <= _LONGEST else None


def _international(number: str, country: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    # Not `is_valid_number`: new ranges, and the 555 of every example, are possible and not valid.
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

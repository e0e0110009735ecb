"""Whom to dial, and as whom: `To` and `From` of a call that is asked for."""

from __future__ import annotations

import re
from dataclasses import replace

from b2bua.api.errors import BAD_FROM, BAD_TO, bad
from b2bua.rcml.addresses import Address, AddressError, read_address, sip_uri
from b2bua.rcml.numbers import canonical
from b2bua.routing.plan import Target

_NAME = re.compile(r"(client:)?[A-Za-z0-9+_.-]{1,64}")


def read_target(to: str, country: str) -> Target:
    """Return the target that `to` names: a telephone number, or a SIP URI; each with headers.

    Raises:
        ApiError: it can't be dialled.
    """
    try:
        address = read_address(to)
        target = _sip(address) if _is_sip(to) else _number(address, country)
    except AddressError as problem:
        raise bad("To", str(problem), BAD_TO) from None
    if address.refused:
        raise bad("To", f"the header {address.refused[0]:.64} may not be set", BAD_TO)
    return replace(target, headers=address.headers)


def read_from(text: str, country: str) -> str:
    """Return the number, or the name, that the call comes from.

    Raises:
        ApiError: it is neither.
    """
    number = canonical(text, country)
    if number is None and not _NAME.fullmatch(text):
        raise bad("From", "this should be a telephone number or a name", BAD_FROM)
    return number or text


def _is_sip(to: str) -> bool:
    return re.match(r"\s*sips?:", to, re.IGNORECASE) is not None


def _sip(address: Address) -> Target:
    return Target(uri=sip_uri(address.text))


def _number(address: Address, country: str) -> Target:
    number = canonical(address.text, country)
    if number is None:
        raise AddressError("this should be a telephone number in E.164, or a SIP URI")
    return Target(number=number)

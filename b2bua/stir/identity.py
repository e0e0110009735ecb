"""The Identity header field, in which a PASSporT crosses SIP (RFC 8224 section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from b2bua.stir.passport import EXTENSION, PassportFault, Signed, read

MOST = 5
"""How many Identity fields are looked at; an INVITE may carry one for each kind of PASSporT."""

_FIELD = re.compile(
    r"""(?x) ([A-Za-z0-9_=.-]+)                                # the token, in full form
        ((?: [ \t]*+;[ \t]*+ [A-Za-z0-9-]+ (?: = (?: <[^<>"]*> | "[^"\\]*" | [^;\s"<>]+ ) )? )*)
    """
)
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9-]+)(?:=(?:<([^<>"]*)>|"([^"\\]*)"|([^;\s"<>]+)))?')


@dataclass(frozen=True, slots=True)
class IdentityFault:
    """Why no Identity field of a request can be verified."""

    reason: str


def write(token: str, certificate_url: str) -> str:
    """Return the value of the field; `certificate_url` is the token's, and holds no `>`."""
    return f"{token};info=<{certificate_url}>;alg=ES256;ppt={EXTENSION}"


def find(values: list[str]) -> Signed | IdentityFault | None:
    """Return the SHAKEN PASSporT of a request's Identity fields; None: there is none.

    A field with another `ppt` is no concern of ours and is passed over (section 6.2).
    """
    fault: IdentityFault | None = None
    for value in values[:MOST]:
        match = _FIELD.fullmatch(value.strip())
        if match is None:
            fault = fault or IdentityFault("an Identity field is malformed")
            continue
        parameters = {name.lower(): _given(rest) for name, *rest in _PARAMETER.findall(match[2])}
        if parameters.get("ppt") != EXTENSION:
            continue
        found = _read(match[1], parameters)
        if isinstance(found, Signed):
            return found
        fault = fault or found
    return fault


def _read(token: str, parameters: dict[str, str]) -> Signed | IdentityFault:
    signed = read(token)
    if isinstance(signed, PassportFault):
        return IdentityFault(signed.reason)
    if parameters.get("info") != signed.passport.certificate_url:
        return IdentityFault("info and x5u name different certificates")
    return signed


def _given(alternatives: list[str]) -> str:
    return next((text for text in alternatives if text), "")

"""`[[trunks]]`: who carries calls for us, and whose calls we take."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from b2bua.app.addresses import Network, read_network
from b2bua.app.settings_file import Section
from b2bua.app.stir_settings import TrunkStir
from b2bua.sip.uri import Uri, read_uri


def _uri(value: object) -> Uri:
    match read_uri(value) if isinstance(value, str) else value:
        case Uri(user=None, headers=()) as uri:
            return uri
        case Uri():
            raise ValueError("a trunk's URI has no user and no headers: calls add their number")
        case _:
            raise ValueError("this should be a SIP URI, for example sip:192.0.2.1:5060")


Networks = tuple[Annotated[Network, BeforeValidator(read_network)], ...]


class TrunkEntry(Section):
    """One carrier.  `prefixes` empty: it carries every number.

    `asserted_identity`: it is in our network of trust, so it is told who calls by
    P-Asserted-Identity, and believed (RFC 3325).
    """

    name: Annotated[str, Field(min_length=1)]
    uri: Annotated[Uri, BeforeValidator(_uri)]
    username: str = ""
    password: Annotated[str, Field(repr=False)] = ""
    register_: Annotated[bool, Field(alias="register")] = False
    inbound_from: Networks = ()
    prefixes: tuple[str, ...] = ()
    asserted_identity: bool = False
    stir: TrunkStir | None = None

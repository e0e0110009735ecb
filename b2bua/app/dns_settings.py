"""`[dns]`: whom we ask where a host name leads."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from b2bua.app.addresses import read_address, read_place
from b2bua.app.settings_file import Section
from b2bua.net.dns import DNS_PORT, Server


def _server(text: str) -> str:
    _place(text)
    return text


def _place(text: str) -> Server:
    bare = text.removeprefix("[").removesuffix("]")
    if (":" in bare and bare.count(":") == 1) or "]:" in text:
        return read_place(text)
    return str(read_address(bare)), DNS_PORT


class DnsSettings(Section):
    """`servers` are addresses, each with a port where that is not 53; none: the machine's."""

    servers: tuple[Annotated[str, AfterValidator(_server)], ...] = ()

    @property
    def places(self) -> tuple[Server, ...]:
        """`servers`, read."""
        return tuple(_place(text) for text in self.servers)

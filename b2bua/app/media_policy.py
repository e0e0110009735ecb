"""Which session descriptions are fit for use at this site (limits.md, SDP targets)."""

from __future__ import annotations

from collections.abc import Collection

from b2bua.app.settings import Settings
from b2bua.sdp.description import Description, SdpFault, read_description
from b2bua.sdp.targets import refused_media


class MediaPolicy:
    """Reads descriptions, and refuses those that would have us send where we must not.

    `our_addresses` are the numeric addresses of our media; `our_ports` the ports we listen on.
    """

    def __init__(
        self, settings: Settings, our_addresses: Collection[str], our_ports: Collection[int]
    ) -> None:
        self._our_addresses = our_addresses
        self._our_ports = frozenset(our_ports)
        self._allow = settings.media.allow
        self._port_min = settings.limits.media_port_min

    def read(self, body: bytes) -> Description | SdpFault:
        """Return the description in `body`, or what is wrong with it."""
        description = read_description(body)
        if isinstance(description, SdpFault):
            return description
        refused = refused_media(
            description,
            our_addresses=self._our_addresses,
            allow=self._allow,
            port_min=self._port_min,
            our_ports=self._our_ports,
        )
        return description if refused is None else SdpFault(refused)

"""Which addresses media is bound to, and which are written in SDP."""

from __future__ import annotations

from b2bua.app.settings import Settings
from b2bua.media.relay import Interface
from b2bua.net.local import WILDCARDS, route_source

# Any address of the public Internet does: nothing is sent, only the route is asked for.
_FAR = {False: "192.0.2.1", True: "2001:db8::1"}
_LOOPBACK = {False: "127.0.0.1", True: "::1"}


def interfaces(settings: Settings) -> tuple[Interface | None, Interface | None]:
    """Return where IPv4 and IPv6 media live; None for a family that SIP does not listen on."""
    return _interface(settings, v6=False), _interface(settings, v6=True)


def our_addresses(settings: Settings) -> list[str]:
    """Return the addresses that peers see in our SDP, and those that sockets are bound to."""
    found = [one for one in interfaces(settings) if one is not None]
    return [
        address
        for one in found
        for address in {one.bound, one.advertised}
        if address and address not in WILDCARDS
    ]


def _interface(settings: Settings, *, v6: bool) -> Interface | None:
    bound = [place.host for _, place in settings.sip.places if (":" in place.host) == v6]
    written = settings.media.address6 if v6 else settings.media.address
    if not bound:
        return Interface(written, written) if written else None
    if bound[0] not in WILDCARDS:
        return Interface(bound[0], written or bound[0])
    return Interface(bound[0], written or route_source(_FAR[v6]) or _LOOPBACK[v6])

"""Our Contact, at each of our ends."""

from __future__ import annotations

import pytest

from b2bua.app.outbound import contact_at
from b2bua.net.local import Local


@pytest.mark.parametrize(
    ("transport", "plain", "secured"),
    [
        ("udp", "sip:192.0.2.1:5060", "sip:192.0.2.1:5060"),
        ("tcp", "sip:192.0.2.1:5060;transport=tcp", "sip:192.0.2.1:5060;transport=tcp"),
        ("tls", "sip:192.0.2.1:5060;transport=tls", "sips:192.0.2.1:5060"),
        ("wss", "sip:192.0.2.1:5060;transport=wss", "sips:192.0.2.1:5060;transport=ws"),
    ],
)
def test_a_contact_is_as_secure_as_the_request_uri_where_its_transport_is(
    transport: str, plain: str, secured: str
) -> None:
    local = Local(transport, "192.0.2.1", 5060)
    assert contact_at(local) == plain
    assert contact_at(local, secured=True) == secured

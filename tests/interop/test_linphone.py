"""Linphone registers by digest (SHA-256) and is rung by the name of its user.

pytest -m interop tests/interop/test_linphone.py
"""

from __future__ import annotations

import pytest

from tests.interop.peers import Company, interop
from tests.support.child import until

linphone = interop("Debian's linphone-cli", "linphonec")

SETTINGS = """
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8"]
[[users]]
name = "bob"
password = "builder"
[[numbers]]
number = "*"
router = "static"
targets = ["client:{user}"]
"""


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@linphone
async def test_a_registered_linphone_answers_a_call_for_its_user(
    company: Company, transport: str
) -> None:
    daemon = await company.daemon(SETTINGS)
    registrar = f"127.0.0.1:{daemon.sip_port}"
    bob = await company.linphone(
        "bob", registrar=registrar, password="builder", transport=transport
    )

    async def is_registered() -> bool:
        return bool((await daemon.counters())["contacts"] == 1)

    assert await until(company.reactor, is_registered, 15), bob.told()
    alice = company.sipp("uac_call", target=daemon.sip_port, user="bob", hold=1_000)
    await alice.run()
    await daemon.until_over()
    await daemon.stop()

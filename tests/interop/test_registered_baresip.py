"""Two baresips register by digest and call each other through us: hold, keys, and goodbye.

pytest -m interop tests/interop/test_registered_baresip.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import deferLater

from tests.interop.peers import Company, interop
from tests.interop.test_baresip import ALICE, BOB, hears, until_closed, until_established
from tests.support.authority import Authority, uri
from tests.support.child import until

baresip = interop("Debian's baresip-core", "baresip")

USERS = """
[[users]]
name = "alice"
password = "wonderland"
[[users]]
name = "bob"
password = "builder"
[[numbers]]
number = "*"
router = "static"
targets = ["client:{user}"]
"""
MD5 = 'digest_md5 = "only"'  # baresip 1.0.0 stops at a challenge that it cannot read
PASSWORDS = {"alice": "wonderland", "bob": "builder"}


@pytest.mark.parametrize(
    "transport",
    [
        "udp",
        pytest.param("tcp", marks=pytest.mark.slow),
        pytest.param("tls", marks=pytest.mark.slow),
    ],
)
@baresip
async def test_registered_phones_call_each_other_by_name(company: Company, transport: str) -> None:
    authority = Authority()
    files = authority.issue(uri("sip:127.0.0.1")).write(company.folder, trusting=authority.pem)
    both = company.folder / "phone.pem"
    both.write_bytes(Path(files.certificate).read_bytes() + Path(files.private_key).read_bytes())
    secured = company.free_port("127.0.0.1")
    tls = f'[tls]\ncertificate = "{files.certificate}"\nprivate_key = "{files.private_key}"\n'
    daemon = await company.daemon(tls + USERS, listen=(f"tls:127.0.0.1:{secured}",), limits=MD5)
    port = secured if transport == "tls" else daemon.sip_port
    alice, bob = [
        await company.baresip(
            name,
            tone=tone,
            transport=transport,
            certificate=both,
            registrar=f"127.0.0.1:{port}",
            password=PASSWORDS[name],
        )
        for name, tone in (("alice", ALICE), ("bob", BOB))
    ]

    async def both_are_registered() -> bool:
        return bool((await daemon.counters())["contacts"] == 2)

    assert await until(company.reactor, both_are_registered, 10), alice.told()
    await alice.dial(port, "bob")
    await until_established(alice, bob)
    await deferLater(company.reactor, 2)
    await alice.press("42")
    await bob.until_told("CALL_DTMF_START", 2)
    assert bob.events("CALL_DTMF_START") == ["4", "2"]
    await alice.do("hold")
    await deferLater(company.reactor, 1)
    await alice.do("resume")
    await deferLater(company.reactor, 1)
    assert bob.told().count("got re-INVITE (SDP Offer)") == 2
    await alice.do("hangup")
    await until_closed(bob)
    await daemon.until_over()
    assert hears(alice.heard()[: 4 * 8_000], BOB)
    assert hears(bob.heard()[: 4 * 8_000], ALICE)
    await daemon.stop()


@baresip
async def test_a_wrong_password_registers_nobody(company: Company) -> None:
    daemon = await company.daemon(USERS, limits=MD5)
    bob = await company.baresip("bob", registrar=f"127.0.0.1:{daemon.sip_port}", password="wrong")

    async def is_refused_twice() -> bool:
        return bool((await daemon.counters())["refused"].get("unauthenticated", 0) >= 2)

    assert await until(company.reactor, is_refused_twice, 10), bob.told()
    assert (await daemon.counters())["contacts"] == 0
    await daemon.stop()

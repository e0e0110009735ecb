"""SIPVicious as the attacker: it finds the daemon, and nothing in it.

sipvicious_svmap -b 127.0.0.1 -P LOCAL -p PORT 127.0.0.1
sipvicious_svwar -b 127.0.0.1 -P LOCAL -p PORT -e 104,1000-1003 -m INVITE --force 127.0.0.1
sipvicious_svcrack -b 127.0.0.1 -P LOCAL -p PORT -u 104 -r 1-20 127.0.0.1
"""

from __future__ import annotations

import re

import pytest

from tests.interop.peers import Company, interop
from tests.support.child import free_port
from tests.support.daemon import Daemon

A_USER, A_NUMBER = 104, 105
SITE = """
[[users]]
name = "104"
password = "7"
[[trunks]]
name = "carrier"
uri = "sip:192.0.2.1"
inbound_from = ["192.0.2.0/24"]
[[numbers]]
number = "105"
router = "static"
targets = ["sip:{user}@127.0.0.1:9"]
"""

sipvicious = interop(
    "the package of that name: pip install '.[interop]'",
    "sipvicious_svmap", "sipvicious_svwar", "sipvicious_svcrack",
)  # fmt: skip


async def attack(company: Company, daemon: Daemon, tool: str, *options: str) -> str:
    """Let a tool loose on the daemon, and return what it says."""
    local = ["-b", "127.0.0.1", "-P", str(free_port()), "-p", str(daemon.sip_port)]
    _, said = await company.run(f"sipvicious_{tool}", *local, *options, "127.0.0.1")
    return said


@pytest.mark.slow
@sipvicious
async def test_it_is_found_and_names_no_program(company: Company) -> None:
    daemon = await company.daemon(SITE)
    for method in ("OPTIONS", "INVITE"):
        said = await attack(company, daemon, "svmap", "-m", method)
        assert re.search(rf"127\.0\.0\.1:{daemon.sip_port}\s*\| unknown", said), said
    await daemon.until_idle()
    await daemon.stop()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE"])
@sipvicious
async def test_users_and_numbers_cannot_be_told_from_others(company: Company, method: str) -> None:
    """It compares with what is said to an extension that nobody has, and gives up if they agree."""
    daemon = await company.daemon(SITE)
    for extension in (A_USER, A_NUMBER):
        options = ("-e", f"{extension},1000-1003", "-m", method, "-t", "0.3", "--force")
        said = await attack(company, daemon, "svwar", *options)
        assert "found nothing" in said
        assert "exists" not in said
        if method == "INVITE":
            assert f"<sip:{extension}@127.0.0.1>" in said  # it was answered, with
            assert "SIP/2.0 401 Unauthorized" in said
    await daemon.until_idle()
    assert (await daemon.counters())["calls_total"] == 0
    await daemon.stop()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
@sipvicious
async def test_the_cracker_gets_nowhere(company: Company, method: str) -> None:
    """Registration is not there, and SHA-256, which a call is asked for first, is beyond it."""
    daemon = await company.daemon(SITE)
    said = await attack(company, daemon, "svcrack", "-u", "104", "-r", "1-20", "-m", method)
    assert "found nothing" in said
    await daemon.until_idle()
    assert (await daemon.counters())["calls_total"] == 0
    await daemon.stop()

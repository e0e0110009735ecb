"""sipsak, the operator's ping:  sipsak -vv -s sip:HOST:PORT"""

from __future__ import annotations

import pytest

from tests.interop.peers import Company, interop
from tests.sipp.stage import static

sipsak = interop("Debian's sipsak", "sipsak")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@sipsak
async def test_a_ping_is_answered_200(company: Company, transport: str) -> None:
    daemon = await company.daemon(static(9))
    status, said = await company.run(
        "sipsak", "-vv", "-E", transport, "-s", f"sip:ping@127.0.0.1:{daemon.sip_port}"
    )
    assert "SIP/2.0 200 OK" in said
    assert "Allow:" in said
    assert status == 0
    await daemon.until_idle()
    await daemon.stop()


@pytest.mark.slow
@sipsak
async def test_requests_with_trashed_characters_leave_nothing_behind(company: Company) -> None:
    daemon = await company.daemon(static(9))
    where = f"sip:ping@127.0.0.1:{daemon.sip_port}"
    for _ in range(5):  # each sends until it has no answer: not even Via may be left to read
        _, said = await company.run("sipsak", "-R", "-t", "50", "-D", "2", "-vv", "-s", where)
        assert "randomized chars" in said
    status, _ = await company.run("sipsak", "-s", where)
    assert status == 0
    await daemon.until_idle()
    await daemon.stop()

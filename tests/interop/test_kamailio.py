"""Kamailio in front: calls by its dispatcher, dialogs along its Record-Route, both legs."""

from __future__ import annotations

import re

import pytest

from tests.interop.peers import Company, interop
from tests.sipp.stage import static
from tests.support.child import free_port
from tests.support.sipp import Message

kamailio = interop("Debian's kamailio", "kamailio")


def hops(message: Message) -> int:
    """Return how many stand in the Via headers of a message."""
    return len(re.findall(r"(?im)^(?:via|v)\s*:", message.text))


@pytest.mark.slow
@pytest.mark.parametrize(("uac", "uas"), [("uac_call", "uas_answer"), ("uac_hold", "uas_hold")])
@kamailio
async def test_a_call_by_the_dispatcher_keeps_to_its_route_sets(
    company: Company, uac: str, uas: str
) -> None:
    callee = await company.callee(uas, hold=100)
    front = free_port()
    daemon = await company.daemon(static(front))
    proxy = await company.kamailio(b2bua=daemon.sip_port, callee=callee.port, port=front)
    await proxy.until_told("up sip:127.0.0.1")  # OPTIONS was answered 200
    caller = company.sipp(uac, target=proxy.port, hold=500)
    await caller.run()
    await callee.finish()
    [answer, *_] = [each for each in caller.messages(sent=False) if each.start == "200 OK"]
    assert f"127.0.0.1:{front}" in answer.header("Record-Route")
    [bye] = callee.messages(sent=False, method="BYE")
    assert hops(bye) == 2
    asked = [each for each in callee.messages(sent=False) if each.method in ("INVITE", "ACK")]
    assert {hops(each) for each in asked} == {2}
    await daemon.until_over()
    assert proxy.told().count("loose BYE") == 2
    await proxy.stop()
    await daemon.stop()


@pytest.mark.slow
@kamailio
async def test_a_daemon_that_is_gone_gets_no_more_calls(company: Company) -> None:
    daemon = await company.daemon(static(9))
    proxy = await company.kamailio(b2bua=daemon.sip_port, callee=9, port=free_port())
    await proxy.until_told("up sip:127.0.0.1")
    await daemon.stop()
    await proxy.until_told("down sip:127.0.0.1")
    caller = company.sipp("uac_refused", target=proxy.port)
    await caller.run()
    assert "503 No Node" in caller.heard()
    await proxy.stop()

"""Topology hiding, over all flows: what we say to one party says nothing of another's dialog.

No Call-ID, tag, branch, contact or address of one leg is in a message to another, and no header is
there that we do not write ourselves, unless the settings or the application named it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from b2bua.sip.message import Request, Response
from b2bua.sip.reader import read_datagram
from tests.support.flow import CALLER, SERVER, TRUNK, Flow, flow_files

WRITTEN = frozenset(
    [
        "via",
        "from",
        "to",
        "call-id",
        "cseq",
        "max-forwards",
        "contact",
        "allow",
        "supported",
        "content-type",
        "content-length",
        "reason",
        "require",
        "rseq",
        "rack",
        "session-expires",
        "min-se",
        "event",
        "subscription-state",
        "unsupported",
        "retry-after",
        "accept",
        "route",
        "record-route",
        "www-authenticate",
        "authorization",
        "proxy-authorization",
        "b2bua-family",
    ]
)
PASSED = frozenset({"diversion", "p-asserted-identity", "privacy"})
WITH_A_LIST = ("identity-in-a-network-of-trust",)

Dialog = tuple[str, str]


def secrets_of(text: str, message: Request | Response) -> set[str]:
    """Return what a phone's own message has that only its own dialog may know."""
    found = {message.call_id}
    ours = message.from_.tag if isinstance(message, Request) else message.to.tag
    if ours:
        found.add(f"tag={ours}")
    found |= set(re.findall(r"branch=z9hG4bK-[^;\r]+", text)) if "z9hG4bK-" in text else set()
    is_redirect = isinstance(message, Response) and 300 <= message.status < 400
    if message.contact is not None and not is_redirect:
        found.add(str(message.contact.uri))
    return found


def played(path: Path, clock: Clock) -> Flow:
    flow = Flow(path.read_text("utf-8"), clock)
    flow.play()
    flow.drain()
    return flow


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_no_leg_tells_another_s_dialog(path: Path, clock: Clock) -> None:
    flow = played(path, clock)
    secrets: dict[str, set[str]] = {}
    told: list[tuple[str, str, Request | Response]] = []
    for _, sender, to, data in flow.network.sent:
        message = read_datagram(data)
        if not isinstance(message, Request | Response):
            continue
        text = data.decode(errors="replace")
        if sender == SERVER:
            told.append((to[0], text, message))
        else:
            secrets.setdefault(message.call_id, set()).update(secrets_of(text, message))
    assert told
    for address, text, message in told:
        for call_id, known in secrets.items():
            if call_id != message.call_id:
                leaked = [secret for secret in known if secret in text]
                assert leaked == [], f"{message.call_id} hears of {call_id}: {leaked}\n{text}"
        stranger = CALLER[0] if address == TRUNK[0] else TRUNK[0]
        replaced = "attended" in path.stem or "replaced" in path.stem
        assert replaced or stranger not in text, text


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_our_tags_and_headers_are_each_leg_s_own(path: Path, clock: Clock) -> None:
    flow = played(path, clock)
    dialogs: dict[str, set[str]] = {}
    for _, sender, _, data in flow.network.sent:
        message = read_datagram(data)
        if sender != SERVER or not isinstance(message, Request | Response):
            continue
        ours = message.from_.tag if isinstance(message, Request) else message.to.tag
        if ours:
            dialogs.setdefault(ours, set()).add(message.call_id)
        names = {name.lower() for name, _ in message.headers} - WRITTEN
        if path.stem in WITH_A_LIST:
            names -= PASSED
        assert {name for name in names if not name.startswith("x-")} == set()
    assert [tag for tag, call_ids in dialogs.items() if len(call_ids) > 1] == []

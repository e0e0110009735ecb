"""Phones register, are found, and call: through the whole switchboard, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from b2bua.sip.nexthop import Hop
from tests.support.flow import Flow
from tests.support.handset import HOME, Handset, with_field

SDP = (
    f"v=0\r\no=- 1 1 IN IP4 {HOME}\r\ns=-\r\nc=IN IP4 {HOME}\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\n"
)


@pytest.fixture
def flow(clock: Clock) -> Iterator[Flow]:
    flow = Flow("client bob\nclient eve\ndoc /voice <Response/>", clock)
    yield flow
    flow.drain()
    assert flow.leftovers() == {}


@pytest.fixture
def bob(flow: Flow) -> Handset:
    return Handset(flow)


def contacts(flow: Flow, user: str = "bob") -> list[str]:
    return [str(one.contact) for one in flow.equipment.registrations.of(user)]


def test_a_phone_that_proves_who_it_is_is_registered(bob: Handset) -> None:
    answer = bob.register()
    assert answer is not None
    assert (answer.status, answer.headers.get("Contact")) == (200, f"{bob.contact};expires=3600")
    assert contacts(bob.flow) == [f"sip:bob@{HOME}"]


def test_a_trusted_address_registers_nobody(flow: Flow) -> None:
    """A carrier's calls are taken as they are; whose phone it is must be proved."""
    trusted = Handset(flow, address="192.0.2.77")
    asked = trusted.ask(trusted.text("REGISTER", f"Contact: {trusted.contact}"))
    assert asked is not None
    assert asked.status == 401
    assert contacts(flow) == []


def test_one_user_registers_nothing_for_another(flow: Flow, bob: Handset) -> None:
    first = bob.ask(bob.text("REGISTER", f"Contact: {bob.contact}"))
    assert first is not None
    text = bob.text("REGISTER", f"Contact: {bob.contact}").replace("To: <sip:bob@", "To: <sip:eve@")
    refused = bob.ask(with_field(text, bob.proof(text, first)))
    assert refused is not None
    assert refused.status == 403
    assert contacts(flow, "eve") == []
    assert flow.switchboard.refused["another_user"] == 1


def test_a_register_that_is_sent_again_gets_its_answer_again(bob: Handset) -> None:
    """Its transaction remembers: the count of the nonce has been used, and still it is 200."""
    first = bob.ask(bob.text("REGISTER", f"Contact: {bob.contact}"))
    assert first is not None
    text = bob.text("REGISTER", f"Contact: {bob.contact}")
    proven = with_field(text, bob.proof(text, first))
    again = [answer.status for _ in range(2) if (answer := bob.ask(proven)) is not None]
    assert again == [200, 200]


def test_a_binding_that_is_not_refreshed_is_gone_and_counted_no_more(bob: Handset) -> None:
    bob.register("Expires: 60")
    assert bob.flow.switchboard.counters()["contacts"] == 1
    bob.clock.advance(60)
    assert contacts(bob.flow) == []
    bob.clock.advance(5)
    assert bob.flow.switchboard.counters()["contacts"] == 0


def test_so_many_registers_are_taken_in_a_second_and_not_one_more(clock: Clock) -> None:
    flow = Flow("client bob\nlimit registers_per_second 3", clock)
    bob = Handset(flow)
    statuses = [answer.status for _ in range(4) if (answer := bob.register()) is not None]
    assert statuses == [200, 200, 200, 503]
    clock.advance(1)
    answer = bob.register()
    assert answer is not None
    assert answer.status == 200
    flow.drain()


def test_a_site_without_users_has_no_registrar(clock: Clock) -> None:
    answer = Handset(Flow("", clock)).register()
    assert answer is not None
    assert answer.status == 405


def test_a_call_of_a_registered_phone_is_from_its_client(flow: Flow, bob: Handset) -> None:
    fields = ("Max-Forwards: 70", f"Contact: {bob.contact}", "X-Anything: 1")
    bob.proven("INVITE", *fields, uri="sip:100@192.0.2.1", body=SDP)
    flow.clock.advance(1)
    [asked] = [line for line in flow.heard if line.word == "POST /voice"]
    assert asked.particulars["From"] == asked.particulars["Caller"] == "client:bob"


def test_a_caller_is_who_it_has_proved_to_be_and_not_who_it_says(flow: Flow, bob: Handset) -> None:
    fields = ("Max-Forwards: 70", f"Contact: {bob.contact}")
    bob.from_ = "eve"
    bob.proven("INVITE", *fields, uri="sip:100@192.0.2.1", body=SDP)
    flow.clock.advance(1)
    [asked] = [line for line in flow.heard if line.word == "POST /voice"]
    assert asked.particulars["From"] == "client:bob"


def test_a_phone_behind_a_nat_rings_where_it_registered_from(flow: Flow, bob: Handset) -> None:
    """Its Contact and its Via name an address that leads nowhere."""
    bob.contact, bob.address = "<sip:bob@10.0.0.1:5070>", "10.0.0.1"
    bob.register()
    [phone] = flow.equipment.registrations.of("bob")
    assert phone.hop == Hop("udp", HOME, 5060, is_flow=True)


def test_a_phone_is_rung_by_its_own_contact_for_its_user(clock: Clock) -> None:
    document = "<Response><Dial><Client>bob</Client></Dial></Response>"
    flow = Flow(f"client bob\ndoc /voice {document}\n0.00 a -> INVITE 100", clock)
    bob = Handset(flow)
    bob.register(contact=f"<sip:line1@{HOME}:5060;x=y>")
    flow.play()
    clock.advance(0)
    [invite] = [text for text in bob.wiretap.heard if text.startswith("INVITE")]
    assert invite.startswith(f"INVITE sip:line1@{HOME}:5060;x=y SIP/2.0")
    assert "\r\nTo: <sip:bob@192.0.2.1>\r\n" in invite
    flow.drain()


def test_a_phone_with_a_path_is_called_along_it(clock: Clock) -> None:
    document = "<Response><Dial><Client>bob</Client></Dial></Response>"
    flow = Flow(f"client bob\ndoc /voice {document}\n0.00 a -> INVITE 100", clock)
    bob = Handset(flow)
    bob.register(f"Path: <sip:edge@{HOME};lr>", contact="<sip:bob@10.0.0.1>")
    flow.play()
    clock.advance(0)
    [invite] = [text for text in bob.wiretap.heard if text.startswith("INVITE")]
    assert invite.startswith("INVITE sip:bob@10.0.0.1 SIP/2.0")
    assert f"\r\nRoute: <sip:edge@{HOME};lr>\r\n" in invite
    flow.drain()

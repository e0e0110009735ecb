"""baresip on either side of a call: what one says the other hears, through each router."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from twisted.internet.task import deferLater

from b2bua.media._relay import ulaw_decode, ulaw_encode
from tests.interop.baresip import RATE, Baresip
from tests.interop.peers import Company, interop
from tests.sipp.stage import number, rcml, static
from tests.sipp.test_rcml import WON, by_number, dial
from tests.support.authority import Authority, uri
from tests.support.listening import is_ringback, tone_level, words_in

ALICE, BOB = 600, 1000  # what they hum, in hertz
AUDIBLE = 2_000  # of the 8,000 that are hummed

baresip = interop("Debian's baresip-core", "baresip")


def hears(pcm: bytes, *frequencies: int) -> bool:
    """Whether these of the tones that are hummed, and no others, are in the middle of `pcm`."""
    middle = pcm[len(pcm) // 4 * 2 :][:RATE]
    return {hertz for hertz in (ALICE, BOB) if tone_level(middle, hertz) > AUDIBLE} == set(
        frequencies
    )


def hummed(pcm: bytes, hertz: int) -> list[bool]:
    """Return, for each quarter of a second of `pcm`, whether the tone is in it."""
    quarter = 2 * RATE // 4
    return [
        tone_level(pcm[at : at + quarter], hertz) > AUDIBLE for at in range(0, len(pcm), quarter)
    ]


async def until_established(*phones: Baresip) -> None:
    for phone in phones:
        await phone.until_told("CALL_ESTABLISHED")


async def until_closed(*phones: Baresip) -> None:
    for phone in phones:
        await phone.until_told("CALL_CLOSED")


@pytest.mark.parametrize(
    ("codec", "transport"),
    [
        ("PCMU/8000/1", "udp"),
        pytest.param("PCMA/8000/1", "tcp", marks=pytest.mark.slow),
        pytest.param("G722/16000/1", "udp", marks=pytest.mark.slow),
        pytest.param("opus/48000/2", "tcp", marks=pytest.mark.slow),
    ],
)
@baresip
async def test_two_baresips_hear_each_other_through_static(
    company: Company, codec: str, transport: str
) -> None:
    alice = await company.baresip("alice", tone=ALICE, codec=codec, transport=transport)
    bob = await company.baresip("bob", tone=BOB, codec=codec, transport=transport)
    daemon = await company.daemon(static(bob.port, transport=f";transport={transport}"))
    await alice.dial(daemon.sip_port, "bob")
    await until_established(alice, bob)
    await deferLater(company.reactor, 2)
    await alice.do("hangup")
    await until_closed(bob)
    await daemon.until_over()
    assert hears(alice.heard(), BOB)
    assert hears(bob.heard(), ALICE)
    await daemon.stop()


@pytest.mark.slow
@baresip
async def test_two_baresips_speak_tls_on_both_legs(company: Company) -> None:
    authority = Authority()
    files = authority.issue(uri("sip:127.0.0.1")).write(company.folder, trusting=authority.pem)
    both = company.folder / "phone.pem"
    both.write_bytes(Path(files.certificate).read_bytes() + Path(files.private_key).read_bytes())
    alice = await company.baresip("alice", tone=ALICE, transport="tls", certificate=both)
    bob = await company.baresip("bob", tone=BOB, transport="tls", certificate=both)
    port = company.free_port("127.0.0.1")
    tls = f'[tls]\ncertificate = "{files.certificate}"\nprivate_key = "{files.private_key}"\n'
    daemon = await company.daemon(
        f'{tls}ca_list = "{both.with_name("ca.pem")}"\n'
        + static(bob.port + 1, transport=";transport=tls"),
        listen=(f"tls:127.0.0.1:{port}",),
    )
    await alice.dial(port, "bob")
    await until_established(alice, bob)
    await deferLater(company.reactor, 2)
    await bob.do("hangup")
    await until_closed(alice)
    await daemon.until_over()
    assert hears(alice.heard(), BOB)
    assert hears(bob.heard(), ALICE)
    await daemon.stop()


@baresip
async def test_a_whisper_is_heard_by_the_callee_alone_and_accepted_by_a_key(
    company: Company,
) -> None:
    application = company.application()
    pressed = application.serve("/pressed", "<Response/>")
    application.serve(
        "/wb",
        f'<Response><Gather numDigits="1" action="{pressed}">'
        "<Say>This is a call for the hotel. Please press one.</Say></Gather><Hangup/></Response>",
    )
    alice = await company.baresip("alice", tone=ALICE)
    bob = await company.baresip(number("a"), tone=BOB)
    document = dial(application, "a", whispers="b")
    daemon = await company.daemon(rcml(document, a=bob.port))
    await alice.dial(daemon.sip_port, "100")
    await until_established(alice, bob)
    await application.until_asked("/wb", 1)
    await deferLater(company.reactor, 3.5)
    await bob.press("1")
    [accepted] = await application.until_asked("/pressed", 1)
    assert accepted["Digits"] == "1"
    await deferLater(company.reactor, 2)
    await bob.do("hangup")
    await until_closed(alice)
    await application.until_asked("/status", 4)
    assert by_number(application) == {"a": WON}
    await daemon.until_over()
    at_alice, at_bob = alice.heard(), bob.heard()
    assert is_ringback(ulaw_encode(at_alice))
    assert hummed(at_alice, BOB)[4:-4] == sorted(hummed(at_alice, BOB)[4:-4])
    assert hummed(at_alice, BOB)[-4]
    assert {"hotel", "press"} & words_in(ulaw_encode(at_bob[: 3 * 2 * RATE]))
    assert {"hotel", "press"}.isdisjoint(words_in(ulaw_encode(at_alice[: 3 * 2 * RATE])))
    assert hummed(at_bob, ALICE)[-4]
    assert not any(hummed(at_bob[: 3 * 2 * RATE], ALICE))
    await daemon.stop()


@baresip
async def test_keys_of_the_caller_reach_the_application(company: Company) -> None:
    application = company.application()
    action = application.serve("/digits", "<Response></Response>")
    voice = application.serve(
        "/voice",
        f'<Response><Gather action="{action}"><Say>Enter your number</Say></Gather></Response>',
    )
    alice = await company.baresip("alice", tone=ALICE)
    daemon = await company.daemon(rcml(voice))
    await alice.dial(daemon.sip_port, "100")
    await until_established(alice)
    await deferLater(company.reactor, 1.5)
    await alice.press("0042#")
    [digits] = await application.until_asked("/digits", 1)
    assert digits["Digits"] == "0042"
    await until_closed(alice)
    await daemon.until_over()
    assert {"enter", "number"} & words_in(ulaw_encode(alice.heard()[: 2 * 2 * RATE]))
    await daemon.stop()


@pytest.mark.slow
@baresip
async def test_who_is_held_hears_nothing_until_it_is_taken_back(company: Company) -> None:
    ear = company.ear()  # baresip 1.0.0 itself is deaf after a hold, without us as well
    bob = await company.callee("uas_hold", rtp_port=ear.port)
    alice = await company.baresip("alice", tone=ALICE)
    daemon = await company.daemon(static(bob.port))
    await alice.dial(daemon.sip_port, "bob")
    await until_established(alice)
    await deferLater(company.reactor, 1.5)
    await alice.do("hold")
    await deferLater(company.reactor, 2)
    await alice.do("resume")
    await deferLater(company.reactor, 1.5)
    await alice.do("hangup")
    await bob.finish()
    _, hold, resume = bob.messages(sent=False, method="INVITE")
    assert "a=sendonly" in hold.body
    assert "a=sendrecv" in resume.body
    moments = [packet.at for packet in ear.packets]
    pauses = [later - at for at, later in pairwise(moments)]
    assert 1.5 < max(pauses) < 2.5
    before = pauses.index(max(pauses)) + 1
    for talk in (ear.packets[:before], ear.packets[before:]):
        assert hears(ulaw_decode(b"".join(packet.payload for packet in talk)), ALICE)
    await daemon.until_over()
    await daemon.stop()


@pytest.mark.slow
@baresip
async def test_baresip_is_put_on_hold_and_taken_back(company: Company) -> None:
    bob = await company.baresip("bob", tone=BOB)
    daemon = await company.daemon(static(bob.port))
    alice = company.sipp("uac_hold", target=daemon.sip_port, user="bob")
    await alice.run()
    await until_closed(bob)
    assert bob.told().count("got re-INVITE (SDP Offer)") == 2
    await daemon.until_over()
    await daemon.stop()


@baresip
async def test_a_callee_that_refuses_is_busy_and_one_that_rings_is_cancelled(
    company: Company,
) -> None:
    alice = await company.baresip("alice", tone=ALICE)
    bob = await company.baresip("bob", tone=BOB, answers=False)
    daemon = await company.daemon(static(bob.port))
    await alice.dial(daemon.sip_port, "bob")
    await bob.until_told("CALL_INCOMING")
    await alice.until_told("CALL_RINGING")
    await bob.do("hangup")
    [why] = await alice.until_told("CALL_CLOSED")
    assert why.startswith("486")
    await alice.dial(daemon.sip_port, "bob")
    await bob.until_told("CALL_INCOMING", 2)
    await alice.until_told("CALL_RINGING", 2)
    await alice.do("hangup")
    await bob.until_told("CALL_CLOSED", 2)
    await daemon.until_over()
    await daemon.stop()

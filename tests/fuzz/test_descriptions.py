"""No session description, however strange, breaks a call: as offer, as answer, or as a re-offer.

Whole calls are played on the virtual clock.  Message n depends on its number alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from twisted.internet.task import Clock

from tests.support.flow import Flow
from tests.support.phone import Phone

PLAIN = """
phone b 200
0.00 a -> INVITE 200
1.00 b -> 200
2.00 a -> REINVITE
2.10 b -> 200
3.00 b -> REINVITE
3.10 a -> 200
4.00 a -> BYE
4.10 b -> BYE
"""
WHISPER = """
phone b +15550000101
doc /voice <Response><Say>Hi</Say><Dial><Number url="/ask">+15550000101</Number></Dial></Response>
doc /ask <Response><Gather numDigits="1"><Say>Press one</Say></Gather></Response>
0.00 a -> INVITE 100
1.00 b -> 180 sdp
2.00 b -> 200
3.00 b -> REINVITE
4.00 a -> REINVITE
5.00 a -> INFO 1
5.00 b -> INFO 1
6.00 a -> BYE
6.10 b -> BYE
"""
LATE = """
phone b 200
0.00 a -> INVITE 200 late
1.00 b -> 200
1.00 a -> ACK sdp
2.00 a -> REINVITE late
2.10 b -> 200
2.20 a -> ACK sdp
4.00 a -> BYE
4.10 b -> BYE
"""
LINES = [
    "v=0",
    "o=- 1 1 IN IP4 192.0.2.3",
    "s=-",
    "c=IN IP4 192.0.2.3",
    "t=0 0",
    "m=audio 40000 RTP/AVP 0 8 101",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=rtcp:40001",
    "a=ptime:20",
    "a=sendrecv",
]
STRANGE = [
    "m=audio 40002 RTP/AVP 8", "m=video 40004 RTP/AVP 31", "m=image 40006 udptl t38",
    "m=audio 0 RTP/AVP 0", "m=audio 40000/2 RTP/AVP 0", "m=audio 65535 RTP/AVP 0",
    "m=audio 40000 RTP/SAVP 0", "m=audio 40000 TCP/RTP/AVP 0", "m=audio 40000 RTP/AVP",
    "m=audio 40000 RTP/AVP 1-1 999 -5 x 101", "m= 40000 RTP/AVP 0", "m=audio", "m=",
    "c=IN IP4 0.0.0.0", "c=IN IP6 ::", "c=IN IP6 2001:db8::1", "c=IN IP4 host.invalid", "c=IN",
    "m=audio 40000 RTP/AVP 0 1-1\r\na=rtpmap:1-1 telephone-event/8000",
    "m=audio 40000 RTP/AVP 0 999\r\na=rtpmap:999 telephone-event/8000", "a=rtpmap:", "a=",
    "a=rtpmap:101 telephone-event/0", "a=rtpmap:0 PCMU/99999999999", "a=rtpmap:101 PCMU/8000",
    "a=rtcp:", "a=rtcp:99999", "a=rtcp:0", "a=rtcp:9 IN IP4 224.0.0.1", "a=rtcp-mux",
    "a=sendonly", "a=inactive", "a=recvonly", "a=ptime:0", "a=ptime:-1", "a=ptime:9999999999999",
    "a=candidate:1 1 UDP 1 192.0.2.3 40000 typ host", "a=crypto:1 X inline:", "a=setup:holdconn",
    "b=AS:-1", "o=", "t=", "v=1", "=", "x", "\0", "a=fmtp:101 " + "0-1," * 200, "\u0661=\u0662",
]  # fmt: skip


def description(rng: random.Random) -> str:
    """Return a plain description with one to six things done to it."""
    lines = [*LINES]
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(lines) + 1)
        match rng.randrange(5):
            case 0:
                lines[at : at + 1] = [rng.choice(STRANGE)]
            case 1:
                del lines[at : at + rng.choice((1, 1, 5))]
            case 2:
                lines[at:at] = lines[at - 1 : at] * rng.choice((1, 20))
            case 3:
                lines[at:at] = rng.sample(STRANGE, 3)
            case _:
                lines = [_mangled(rng, line) if rng.random() < 0.1 else line for line in lines]
    return rng.choice(("\r\n", "\r\n", "\n")).join([*lines, ""])


def _mangled(rng: random.Random, line: str) -> str:
    at = rng.randrange(len(line) + 1)
    return line[:at] + rng.choice(("", " ", "/", "-", "9" * 12, "\t", "\ufeff")) + line[at + 1 :]


def _say_if_asked(phone: Phone, say: Callable[[list[str]], None], words: list[str]) -> None:
    """Leave out the answer to an INVITE that never came: the caller's was refused."""
    if not words[0].isdigit() or phone.reoffer is not None or phone.invite is not None:
        say(words)


def play(clock: Clock, ladder: str, number: int) -> Flow:
    """Play a call whose phones, one or both, say strange descriptions."""
    rng = random.Random(f"descriptions {number}")
    flow = Flow(ladder, clock)
    strange = [phone for phone in flow._phones.values() if rng.random() < 0.7]
    for phone in strange or flow._phones.values():
        phone.sdp = lambda *_: description(rng)  # type: ignore[method-assign]  # its habits
    for phone in flow._phones.values():
        phone.say = partial(_say_if_asked, phone, phone.say)  # type: ignore[method-assign]  # its habits
    flow.play()
    flow.drain()
    return flow


@pytest.mark.parametrize("ladder", [PLAIN, WHISPER, LATE], ids=["plain", "whisper", "late"])
@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(range(100), id="short"),
        pytest.param(range(100, 5_000), id="long", marks=pytest.mark.slow),
    ],
)
def test_a_strange_description_breaks_nothing(
    ladder: str, numbers: range, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in numbers:
        flow = play(Clock(), ladder, number)
        assert flow.leftovers() == {}, number
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err, f"{number}: {said.out}{said.err}"

"""Any bytes give a message, a `Malformed` or nothing, and a message keeps its promises.

A message that was read can be asked for every typed value, written, and read again as the same; a
stream gives the same items in any split.  Run it for a while with

    python -m tests.fuzz.fuzz_reader [SECONDS [SEED]]

or for a moment with `pytest tests/fuzz/fuzz_reader.py`.  Message n depends on SEED and n alone, and
what breaks is printed with its n and as a literal.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.sip.message import Message, Request, Response
from b2bua.sip.reader import Malformed, StreamReader, read_datagram
from b2bua.sip.writer import write

ROOT = Path(__file__).parents[2]
FOLDERS = [
    ROOT / "tests" / "data" / "messages",
    *((ROOT.parent / "shared" / "corpus" / name) for name in ("rfc4475", "rfc5118", "seeds")),
]
SEEDS = [
    path.read_bytes()
    for folder in FOLDERS
    for path in sorted(folder.rglob("*"))
    if path.is_file() and path.suffix not in (".json", ".md") and "rtp" not in path.parent.name
]
PIECES = [
    *b'\r\n|\r\n |\r\n\r\n|\n|\r|\0|\x7f|\t| |"|\\|\\"|<|>|;|,|:|=|?|@|%|%0|%00|[|]|[::1]|*'.split(
        b"|"
    ),
    *b"sip:|tel:|SIP/2.0|SIP/2.0/UDP |;branch=|;tag=|;lr|;rport|;received=|ACK |Via: |v:|l:".split(
        b"|"
    ),
    *b"Contact: *|Route: |Max-Forwards: 70|Content-Length: 1|-1|0|99999999999999999999".split(b"|"),
    *(b"\xff", b"\xc3\xbc", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"a" * 9000, b";a" * 99, b"," * 300),
]


def check(data: bytes, splits: list[int]) -> None:
    """Hold the reader to its promises for one datagram, and for one stream cut at `splits`."""
    found = read_datagram(data)
    if isinstance(found, Malformed):
        if found.request is not None:
            answer = write(found.request.reply(found.status, found.reason, to_tag="t"))
            # It lacks what the request lacked, so it need not be a whole response itself.
            assert isinstance(read_datagram(answer), Response | Malformed)
    elif found is not None:
        check_message(found)
    check_stream(data, splits)


def check_message(message: Message) -> None:
    """Use every typed value, and read again what we write."""
    again = read_datagram(write(message))
    assert isinstance(again, Request | Response)
    assert values(again) == values(message)
    if isinstance(message, Request):
        assert isinstance(read_datagram(write(message.reply(200, to_tag="t"))), Response)


def values(message: Message) -> list[object]:
    """Return all that typed access gives."""
    first = message.uri if isinstance(message, Request) else (message.status, message.reason)
    routing = [message.vias, message.contacts, message.routes, message.record_routes, message.via]
    dialog = [message.from_, message.to, message.call_id, message.cseq, message.contact]
    return [first, *routing, *dialog, message.max_forwards, message.content_type, message.sdp]


def check_stream(data: bytes, splits: list[int]) -> None:
    """Whole and in pieces, a stream gives the same items and ends in the same state."""
    whole, pieces = StreamReader(), StreamReader()
    edges = [0, *sorted(min(at, len(data)) for at in splits), len(data)]
    items = [item for start, end in pairwise(edges) for item in pieces.feed(data[start:end])]
    assert kinds(items) == kinds(whole.feed(data))
    assert pieces.broken == whole.broken


def kinds(items: Sequence[object]) -> list[object]:
    """Reduce refusals to their status: what a broken stream still holds depends on the split."""
    return [item.status if isinstance(item, Malformed) else item for item in items]


def mutated(rng: random.Random) -> bytes:
    """Return a seed with one to eight things done to it."""
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at:at] = rng.choice(PIECES)
            case 2:
                del data[at : at + rng.choice((1, 1, 2, 10, 100))]
            case 3:
                other = rng.choice(SEEDS)
                start = rng.randrange(len(other) + 1)
                data[at:at] = other[start : start + rng.randrange(200)]
            case 4:
                data[at:at] = data[at : at + 40] * rng.choice((1, 3, 60))
            case _:
                lines = data.split(b"\r\n")
                rng.shuffle(lines)
                data = bytearray(b"\r\n".join(lines))
    return bytes(data[:65_507])


def one(seed: int, number: int) -> tuple[bytes, list[int]]:
    """Return message `number` and where its stream is cut."""
    rng = random.Random(f"{seed}/{number}")
    data = mutated(rng)
    return data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(6))]


def test_mutated_messages_keep_the_promises() -> None:
    for number in range(2_000):
        check(*one(1, number))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_keep_the_promises(data: bytes, splits: list[int]) -> None:
    check(data, splits)


def main(seconds: float = 30.0, seed: int = 1) -> int:
    """Run for `seconds`; return the number of messages."""
    until, number, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < until:
        data, splits = one(seed, number)
        begun = time.perf_counter()
        try:
            check(data, splits)
        except BaseException:
            print(f"seed {seed}, message {number}: {data!r}, cut at {splits}")
            raise
        slowest = max(slowest, time.perf_counter() - begun)
        number += 1
    print(f"{number} messages, the slowest checked in {slowest * 1e3:.1f} ms")
    return number


if __name__ == "__main__":
    given_ = dict(enumerate(sys.argv))
    main(float(given_.get(1, "30")), int(given_.get(2, "1")))

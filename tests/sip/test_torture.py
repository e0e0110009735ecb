"""The torture messages of RFC 4475 and RFC 5118, and PROTOS c07-sip, judged at the reader's door.

The corpora stay where they are, beside the project; without them these tests are skipped.  What a
message's index entry accepts is what may be sent on the wire, so a message that the reader lets
through may still be refused further on; here it counts only that nothing valid is refused, nothing
invalid let through, and that what is refused is answered as the entry allows.
"""

from __future__ import annotations

import json
import re
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b2bua.sip.message import Request, Response
from b2bua.sip.reader import Malformed, StreamReader, read_datagram
from b2bua.sip.writer import write

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
ABSENT = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpora at {CORPUS}")


def entries(folder: str) -> list[Any]:
    index = CORPUS / folder / "index.json"
    if not index.is_file():
        return []
    messages = json.loads(index.read_text("utf-8"))["messages"]
    return [pytest.param(folder, one, id=f"{folder}-{one['file']}") for one in messages]


ALL = [*entries("rfc4475"), *entries("rfc5118")]


def accepts(accept: list[str], answer: str) -> bool:
    """Whether `answer`, a status or "none", is one of those an index entry allows."""
    return any(matches(one, answer) for one in accept)


def matches(pattern: str, answer: str) -> bool:
    if pattern.startswith("any"):
        refused = pattern.partition("!")[2].split(",")
        return answer != "none" and not any(one and matches(one, answer) for one in refused)
    return re.fullmatch(pattern.replace("xx", ".."), answer) is not None


@ABSENT
@pytest.mark.parametrize(("folder", "entry"), ALL)
def test_a_torture_message_is_read_or_refused_as_its_class_says(
    folder: str, entry: dict[str, Any]
) -> None:
    found = read_datagram((CORPUS / folder / entry["file"]).read_bytes())
    if isinstance(found, Malformed):
        assert entry["class"] not in ("valid", "compat")
        assert accepts(entry["accept"], "none" if found.request is None else str(found.status))
    else:
        assert isinstance(found, Response if entry["kind"] == "response" else Request)
        assert entry["class"] != "invalid"


@ABSENT
@pytest.mark.parametrize(("folder", "entry"), ALL)
def test_every_typed_value_of_a_torture_message_can_be_had(
    folder: str, entry: dict[str, Any]
) -> None:
    found = read_datagram((CORPUS / folder / entry["file"]).read_bytes())
    if isinstance(found, Request | Response):
        touch(found)
    elif isinstance(found, Malformed) and found.request is not None:
        write(found.request.reply(found.status, found.reason, to_tag="t"))


def touch(message: Request | Response) -> None:
    """Use a message that was read in every way that promises not to raise."""
    assert message.via.host
    assert message.vias
    assert message.call_id
    assert all([message.from_.uri, message.to.uri, message.cseq.method])
    assert isinstance(message.contacts, list)
    assert isinstance(message.routes + message.record_routes, list)
    assert message.max_forwards is None or 0 <= message.max_forwards <= 255
    assert message.sdp is None or message.content_type is not None
    assert write(message)
    if isinstance(message, Request):
        assert write(message.reply(200, to_tag="t"))


@pytest.fixture(scope="module")
def protos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("protos")
    with tarfile.open(CORPUS / "protos" / "protos-visible.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


PLACES = {
    b"<To>": b"1000@127.0.0.1:5060",
    b"<From>": b"tester@127.0.0.1:5062",
    b"<From-Address>": b"127.0.0.1",
    b"<From-IP>": b"127.0.0.1",
    b"<Local-Port>": b"5062",
    b"<Branch-ID>": b"1",
    b"<Call-ID>": b"protos1",
    b"<CSeq>": b"1",
    b"<Teardown-Method>": b"CANCEL",
}


def pdus(data: bytes) -> Iterator[bytes]:
    """The messages of one case (`LENGTH PDU` pairs), with its placeholders filled in."""
    at = 0
    while match := re.compile(rb"\n*(\d+) ").match(data, at):
        at = match.end() + int(match[1])
        pdu = data[match.end() : at]
        for place, value in PLACES.items():
            pdu = pdu.replace(place, value)
        body = pdu.partition(b"\r\n\r\n")[2]
        yield pdu.replace(b"<Content-Length>", b"%d" % len(body))


@ABSENT
@pytest.mark.slow
def test_every_protos_case_becomes_a_value_in_bounded_time(protos: Path) -> None:
    cases = [
        pdu
        for path in sorted(protos.rglob("*"))
        if path.is_file()
        for pdu in pdus(path.read_bytes())
    ]
    assert len(cases) > 4_000
    for pdu in cases:
        begun = time.perf_counter()
        found = read_datagram(pdu)
        StreamReader().feed(pdu)
        assert time.perf_counter() - begun < 0.1  # 2 ms on an idle machine
        if isinstance(found, Request | Response):
            touch(found)
        elif isinstance(found, Malformed) and found.request is not None:
            write(found.request.reply(found.status, found.reason, to_tag="t"))

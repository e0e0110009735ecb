"""Documents by the thousand that no customer would write: nothing is opened, nothing slips in.

The long form, `make soak-fuzz`, has 10,000 of them and takes the time that each parse takes.
"""

from __future__ import annotations

import gc
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import pytest
from lxml import etree

from b2bua.rcml.document import Document, RcmlError, read_document
from b2bua.rcml.reading import Setting
from tests.support.canary import SECRET, Traps
from tests.support.hostile_xml import EITHER, REFUSED, VALID, Canary, documents

SETTING = Setting("https://app.example/calls/voice.xml")
STALL = 0.020
"""Seconds of the reactor's that one document may take."""


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[Traps]:
    traps = Traps(tmp_path)
    yield traps
    traps.close()


def parse(data: bytes) -> Document | RcmlError:
    try:
        return read_document(data, SETTING)
    except RcmlError as problem:
        return problem


class SecondOpinion:
    """What expat, which shares no code with libxml2, says about a document."""

    def __init__(self, data: bytes) -> None:
        self.complaints: list[str] = []
        self._open: list[str] = []
        self._elements: Counter[str] = Counter()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _name: self._open.pop()
        parser.StartDoctypeDeclHandler = lambda *_: self.complaints.append("a DOCTYPE")
        parser.EntityDeclHandler = lambda *_: self.complaints.append("an entity")
        parser.ExternalEntityRefHandler = lambda *_: 0
        parser.XmlDeclHandler = self._declared
        try:
            parser.Parse(data, True)
        except expat.ExpatError as problem:
            self.complaints.append(str(problem))
        if len(data) > 65_536 or self._elements["verb"] > 100 or self._elements.total() > 1_000:
            self.complaints.append("too large")

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
            self.complaints.append(f"encoding {encoding}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "Response":
            self.complaints.append(f"root {name}")
        self._elements["verb" if self._open[-1:] == ["Response"] else "other"] += 1
        self._open.append(name)
        if len(self._open) > 8 or len(attributes) > 32:
            self.complaints.append("too deep or too many attributes")
        if any(len(value) > 4_096 for value in attributes.values()):
            self.complaints.append("too long a value")


@pytest.mark.real
@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_hostile_document_is_accepted_or_opens_anything(traps: Traps, count: int) -> None:
    accepted: Counter[str] = Counter()
    for hostile in documents(0, count, Canary(traps.urls)):
        with traps:
            outcome = parse(hostile.data)
        assert traps.touched() == [], hostile
        if isinstance(outcome, RcmlError):
            assert outcome.code == 12100
            assert outcome.line >= 1 <= outcome.column
            continue
        assert not hostile.is_refused, hostile
        assert SecondOpinion(hostile.data).complaints == [], hostile
        assert SECRET not in repr(outcome)
        accepted[hostile.kind] += 1
    print(f"{count} documents, {accepted.total()} of them harmless: {dict(accepted)}")
    assert set(accepted) == {make.__name__ for make in EITHER}


def test_every_kind_has_its_share() -> None:
    kinds = Counter(one.kind for one in documents(0, 2_500, Canary(("file:///x",))))
    assert set(kinds) == {make.__name__ for make in (*REFUSED, *EITHER)}
    assert min(kinds.values()) >= 90


@pytest.mark.parametrize("data", VALID)
def test_what_is_mutated_was_good(data: bytes) -> None:
    outcome = parse(data)
    assert isinstance(outcome, Document)
    assert SecondOpinion(data).complaints == []


# The traps close.


@pytest.mark.real
def test_a_careless_parser_is_caught(traps: Traps) -> None:
    careless = etree.XMLParser(load_dtd=True, resolve_entities=True, no_network=False)
    bait = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{traps.file.as_uri()}">]><r>&e;</r>'
    with traps:
        assert etree.fromstring(bait, careless).text == SECRET
    assert traps.touched() != []
    assert traps.touched() == []


@pytest.mark.real
def test_a_connection_and_an_open_file_are_noticed(traps: Traps) -> None:
    place = traps.urls[4].split("/")[2].split(":")
    with traps, socket.create_connection((place[0], int(place[1]))), traps.file.open():
        pass
    told = {one.split()[0] for one in traps.touched()}
    assert {"socket.connect", "open", "inotify", "connection"} <= told


# What a document may cost.


def heaviest() -> dict[str, bytes]:
    """Legal documents of 64 KiB, each as dear as one can be in its way."""
    full = 65_000
    verbs = '<Gather><Say voice="a"/><Say/><Say/><Say/><Say/><Say/><Say/><Say/></Gather>'
    numbers = "".join(f"<Number url='/a'>+1555000{number:04}</Number>" for number in range(99))
    attributes = " ".join(f'a{number}="{"&#97;" * 12}"' for number in range(32))
    return {
        "says": b"<Response>%b</Response>" % ((b"<Say>" + b"b " * 300 + b"</Say>") * 100),
        "long says": b"<Response>%b</Response>" % ((b"<Say>" + b"b " * 2_000 + b"</Say>") * 16),
        "references": b"<Response>%b</Response>" % ((b"<Say>" + b"&#97;" * 4_000 + b"</Say>") * 3),
        "elements": f"<Response>{verbs * 99}</Response>".encode(),
        "targets": f"<Response><Dial>{numbers}</Dial></Response>".encode(),
        "attributes": f"<Response>{f'<Say {attributes}/>' * 29}</Response>".encode(),
        "comments": b"<Response>" + b"<!---->" * (full // 7) + b"</Response>",
        "instructions": b"<Response>" + b"<?a?>" * (full // 5) + b"</Response>",
        "sections": b"<Response><Say>" + b"<![CDATA[a]]>" * (4_000) + b"</Say></Response>",
        "lines": b"<Response>" + b"\n" * full + b"</Response>",
        "namespaces": b"<Response "
        + b" ".join(b"xmlns:a%d='b%d'" % (number, number) for number in range(2_500))
        + b"/>",
        "prefixes": b"<Response>" + b"<a:b c:d=''/>" * 99 + b"</Response>",
        "prolog": b"<!---->" * (full // 7) + b"<Response/>",
        "declared": b'<?xml version="1.0" ' + b"encoding " * 7_000 + b"?><Response/>",
        "one wide": b"<Response>" + b"<a/>" * 999 + b"</Response>",
    }


@pytest.mark.parametrize("name", sorted(heaviest()))
def test_the_heaviest_documents_are_within_the_limit_of_size(name: str) -> None:
    assert len(heaviest()[name]) <= 65_536
    parse(heaviest()[name])


@pytest.mark.slow
def test_no_document_holds_the_reactor_up_for_20_ms() -> None:
    gc.collect()
    gc.freeze()  # as the daemon does: what is measured is documents, not this test's own heap
    try:
        dearest = max((_seconds(data), name) for name, data in heaviest().items())
        hostile = max(
            (_seconds(one.data), one.kind) for one in documents(1, 10_000, Canary(("file:///x",)))
        )
    finally:
        gc.unfreeze()
    print(f"the dearest document: {dearest}; of 10,000 hostile ones: {hostile}")
    assert max(dearest[0], hostile[0]) < STALL


def _seconds(data: bytes) -> float:
    """Return the processor time of a parse, the least of three: other processes' is not ours."""
    times = []
    for _ in range(3):
        began = time.process_time()
        parse(data)
        times.append(time.process_time() - began)
    return min(times)

"""A restart keeps registrations: bindings as rows, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from b2bua.app.kept_bindings import KeptBindings
from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.registrations import NoRows, Registrations
from b2bua.sip.nexthop import Hop
from b2bua.sip.registrar.binding import Binding
from b2bua.sip.registrar.registrar import Change
from b2bua.sip.uri import Uri
from b2bua.sip.values import read_name_addr
from b2bua.store.contacts import Contacts
from tests.store.conftest import NOW, Store

PHONE = Binding(
    "bob",
    Uri("sip", "192.0.2.9", user="b%C3%BCb"),
    (("+sip.instance", '"<urn:uuid:0>"'),),
    "call-1",
    7,
    1_060.0,
    Hop("udp", "192.0.2.9", 5060),
    0.5,
    (read_name_addr("<sip:edge.example;lr>"),),
    "<urn:uuid:0>",
    1,
)

NATTED = Hop("udp", "198.51.100.1", 40_000, 2, is_flow=True)


class Kept:
    """A process with a monotonic clock that began `booted` seconds ago, and a store in a file."""

    def __init__(self, folder: Path, booted: float, later: float = 0.0) -> None:
        self.store = Store("sqlite:///kept.sqlite", folder, now=NOW + later)
        self.booted = booted
        contacts = Contacts(self.store.writer, self.store.places)
        self.rows = KeptBindings(contacts, lambda: NOW + later + self.store.clock.seconds())

    def seconds(self) -> float:
        return self.booted + self.store.clock.seconds()

    def bound(self) -> list[Binding]:
        found: list[list[Binding]] = []
        Deferred.fromCoroutine(self.rows.read(self.seconds)).addCallback(found.append)
        self.store.clock.advance(1)
        return found[0]

    def change(self, before: Binding | None, after: Binding | None) -> None:
        self.rows.changed([Change(before, after)], self.seconds())
        self.store.clock.advance(1)


def test_a_binding_comes_back_with_the_time_it_has_left(tmp_path: Path) -> None:
    Kept(tmp_path, 1_000.0).change(None, PHONE)
    [back] = Kept(tmp_path, 50.0, later=20.0).bound()
    assert back.expires_at == pytest.approx(90.0)
    assert replace(back, expires_at=PHONE.expires_at) == PHONE


def test_what_has_expired_meanwhile_does_not(tmp_path: Path) -> None:
    Kept(tmp_path, 1_000.0).change(None, PHONE)
    assert Kept(tmp_path, 50.0, later=61.0).bound() == []


def test_a_refresh_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    first = Kept(tmp_path, 1_000.0)
    first.change(None, PHONE)
    first.change(PHONE, replace(PHONE, cseq=8))
    assert [one.cseq for one in Kept(tmp_path, 1_000.0, later=2.0).bound()] == [8]


def test_a_binding_of_an_earlier_process_can_be_removed(tmp_path: Path) -> None:
    Kept(tmp_path, 1_000.0).change(None, PHONE)
    second = Kept(tmp_path, 1_000.0, later=2.0)
    [back] = second.bound()
    second.change(back, None)
    assert Kept(tmp_path, 1_000.0, later=5.0).bound() == []


@pytest.mark.parametrize(
    ("hop", "back"),
    [
        (Hop("wss", "192.0.2.9", 40_000, 7, is_flow=True), []),
        (Hop("tcp", "192.0.2.9", 5060, 7), [Hop("tcp", "192.0.2.9", 5060)]),
        (NATTED, [NATTED]),
    ],
)
def test_a_connection_dies_with_its_process(tmp_path: Path, hop: Hop, back: list[Hop]) -> None:
    """A phone that listens is called anew; one that only its connection leads to is gone."""
    Kept(tmp_path, 1_000.0).change(None, replace(PHONE, hop=hop))
    assert [one.hop for one in Kept(tmp_path, 1_000.0).bound()] == back


@pytest.mark.parametrize(
    "body", ["", "[]", '{"user": "bob"}', '{"contact": "<tel:1>", "path": []}']
)
def test_a_row_that_cannot_be_read_is_left_out(tmp_path: Path, body: str) -> None:
    kept = Kept(tmp_path, 1_000.0)
    Contacts(kept.store.writer, kept.store.places).add(NOW + 60, body)
    kept.store.clock.advance(1)
    assert kept.bound() == []


def test_what_is_restored_expires_by_itself(tmp_path: Path) -> None:
    clock = Store("sqlite://", tmp_path).clock
    registrations = Registrations(clock, LimitsSettings(), NoRows(), lambda _hop: True)
    registrations.restore([replace(PHONE, expires_at=60.0)])
    assert len(registrations) == 1
    clock.advance(60)
    clock.advance(5)
    assert len(registrations) == 0
    assert clock.getDelayedCalls() == []


def test_of_the_flows_of_one_phone_the_newest_that_is_open_rings(tmp_path: Path) -> None:
    """RFC 5626 section 5.3."""
    clock = Store("sqlite://", tmp_path).clock
    closed = {9}
    registrations = Registrations(
        clock, LimitsSettings(), NoRows(), lambda hop: hop.connection not in closed
    )
    flows = [
        replace(
            PHONE,
            contact=Uri("sip", f"10.0.0.{number}"),
            expires_at=60.0,
            reg_id=number,
            hop=Hop("tcp", "192.0.2.9", 40_000 + number, number, is_flow=True),
        )
        for number in (7, 8, 9)
    ]
    registrations.restore(flows)
    assert [one.hop.connection for one in registrations.of("bob")] == [8]
    assert [one["is_reachable"] for one in registrations.told()] == [True, True, False]
    registrations.stop()

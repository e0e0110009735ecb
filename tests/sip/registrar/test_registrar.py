"""The registrar, by RFC 3261 section 10.3, RFC 3327 and RFC 5626: time is a number here."""

from __future__ import annotations

import pytest

from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop, stamp_received
from b2bua.sip.reader import read_datagram
from b2bua.sip.registrar.registrar import Answer, Registrar, RegistrarLimits

PHONE = Hop("udp", "192.0.2.9", 5060)
A, B = "<sip:bob@192.0.2.9>", "<sip:bob@192.0.2.10>"


class Desk:
    """A registrar, asked by bob; every REGISTER has the next CSeq unless it says another."""

    def __init__(self, **limits: int) -> None:
        self.registrar = Registrar(RegistrarLimits(**limits))
        self.now = 1_000.0
        self._cseq = 0

    def ask(
        self,
        *contacts: str,
        fields: tuple[str, ...] = (),
        call_id: str = "one",
        cseq: int | None = None,
        source: Hop = PHONE,
        user: str = "bob",
        via: str = "192.0.2.9",
    ) -> Answer:
        self._cseq = self._cseq + 1 if cseq is None else cseq
        lines = [
            "REGISTER sip:192.0.2.1 SIP/2.0",
            f"Via: SIP/2.0/{source.transport.upper()} {via};branch=z9hG4bK{self._cseq}",
            f"From: <sip:{user}@192.0.2.1>;tag=x",
            f"To: <sip:{user}@192.0.2.1>",
            f"Call-ID: {call_id}",
            f"CSeq: {self._cseq} REGISTER",
            *(f"Contact: {contact}" for contact in contacts),
            *fields,
            "Content-Length: 0",
        ]
        request = read_datagram("\r\n".join([*lines, "", ""]).encode())
        assert isinstance(request, Request)
        stamp_received(request, source)
        return self.registrar.register(request, source, "t", self.now)

    @property
    def bound(self) -> list[str]:
        return [str(one.contact) for one in self.registrar.bindings_of("bob", self.now)]

    @property
    def hop(self) -> Hop:
        [binding] = self.registrar.bindings_of("bob", self.now)
        return binding.hop


def contacts(response: Response) -> list[str]:
    return response.headers.get_all("Contact")


def test_a_contact_is_bound_for_an_hour_unless_it_says_otherwise() -> None:
    answer = Desk().ask(A)
    assert answer.response.status == 200
    assert contacts(answer.response) == ["<sip:bob@192.0.2.9>;expires=3600"]


def test_each_contact_goes_by_its_own_expires_and_then_by_the_header() -> None:
    answer = Desk().ask(f"{A};expires=100", B, fields=("Expires: 200",))
    assert sorted(contacts(answer.response)) == [f"{B};expires=200", f"{A};expires=100"]


@pytest.mark.parametrize("expires", ["soon", "-1", "", "3600 seconds"])
def test_what_cannot_be_read_as_seconds_is_an_hour(expires: str) -> None:
    """20.10."""
    answer = Desk().ask(A, fields=(f"Expires: {expires}",))
    assert contacts(answer.response) == [f"{A};expires=3600"]


def test_longer_than_we_keep_contacts_is_cut() -> None:
    answer = Desk(expires_max=600).ask(f"{A};expires=99999999999999999999")
    assert contacts(answer.response) == [f"{A};expires=600"]


def test_too_short_is_423_and_changes_nothing() -> None:
    desk = Desk(expires_min=60)
    assert desk.ask(f"{A};expires=60").response.status == 200
    refused = desk.ask(f"{B};expires=59").response
    assert (refused.status, refused.headers.get("Min-Expires")) == (423, "60")
    assert desk.bound == ["sip:bob@192.0.2.9"]


def test_a_binding_ends_at_its_time_although_nobody_looks() -> None:
    desk = Desk()
    desk.ask(f"{A};expires=60")
    desk.now += 59.9
    assert desk.bound == ["sip:bob@192.0.2.9"]
    desk.now += 0.2
    assert desk.bound == []
    assert contacts(desk.ask().response) == []
    assert [change.after for change in desk.registrar.expire(desk.now)] == [None]
    assert len(desk.registrar) == 0


def test_the_preferred_contact_comes_first() -> None:
    desk = Desk()
    desk.ask(f"{A};q=0.2", f"{B};q=0.9")
    assert desk.bound == ["sip:bob@192.0.2.10", "sip:bob@192.0.2.9"]
    assert contacts(desk.ask().response)[0] == f"{B};q=0.9;expires=3600"


def test_the_same_contact_is_one_however_it_is_written() -> None:
    """19.1.4."""
    desk = Desk()
    desk.ask("<sip:bob@Host.example;x=1>")
    desk.ask("<sip:%62ob@host.example>")
    assert desk.bound == ["sip:bob@host.example"]


def test_zero_seconds_remove_a_contact_and_leave_the_others() -> None:
    desk = Desk()
    desk.ask(A, B)
    desk.ask(f"{A};expires=0")
    assert desk.bound == ["sip:bob@192.0.2.10"]


def test_a_star_removes_all() -> None:
    desk = Desk()
    desk.ask(A, B)
    answer = desk.ask("*", fields=("Expires: 0",))
    assert (answer.response.status, desk.bound, len(answer.changes)) == (200, [], 2)


@pytest.mark.parametrize("fields", [(), ("Expires: 1",), ("Expires: none",)])
def test_a_star_without_expires_0_is_400(fields: tuple[str, ...]) -> None:
    desk = Desk()
    desk.ask(A)
    assert desk.ask("*", fields=fields).response.status == 400
    assert desk.bound == ["sip:bob@192.0.2.9"]


@pytest.mark.parametrize("cseq", [5, 4])
@pytest.mark.parametrize("asked", [(f"{A};expires=0",), ("*",), (A,)])
def test_what_was_overtaken_holds_no_more(cseq: int, asked: tuple[str, ...]) -> None:
    """10.3 step 7: of one Call-ID only a higher CSeq counts."""
    desk = Desk()
    desk.ask(A, cseq=5)
    assert desk.ask(*asked, fields=("Expires: 0",), cseq=cseq).response.status == 400
    assert desk.bound == ["sip:bob@192.0.2.9"]


def test_another_call_id_counts_from_anew() -> None:
    """A phone that was restarted."""
    desk = Desk()
    desk.ask(A, cseq=5)
    desk.ask(f"{A};expires=0", call_id="two", cseq=1)
    assert desk.bound == []


def test_a_register_holds_as_a_whole_or_not_at_all() -> None:
    desk = Desk()
    desk.ask(A, cseq=5, call_id="old")
    assert desk.ask(B, f"{A};expires=0", cseq=5, call_id="old").response.status == 400
    assert desk.bound == ["sip:bob@192.0.2.9"]


def test_a_user_has_so_many_contacts_and_not_one_more() -> None:
    desk = Desk(contacts_per_user=2)
    assert desk.ask(A, B).response.status == 200
    assert desk.ask("<sip:bob@192.0.2.11>").response.status == 403
    assert desk.ask(A).response.status == 200
    assert desk.ask(f"{A};expires=0", "<sip:bob@192.0.2.11>").response.status == 200


def test_all_users_together_have_so_many_contacts_and_not_one_more() -> None:
    desk = Desk(contacts=1)
    assert desk.ask(A).response.status == 200
    refused = desk.ask("<sip:eve@192.0.2.11>", user="eve").response
    assert (refused.status, "Retry-After" in refused.headers) == (503, True)
    desk.ask(f"{A};expires=0")
    assert desk.ask("<sip:eve@192.0.2.11>", user="eve").response.status == 200


@pytest.mark.parametrize(
    ("contact", "fields", "status"),
    [
        ("<tel:+15550001111>", (), 400),
        (A, ("Require: gruu",), 420),
        (A, ("Require: path, outbound",), 200),
        (A, ("Path: nowhere",), 400),
    ],
)
def test_what_cannot_be_served_is_refused(
    contact: str, fields: tuple[str, ...], status: int
) -> None:
    assert Desk().ask(contact, fields=fields).response.status == status


def test_parameters_of_a_phone_come_back_to_it() -> None:
    answer = Desk().ask(f'{A};+sip.instance="<urn:uuid:0>";methods="INVITE"')
    [contact] = contacts(answer.response)
    assert contact == f'{A};+sip.instance="<urn:uuid:0>";methods="INVITE";expires=3600'


# The way to a phone.


def test_a_phone_is_called_where_its_contact_says() -> None:
    desk = Desk()
    desk.ask("<sip:bob@192.0.2.9:5070>")
    assert desk.hop == Hop("udp", "192.0.2.9", 5070)


def test_a_phone_behind_a_nat_is_called_where_it_came_from() -> None:
    desk = Desk()
    source = Hop("udp", "198.51.100.1", 40_000)
    desk.ask("<sip:bob@10.0.0.1>", source=source, via="10.0.0.1")
    assert desk.hop == Hop("udp", "198.51.100.1", 40_000, is_flow=True)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_phone_on_a_stream_is_called_on_it_or_where_it_listens(transport: str) -> None:
    desk = Desk()
    source = Hop(transport, "192.0.2.9", 40_000, 7)
    desk.ask(f"<sip:bob@192.0.2.9:5070;transport={transport}>", source=source)
    assert desk.hop == Hop(transport, "192.0.2.9", 5070, 7)


def test_a_browser_is_called_on_its_connection_alone() -> None:
    desk = Desk()
    source = Hop("wss", "192.0.2.9", 40_000, 7)
    desk.ask("<sip:bob@x7.invalid;transport=ws>", source=source, via="x7.invalid")
    assert desk.hop == Hop("wss", "192.0.2.9", 40_000, 7, is_flow=True)


def test_a_path_is_kept_and_told() -> None:
    """RFC 3327 section 5.3."""
    desk = Desk()
    path = ("Path: <sip:edge.example;lr>", "Path: <sip:inner.example;lr>")
    answer = desk.ask(A, fields=path)
    assert answer.response.headers.get_all("Path") == [line[6:] for line in path]
    [binding] = desk.registrar.bindings_of("bob", desk.now)
    assert [str(one) for one in binding.path] == [line[6:] for line in path]
    assert binding.hop.host == "edge.example"


FLOW = '<sip:bob@10.0.0.{}>;+sip.instance="<urn:uuid:0>";reg-id={}'
OUTBOUND = ("Supported: path, outbound",)
STREAM = Hop("tcp", "192.0.2.9", 40_000, 7)


def test_a_flow_is_confirmed_and_takes_the_place_of_the_same_flow() -> None:
    """RFC 5626 section 6."""
    desk = Desk()
    answer = desk.ask(FLOW.format(1, 1), fields=OUTBOUND, source=STREAM)
    assert answer.response.headers.get("Require") == "outbound"
    desk.ask(FLOW.format(2, 1), fields=OUTBOUND, source=STREAM, call_id="restarted")
    assert desk.bound == ["sip:bob@10.0.0.2"]
    desk.ask(FLOW.format(3, 2), fields=OUTBOUND, source=STREAM, call_id="second")
    assert len(desk.bound) == 2


@pytest.mark.parametrize(
    ("contact", "fields", "source"),
    [
        (FLOW.format(1, 1), (), STREAM),
        (FLOW.format(1, 1), OUTBOUND, PHONE),  # keep-alives would have to be STUN
        (A, OUTBOUND, STREAM),
        (f"{A};reg-id=1", OUTBOUND, STREAM),
        (FLOW.format(1, "x"), OUTBOUND, STREAM),
    ],
)
def test_without_all_of_it_there_is_no_flow(
    contact: str, fields: tuple[str, ...], source: Hop
) -> None:
    answer = Desk().ask(contact, fields=fields, source=source)
    assert (answer.response.status, answer.response.headers.get("Require")) == (200, None)


def test_what_an_earlier_process_kept_gives_way_to_what_is_bound() -> None:
    desk, earlier = Desk(), Desk()
    earlier.ask(A, B)
    desk.ask(A)
    restored = [desk.registrar.restore(binding) for binding in earlier.registrar.all]
    assert sorted(restored) == [False, True]
    assert sorted(desk.bound) == ["sip:bob@192.0.2.10", "sip:bob@192.0.2.9"]

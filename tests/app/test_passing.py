"""What crosses from a caller's INVITE (RFC 3323, RFC 3325)."""

from __future__ import annotations

import pytest

from b2bua.app.passing import NOTHING, OURS, Passed, passed_of
from b2bua.app.trunk_settings import TrunkEntry
from b2bua.net.local import Local
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr
from tests.support.ladder import request

TRUSTED = TrunkEntry(name="t", uri=Uri("sip", "192.0.2.9"), asserted_identity=True)
OTHER = TrunkEntry(name="o", uri=Uri("sip", "192.0.2.8"))
LOCAL = Local("udp", "192.0.2.1", 5060)
FIELDS = (
    "Diversion: <sip:1@x>",
    "History-Info: <sip:2@x>;index=1",
    "X-One: 1",
    "x-two: 2",
    "P-Asserted-Identity: <tel:+15550001111>, <sip:b@x>",
    "Privacy: id",
)


def passed(trunk: TrunkEntry | None, *names: str, fields: tuple[str, ...] = FIELDS) -> Passed:
    return passed_of(request("INVITE", extra=fields), trunk, frozenset(names))


def test_only_what_is_listed_crosses() -> None:
    assert passed(None).headers == ()
    assert passed(None, "diversion").headers == (("Diversion", "<sip:1@x>"),)
    assert [name for name, _ in passed(None, "x-*").headers] == ["X-One", "x-two"]
    assert [name for name, _ in passed(None, "x-two").headers] == ["x-two"]


def test_what_the_application_gives_wins() -> None:
    assert passed(None, "x-*").but((("X-TWO", "ours"),)) == (("X-One", "1"),)


def test_an_invite_without_any_of_it_hands_on_nothing() -> None:
    assert passed(TRUSTED, fields=()) is NOTHING


@pytest.mark.parametrize(("trunk", "user"), [(TRUSTED, "+15550001111"), (OTHER, ""), (None, "")])
def test_an_identity_is_believed_from_a_network_of_trust_alone(
    trunk: TrunkEntry | None, user: str
) -> None:
    assert passed(trunk).asserted == user


def test_an_identity_is_told_to_a_network_of_trust_alone_and_at_our_host() -> None:
    told = passed(TRUSTED).identity(TRUSTED, "", LOCAL)
    assert told == (("P-Asserted-Identity", "<sip:+15550001111@192.0.2.1>"), ("Privacy", "id"))
    assert passed(TRUSTED).identity(OTHER, "", LOCAL) == ()
    assert passed(TRUSTED).identity(None, "", LOCAL) == ()


@pytest.mark.parametrize(
    ("privacy", "is_private"),
    [
        ("id", True),
        ("ID;critical", True),
        ("user", True),
        ("header; session", True),
        ("session", False),
        ("none", False),
        ("id;none", False),
        ("", False),
    ],
)
def test_who_wants_to_be_anonymous_is(privacy: str, is_private: bool) -> None:
    caller = NameAddr(Uri("sip", "192.0.2.1", user="alice"), "Alice").with_tag("1")
    shown = Passed(privacy=privacy).sender(caller)
    assert isinstance(shown.uri, Uri)
    assert (shown.uri.user == "anonymous") is is_private
    assert shown.tag == "1"


@pytest.mark.parametrize("value", ["<<", "", "mailto:a@b", "<sip:192.0.2.1>"])
def test_an_identity_that_cannot_be_read_is_none(value: str) -> None:
    field = f"P-Asserted-Identity: {value}"
    assert passed(TRUSTED, fields=(field,)).asserted == ""


def test_no_list_can_pass_on_what_each_leg_says_for_itself() -> None:
    assert {"via", "call-id", "from", "to", "contact", "identity", "authorization"} <= OURS

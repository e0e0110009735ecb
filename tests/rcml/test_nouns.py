"""The nouns of <Dial>: rules N-1 to N-11."""

from __future__ import annotations

import pytest

from b2bua.rcml.flow import Follow
from b2bua.rcml.verbs.dial import Dial
from b2bua.rcml.verbs.nouns import Noun
from b2bua.routing.plan import Credentials, Event, StatusPlan, Target
from tests.rcml.reading import codes, read

STATUS = "https://app.example/status"


def nouns(inside: str, *, country: str = "") -> tuple[Noun, ...]:
    (dial,) = read(f"<Dial>{inside}</Dial>", country=country).verbs
    assert isinstance(dial, Dial)
    return dial.nouns


def noun(inside: str, *, country: str = "") -> Noun:
    (only,) = nouns(inside, country=country)
    return only


GOOD = [
    ("<Number>+15550001111</Number>", Target(number="+15550001111")),
    ("<Number>\n +1 (555) 000-1111 \n</Number>", Target(number="+15550001111")),
    ("<Number>1-444-555-666</Number>", Target(number="1444555666")),
    ("<Number>101</Number>", Target(number="101")),
    ('<Number sendDigits="ww1W2#">101</Number>', Target(number="101", send_digits="ww1W2#")),
    (
        f'<Number sendDigits="{"1" * 32}">101</Number>',
        Target(number="101", send_digits="1" * 32),
    ),
    ('<Number byoc="BY0123">101</Number>', Target(number="101", trunk="BY0123")),
    ('<Number timeout="5">101</Number>', Target(number="101", screen_timeout=5.0)),
    ('<Number url="">101</Number>', Target(number="101")),
    (
        "<Number>101?X-Custom-Header1=1234&amp;X-Custom-Header2=43%2021</Number>",
        Target(number="101", headers=(("X-Custom-Header1", "1234"), ("X-Custom-Header2", "43 21"))),
    ),
    ("<Sip>sip:bob@b.example</Sip>", Target(uri="sip:bob@b.example")),
    ("<Sip> bob@b.example </Sip>", Target(uri="sip:bob@b.example")),
    ("<Sip>SIPS:bob@b.example:5061</Sip>", Target(uri="sips:bob@b.example:5061")),
    ("<Sip>sip:[2001:db8::1]:5070</Sip>", Target(uri="sip:[2001:db8::1]:5070")),
    (
        "<Sip>sip:bob@b.example;transport=tcp;x-y?X-A=1&amp;User-to-User=ab;encoding=hex</Sip>",
        Target(
            uri="sip:bob@b.example;transport=tcp;x-y",
            headers=(("X-A", "1"), ("User-to-User", "ab;encoding=hex")),
        ),
    ),
    (
        '<Sip username="u" password="p w">sip:bob@b.example</Sip>',
        Target(uri="sip:bob@b.example", credentials=Credentials("u", "p w")),
    ),
    ('<Sip password="p">sip:bob@b.example</Sip>', Target(uri="sip:bob@b.example")),
    ("<Client>joe</Client>", Target(client="joe")),
    (f"<Client> {'j' * 256} </Client>", Target(client="j" * 256)),
    ("<Client>joe?X-A=1</Client>", Target(client="joe", headers=(("X-A", "1"),))),
    ("client:joe", Target(client="joe")),
    ("+1 555 000 1111", Target(number="+15550001111")),
    ("101?X-A=b@c", Target(number="101", headers=(("X-A", "b@c"),))),
    ("bob@b.example;transport=tcp", Target(uri="sip:bob@b.example;transport=tcp")),
]


@pytest.mark.parametrize(("inside", "target"), GOOD)
def test_a_good_noun_is_a_target_without_a_warning(inside: str, target: Target) -> None:
    assert noun(inside) == Noun(target)
    assert codes(f"<Dial>{inside}</Dial>") == []


NOT_DIALLABLE = [
    ("<Number/>", 13223, ""),
    ("<Number>call me</Number>", 13223, "call me"),
    ("<Number>1-800-FLOWERS</Number>", 13223, "1-800-FLOWERS"),
    ("<Number>+1234567890123456</Number>", 13223, "+1234567890123456"),
    ("<Number>1234567890123456</Number>", 13223, "1234567890123456"),
    ("<Number>+01</Number>", 13223, "+01"),
    ("<Number>+</Number>", 13223, "+"),
    ("<Number>*67</Number>", 13223, "*67"),
    ("<Number>٣٤٥</Number>", 13223, "٣٤٥"),
    ("<Number>sip:bob@b.example</Number>", 13223, "sip:bob@b.example"),
    ("<Number>101?X-A=a%0D%0AVia: x</Number>", 13224, "101?X-A=a%0D%0AVia: x"),
    ("<Number>101?X-A=a%00</Number>", 13224, "101?X-A=a%00"),
    ("<Number>101?X-A=%ff</Number>", 13224, "101?X-A=%ff"),
    ("<Number>101?=1</Number>", 13224, "101?=1"),
    ("<Number>101?X A=1</Number>", 13224, "101?X A=1"),
    (f"<Number>101?X-A={'a' * 1021}</Number>", 13224, f"101?X-A={'a' * 1021}"[:255]),
    ("<Sip/>", 13224, ""),
    ("<Sip>sip:</Sip>", 13224, "sip:"),
    ("<Sip>http://b.example/</Sip>", 13224, "http://b.example/"),
    ("<Sip>mailto:bob@b.example</Sip>", 13224, "mailto:bob@b.example"),
    ("<Sip>sip:bob@b.example:0</Sip>", 13224, "sip:bob@b.example:0"),
    ("<Sip>sip:bob@b.example:65536</Sip>", 13224, "sip:bob@b.example:65536"),
    ("<Sip>sip:bo b@b.example</Sip>", 13224, "sip:bo b@b.example"),
    ("<Sip>sip:bob@b.example;transport=sctp</Sip>", 13224, "sip:bob@b.example;transport=sctp"),
    ("<Sip>sip:bob@b.example&gt;</Sip>", 13224, "sip:bob@b.example>"),
    ("<Sip>sip:bob@b.example,sip:x@y</Sip>", 13224, "sip:bob@b.example,sip:x@y"),
    ("<Sip>sip:bob%@b.example</Sip>", 13224, "sip:bob%@b.example"),
    ("<Sip>sip:bob%0dx@b.example</Sip>", 13224, "sip:bob%0dx@b.example"),
    (f"<Sip>sip:{'b' * 242}@b.example</Sip>", 13224, f"sip:{'b' * 242}@b.example"[:255]),
    ("<Sip>sip:a&#10;b@b.example</Sip>", 13224, "sip:a b@b.example"),
    ('<Sip username="a&#13;b">sip:bob@b.example</Sip>', 13224, "sip:bob@b.example"),
    ('<Sip username="a" password="&#10;">sip:bob@b.example</Sip>', 13224, "sip:bob@b.example"),
    ("<Client> </Client>", 13224, "client:"),
    (f"<Client>{'j' * 257}</Client>", 13224, f"client:{'j' * 255}"),
    ("<Client>joe?=x</Client>", 13224, "client:joe?=x"),
    ("joe", 13223, "joe"),
    ('<Number url="ftp://x">101</Number>', 11100, "101"),
    ('<Number url="http://">101</Number>', 11100, "101"),
]


@pytest.mark.parametrize(("inside", "code", "to"), NOT_DIALLABLE)
def test_a_noun_that_cannot_be_dialled_is_a_leg_with_a_problem(
    inside: str, code: int, to: str
) -> None:
    target = noun(inside).target
    assert target.problem is not None
    assert (target.problem[0], target.to) == (code, to)
    assert code in codes(f"<Dial>{inside}</Dial>")


def test_a_leg_with_a_problem_still_reports_its_status() -> None:
    target = noun('<Number statusCallback="/status" url="/w">nobody</Number>').target
    assert target.status == StatusPlan(STATUS)


def test_a_sip_uri_and_its_headers_may_be_as_long_as_the_limits() -> None:
    uri = f"sip:{'b' * 241}@b.example"
    header = f"X-A={'a' * 1020}"
    assert (len(uri), len(header)) == (255, 1024)
    assert noun(f"<Sip>{uri}?{header}</Sip>").target.uri == uri


@pytest.mark.parametrize("name", ["Via", "From", "Contact", "Route", "Subject", "P-Asserted"])
def test_a_header_a_document_may_not_set_is_left_out_with_a_warning(name: str) -> None:
    inside = f"<Sip>sip:b@b.example?{name}=1&amp;x-a=2</Sip>"
    assert noun(inside).target.headers == (("x-a", "2"),)
    assert codes(f"<Dial>{inside}</Dial>") == [12200]


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('sendDigits="1 2"', 12200),
        ('sendDigits="1a"', 12200),
        (f'sendDigits="{"1" * 33}"', 12200),
        ('sendDigits="1&#10;"', 12200),
        ('method="DELETE"', 13210),
        ('statusCallback="/s" statusCallbackMethod="PATCH"', 13210),
        ('statusCallbackEvent="ringing"', 12200),
        ('statusCallback="ftp://x"', 11100),
        ('statusCallback="ftp://x" statusCallbackEvent="ringing"', 11100),
        ('statusCallback="http://a_b.example/" ', 12200),
        ('timeout="0"', 13212),
        ('timeout="601"', 13212),
        ('byoc="a b"', 13224),
        ('machineDetection="Enable"', 12200),
        ('Url="/w"', 12200),
        ('username="u"', 12200),
    ],
)
def test_a_bad_attribute_of_a_number_is_warned_of_and_the_leg_rings(
    attributes: str, code: int
) -> None:
    inside = f"<Number {attributes}>101</Number>"
    target = noun(inside).target
    assert (target.number, target.problem, target.send_digits) == ("101", None, "")
    assert codes(f"<Dial>{inside}</Dial>") == [code]


ALL = frozenset(Event)
DONE = {Event.COMPLETED}
RING = Event.RINGING


@pytest.mark.parametrize(
    ("words", "events", "unknown"),
    [
        (None, DONE, 0),
        ("", DONE, 0),
        (" ,, ", DONE, 0),
        ("initiated,ringing,answered,completed", ALL, 0),
        ("initiated ringing answered completed", ALL, 0),
        (" initiated ,ringing\n\tanswered,,completed ", ALL, 0),
        ("Initiated RINGING", {Event.INITIATED, RING}, 0),
        ("ringing ringing ringing", {RING}, 0),
        ("answered", {Event.ANSWERED}, 0),
        ("ringing;answered", DONE, 1),
        ("ringing hung-up busy", {RING}, 2),
        ("bridged", DONE, 1),
        ("initiatedringing", DONE, 1),
    ],
)
def test_n_7_and_n_8_events_in_any_separator_completed_by_default(
    words: str | None, events: set[Event], unknown: int
) -> None:
    attribute = "" if words is None else f'statusCallbackEvent="{words}"'
    inside = f'<Number statusCallback="/status" {attribute}>101</Number>'
    assert noun(inside).target.status == StatusPlan(STATUS, "POST", frozenset(events))
    assert codes(f"<Dial>{inside}</Dial>") == [12200] * unknown


def test_n_5_each_noun_reports_to_its_own_url_by_its_own_method() -> None:
    first, second = nouns(
        '<Number statusCallback="a#rc=2" statusCallbackMethod="get">101</Number>'
        '<Sip statusCallback="http://other.example/b?c=d">sip:b@b.example</Sip>'
    )
    assert first.target.status == StatusPlan("https://app.example/calls/a#rc=2", "GET")
    assert second.target.status == StatusPlan("http://other.example/b?c=d", "POST")


def test_n_2_the_whisper_resolves_against_the_document() -> None:
    found = noun('<Number url="../whisper?x=1" method="get">101</Number>')
    assert found.whisper == Follow("https://app.example/whisper?x=1", "GET")


def test_n_4_duplicates_ring_once() -> None:
    inside = (
        "<Number>+15550001111</Number><Number>+1 (555) 0001111</Number>"
        '<Number sendDigits="1">+15550001111</Number><Sip>sip:a@b</Sip><Sip>sip:a@b</Sip>'
    )
    assert [(n.target.to, n.target.send_digits) for n in nouns(inside)] == [
        ("+15550001111", ""),
        ("+15550001111", "1"),
        ("sip:a@b", ""),
    ]
    assert codes(f"<Dial>{inside}</Dial>") == [12200, 12200]


def test_n_4_ten_targets_ring_and_the_rest_is_ignored_with_a_warning() -> None:
    inside = "".join(f"<Number>{n}</Number>" for n in range(100, 112))
    assert [n.target.number for n in nouns(inside)] == [str(n) for n in range(100, 110)]
    assert codes(f"<Dial>{inside}</Dial>") == [12200, 12200]


def test_nouns_may_be_mixed_and_keep_their_order() -> None:
    inside = "<Sip>sip:a@b</Sip><Conference>room</Conference><Number>101</Number>"
    assert [n.target.to for n in nouns(inside)] == ["sip:a@b", "101"]
    assert codes(f"<Dial>{inside}</Dial>") == [13215]


def test_a_national_number_is_the_account_country_s() -> None:
    assert noun("<Number>(415) 555-2671</Number>", country="us").target.number == "+14155552671"

"""Bytes to verbs: well-formedness, limits, and everything hostile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from b2bua.rcml import document
from b2bua.rcml.document import Document, RcmlError, read_document
from b2bua.rcml.limits import Limits
from b2bua.rcml.reading import Setting
from b2bua.rcml.verbs import VERBS, dial, gather, nouns, play, say
from b2bua.rcml.verbs.hangup import Hangup
from b2bua.rcml.verbs.pause import Pause
from tests.rcml.reading import BASE, read

SETTING = Setting(BASE)


def refused(data: bytes | str, setting: Setting = SETTING) -> RcmlError:
    with pytest.raises(RcmlError) as problem:
        read_document(data.encode() if isinstance(data, str) else data, setting)
    return problem.value


def test_verbs_come_in_document_order() -> None:
    found = read_document(b"<Response><Pause/>\n<Hangup/></Response>", SETTING)
    assert found == Document((Pause(), Hangup()))


@pytest.mark.parametrize(
    "data",
    [
        b"<Response/>",
        b"<Response></Response>",
        b" \r\n\t<Response/>\n",
        b"\xef\xbb\xbf<Response/>",
        b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><Response/>",
        b"<?xml version='1.0'?>\n<!-- hello --><?php ?><Response/>",
        b"<?xml version='1.0' encoding=\"us-ascii\"?><Response/>",
        b"<!-- <!DOCTYPE Response> --><Response/>",
        b"<Response><!-- nothing --></Response>",
        b"<Response><?pi <Say>?></Response>",
    ],
)
def test_an_empty_response_is_a_document(data: bytes) -> None:
    assert read_document(data, SETTING) == Document(())


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"\n", 2),
        (b"hello", 1),
        (b" <?xml version='1.0'?><Response/>", 1),
        (b"\n<?xml version='1.0'?><Response/>", 2),
        (b"<Response>", 1),
        (b"<Response>\n  <Say>x</Sya>\n</Response>", 2),
        (b"<Response><Say>a & b</Say></Response>", 1),
        (b"<Response>\n\n<Say>&nbsp;</Say></Response>", 3),
        (b"<Response/><Response/>", 1),
        (b"<Response a='1' a='2'/>", 1),
        (b"<Response>\x00</Response>", 1),
        (b"\x00<Response/>", 1),
        (b"<Response>\x08</Response>", 1),
        (b"<Response><Say>&#0;</Say></Response>", 1),
        (b"<x:Response/>", 1),
        (b"<!doctype html><html></html>", 1),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(data: bytes, line: int) -> None:
    """The column is the parser's: where it stopped, on that line."""
    problem = refused(data)
    assert (problem.code, problem.line) == (12100, line)
    assert 1 <= problem.column <= len(data.split(b"\n")[line - 1]) + 1
    assert str(problem).startswith(f"line {line}, column {problem.column}: ")


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"<Response>\n\xff</Response>", 2, 1),
        ("<Response>\n\täö\udce9".encode("utf-8", "surrogateescape"), 2, 4),
        ("<Response>\ud800</Response>".encode("utf-8", "surrogatepass"), 1, 11),
        ("<Response/>".encode("utf-16"), 1, 1),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><Response/>", 1, 1),
        (b"<?xml version='1.0' encoding='utf-7'?><Response/>", 1, 1),
        (b"<response/>", 1, 1),
        (b"<!-- a -->\n<Say>root</Say>", 2, 1),
        (b"<Response xmlns='urn:x'/>", 1, 1),
        (b"<html><body>404</body></html>", 1, 1),
    ],
)
def test_what_is_no_rcml_is_refused_with_its_place(data: bytes, line: int, column: int) -> None:
    problem = refused(data)
    assert (problem.code, problem.line, problem.column) == (12100, line, column)


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))

DECLARATIONS = [
    '<!DOCTYPE Response SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE Response PUBLIC "-//x" "http://127.0.0.1:9/x.dtd">',
    "<!DOCTYPE Response>",
    '<!DOCTYPE Response [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE Response [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>',
    f'<!DOCTYPE Response [<!ENTITY l0 "lol">{LAUGHS}]>',
    '<!DOCTYPE Response [<!ATTLIST Say voice CDATA "evil">]>',
    "<!-- c --><?pi?>\n<!DOCTYPE Response>",
]


@pytest.fixture
def opened() -> Iterator[list[tuple[str, object]]]:
    """What Python opened while the test ran: files and sockets."""
    events: list[tuple[str, object]] = []
    is_on = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if is_on and event in {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}:
            events.append((event, arguments))

    sys.addaudithook(hook)
    yield events
    is_on = False


@pytest.mark.parametrize("declaration", DECLARATIONS)
@pytest.mark.parametrize("head", ["", "<?xml version='1.0' encoding='utf-8'?>\n", "\ufeff"])
def test_a_document_type_declaration_never_reaches_the_parser(
    opened: list[tuple[str, object]], head: str, declaration: str
) -> None:
    problem = refused(f"{head}{declaration}<Response><Say>&x;&l9;</Say></Response>")
    assert problem.code == 12100
    assert "document type declaration" in str(problem)
    assert opened == []


def test_a_declaration_is_found_at_its_place() -> None:
    problem = refused("<?xml version='1.0'?>\n  <!-- a\n b --> <!DOCTYPE Response><Response/>")
    assert (problem.line, problem.column) == (3, 8)


def test_entities_would_stay_closed_even_if_one_reached_the_parser(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    source = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'
    root = etree.fromstring(source.encode(), document._parser())
    assert b"swordfish" not in etree.tostring(root)


def test_a_prolog_that_almost_declares_costs_no_time() -> None:
    """Ten thousand processing instructions: a pattern that backtracks would never end."""
    read_document(b"<?a?>" * 10_000 + b"<Response/>", SETTING)
    refused(b"<?a?><!-- -->" * 4_000 + b"<!DOCTYP")


def nested(depth: int) -> str:
    return "<Response>" + "<a>" * (depth - 1) + "</a>" * (depth - 1) + "</Response>"


def attributes(count: int) -> str:
    names = " ".join(f'a{i}="x"' for i in range(count))
    return f"<Response><Say {names}>x</Say></Response>"


def padded(size: int) -> str:
    frame = "<Response></Response>"
    return frame.replace("><", f">{' ' * (size - len(frame))}<")


LIMITS = [
    pytest.param(padded, 65_536, 1, id="document_bytes"),
    pytest.param(nested, 8, 10 + 3 * 7 + 1, id="document_depth"),
    pytest.param(attributes, 32, 11, id="document_attributes"),
    pytest.param(lambda n: f"<Response>{'<Pause/>' * n}</Response>", 100, 811, id="document_verbs"),
    pytest.param(
        lambda n: f"<Response><Gather>{'<Pause/>' * (n - 1)}</Gather></Response>",
        100,
        19 + 99 * 8,
        id="document_verbs, nested",
    ),
    pytest.param(
        lambda n: f"<Response><Dial>{'<N/>' * n}</Dial></Response>", 100, 417, id="document_targets"
    ),
    pytest.param(
        lambda n: f"<Response><Say>{'<b/>' * (n - 2)}</Say></Response>",
        1_000,
        16 + 4 * 998,
        id="document_elements",
    ),
    pytest.param(
        lambda n: f'<Response><Say voice="{"v" * n}">x</Say></Response>', 4096, 11, id="value"
    ),
    pytest.param(lambda n: f"<Response><Say>{'v' * n}</Say></Response>", 4096, 11, id="text"),
    pytest.param(lambda n: f"<Response><Pause/>{'v' * n}</Response>", 4096, 11, id="tail"),
    pytest.param(
        lambda n: f"<Response><Say>{'v' * 4000}<b/>{'v' * (n - 4000)}</Say></Response>",
        4096,
        11,
        id="text around elements",
    ),
]


@pytest.mark.parametrize(("build", "most", "column"), LIMITS)
def test_a_limit_holds_at_n_and_breaks_at_n_plus_1(build: object, most: int, column: int) -> None:
    assert callable(build)
    read_document(build(most).encode(), SETTING)
    problem = refused(build(most + 1))
    assert (problem.code, problem.line, problem.column) == (12100, 1, column)


def test_limits_can_be_set() -> None:
    setting = Setting(BASE, limits=Limits(document_verbs=1))
    assert refused("<Response><Pause/><Pause/></Response>", setting).code == 12100


def test_very_deep_documents_are_refused() -> None:
    assert refused(b"<Response>" + b"<a>" * 20_000).code == 12100


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<Hangup/><Fax/>", (12200, "line 1, column 20: <Fax> is no verb")),
        ("<hangup/>", (12200, "line 1, column 11: <hangup> is no verb (it is written <Hangup>)")),
        ("\n  <Pause/>\n  <Stop/>", (12200, "line 3, column 3: <Stop> is no verb")),
        (
            '<Pause Length="3"/>',
            (12200, "line 1, column 11: <Pause> has no attribute Length (it is written length)"),
        ),
        ('<Hangup x="1"/>', (12200, "line 1, column 11: <Hangup> has no attribute x")),
        ("words", (12200, "line 1, column 1: <Response> holds text, which is ignored")),
        (
            "<Pause><Say>x</Say></Pause>",
            (12200, "line 1, column 18: <Say> has no meaning inside <Pause>"),
        ),
        (
            "<!-- <a/> --><![CDATA[ <b/> ]]><?c <d/>?><Fax/>",
            (12200, "line 1, column 1: <Response> holds text, which is ignored"),
        ),
    ],
)
def test_what_is_odd_is_told_with_its_place(body: str, expected: tuple[int, str]) -> None:
    warned = read(body).warnings[0]
    assert (warned.code, str(warned)) == expected


def test_what_looks_like_a_tag_and_is_none_does_not_shift_places() -> None:
    body = "\n<!-- <a>\n<b> --><Pause/><![CDATA[<c>]]>\n<?d <e>?> <Fax f='&lt;g>'/>"
    assert [(w.line, w.column) for w in read(body).warnings] == [(1, 1), (4, 11)]


def test_the_rest_of_a_document_with_oddities_runs() -> None:
    found = read("<Fax/><Pause length='x' y='z'/><dial/>oops<Hangup/>")
    assert found.verbs == (Pause(), Hangup())


def test_a_flood_of_warnings_is_cut_short() -> None:
    found = read("<Say>x" + "<b/>" * 900 + "</Say>")
    assert len(found.warnings) == 101
    assert found.warnings[-1].text == "there are more warnings than are told"


@pytest.mark.parametrize("name", ["Dial", "Enqueue", "Leave", "Connect", "Refer"])
def test_a_whisper_may_not_hold_what_rings_or_moves_calls(name: str) -> None:
    with pytest.raises(RcmlError) as problem:
        read(f"<Pause/><{name}/>", is_whisper=True)
    assert (problem.value.code, problem.value.column) == (13200, 19)


def test_no_value_of_an_attribute_is_repeated_in_a_warning() -> None:
    """It may be a password or a PIN."""
    body = '<Dial method="s3cret"><Number sendDigits="s3cret" url="s3cret://">1</Number></Dial>'
    assert "s3cret" not in str([str(warned) for warned in read(body).warnings])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_document_or_an_rcml_error(data: bytes) -> None:
    try:
        read_document(data, SETTING)
    except RcmlError as problem:
        assert problem.line >= 1  # noqa: PT017 - nothing else may be raised
        assert problem.column >= 1  # noqa: PT017


NAMES = st.sampled_from(
    [*VERBS, "Number", "Sip", "Client", "dial", "Fax", "Conference", "Response", "x:y"]
)
ATTRIBUTES = st.sampled_from(
    sorted(
        dial.ATTRIBUTES
        | gather.ATTRIBUTES
        | nouns.NUMBER_ATTRIBUTES
        | nouns.SIP_ATTRIBUTES
        | play.ATTRIBUTES
        | say.ATTRIBUTES
        | {"length", "reason", "nonsense"}
    )
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "0", "-1", "1e9", "999999999999", "true", "http://[", "http://h:99999/", "//", "?&=%"]
    ),
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> etree._Element:
    root = etree.Element(draw(NAMES).replace("x:", "{urn:x}") if depth else "Response")
    for name in draw(st.sets(ATTRIBUTES, max_size=6)):
        root.set(name, _legal(draw(VALUES)))
    root.text = _legal(draw(VALUES))
    if depth < 4:
        for child in draw(st.lists(elements(depth=depth + 1), max_size=3)):
            root.append(child)
    return root


def _legal(text: str) -> str:
    return "".join(c for c in text if c >= " " and c not in "\ufffe\uffff" and c.isprintable())


@settings(deadline=None, max_examples=150)
@given(elements(), st.booleans(), st.sampled_from(["", "US", "de", "XX"]))
def test_any_well_formed_rcml_is_a_document_or_an_rcml_error(
    root: etree._Element, is_whisper: bool, country: str
) -> None:
    setting = Setting(BASE, country, is_whisper)
    try:
        found = read_document(etree.tostring(root, encoding="utf-8"), setting)
    except RcmlError:
        return
    assert len(found.verbs) <= 100

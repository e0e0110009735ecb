"""Documents that want to open files, fill memory or take time, made by the thousand from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

VALID = (
    b'<Response><Say voice="man" language="en-US">Hello &amp; welcome</Say><Hangup/></Response>',
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  <Dial timeout="20" action="/after">\n'
    b'    <Number url="/screen" statusCallback="/s" statusCallbackEvent="initiated ringing">'
    b"+15550003333</Number>\n    <Sip>sip:desk@pbx.example;transport=tcp?X-A=1&amp;X-B=2</Sip>\n"
    b"  </Dial>\n</Response>",
    b'<Response><Gather action="/menu" numDigits="1" timeout="8"><Say>For sales, press 1.</Say>'
    b'<Play loop="2">/hello.wav</Play><Pause length="1"/></Gather><Redirect>/menu</Redirect>'
    b"</Response>",
    "<Response><!-- ü --><Say>Grüße, 世界 🎉</Say>".encode()
    + b"<![CDATA[]]><Reject reason='busy'/></Response>",
)


@dataclass(frozen=True)
class Hostile:
    """One document: what kind it is, and whether it has to be refused whatever else it holds."""

    kind: str
    data: bytes
    is_refused: bool


@dataclass(frozen=True)
class Canary:
    """Where documents try to lead: URLs, of files first, that nobody may ever open."""

    urls: tuple[str, ...]

    def one(self, random: Random) -> str:
        return random.choice(self.urls)


Make = Callable[[Random, Canary], bytes]


def documents(seed: int, count: int, canary: Canary) -> list[Hostile]:
    """Return `count` documents, each kind as often as any other."""
    random = Random(seed)
    kinds = [*[(make, True) for make in REFUSED], *[(make, False) for make in EITHER]]
    return [
        Hostile(make.__name__, make(random, canary), is_refused)
        for make, is_refused in (kinds[number % len(kinds)] for number in range(count))
    ]


def _prolog(random: Random) -> str:
    """Return what may stand before a document type declaration."""
    pieces = ["", "\n", "<!-- c -->", "<?p x?>", "<!-- <Response/> -->\n \t", "<?p <!DOCTYPE?>"]
    declared = random.choice(['<?xml version="1.0"?>', "", "\ufeff", '<?xml version="1.1"?>'])
    return declared + "".join(random.choice(pieces) for _ in range(random.randrange(4)))


def _typed(random: Random, subset: str, external: str = "", body: str = "&e;") -> bytes:
    white = random.choice([" ", "\n", "\t \r\n"])
    name = random.choice(["Response", "r", "x:y"])
    said = f"<!DOCTYPE{white}{name} {external}[{subset}]>"
    return f"{_prolog(random)}{said}<Response><Say>{body}</Say></Response>".encode()


def entity_bomb(random: Random, _: Canary) -> bytes:
    width, depth = random.randrange(2, 20), random.randrange(2, 12)
    levels = "".join(
        f'<!ENTITY e{level} "{f"&e{level - 1};" * width}">' for level in range(1, depth)
    )
    return _typed(random, f'<!ENTITY e0 "lol">{levels}', body=f"&e{depth - 1};")


def quadratic_bomb(random: Random, _: Canary) -> bytes:
    size = random.randrange(100, 20_000)
    return _typed(random, f'<!ENTITY e "{"a" * size}">', body="&e;" * random.randrange(10, 9_000))


def external_entity(random: Random, canary: Canary) -> bytes:
    public = random.choice(["SYSTEM", 'PUBLIC "-//x//EN"'])
    return _typed(random, f'<!ENTITY e {public} "{canary.one(random)}">')


def external_in_attribute(random: Random, canary: Canary) -> bytes:
    subset = f'<!ENTITY e SYSTEM "{canary.one(random)}">'
    text = f"<!DOCTYPE r [{subset}]><Response><Play loop='&e;'>&e;</Play></Response>"
    return text.encode()


def parameter_entity(random: Random, canary: Canary) -> bytes:
    url = canary.one(random)
    nested = "<!ENTITY &#37; s \"<!ENTITY e SYSTEM 'file:///etc/passwd'>\">%s;"
    subset = random.choice([f'<!ENTITY % p SYSTEM "{url}">%p;', f'<!ENTITY % p "{url}">{nested}'])
    return _typed(random, subset)


def external_subset(random: Random, canary: Canary) -> bytes:
    external = random.choice(
        [f'SYSTEM "{canary.one(random)}" ', f'PUBLIC "x" "{canary.one(random)}" ']
    )
    return _typed(random, "", external, body="hi")


def plain_doctype(random: Random, _: Canary) -> bytes:
    said = random.choice(
        ["<!DOCTYPE Response>", "<!DOCTYPE\nResponse\n>", "<!DOCTYPE Response []>"]
    )
    return f"{_prolog(random)}{said}<Response/>".encode()


def declared_in_subset(random: Random, _: Canary) -> bytes:
    declared = random.choice(
        [
            "<!ATTLIST Say voice CDATA 'x'>",
            "<!ELEMENT Response ANY>",
            "<!NOTATION n SYSTEM 'x'><!ENTITY u SYSTEM 'y' NDATA n>",
            "<![INCLUDE[<!ELEMENT a ANY>]]>",
        ]
    )
    return _typed(random, declared, body="hi")


def deep(random: Random, _: Canary) -> bytes:
    depth = random.choice([9, 10, 50, 255, 256, 257, 2_000, 5_000])
    name = random.choice(["Say", "Gather", "a"])
    return (f"<Response>{f'<{name}>' * depth}{f'</{name}>' * depth}</Response>").encode()


def long_value(random: Random, _: Canary) -> bytes:
    size = random.choice([4_097, 5_000, 60_000])
    value = random.choice(["a", "&#97;", "&amp;"]) * (size if size < 10_000 else size // 6)
    return random.choice(
        [
            f'<Response><Say voice="{value}">x</Say></Response>',
            f"<Response><Say>{value}</Say></Response>",
        ]
    ).encode()


def many_attributes(random: Random, _: Canary) -> bytes:
    count = random.choice([33, 100, 3_000])
    told = " ".join(f'a{number}=""' for number in range(count))
    return f"<Response><Say {told}/></Response>".encode()


def same_attribute(random: Random, _: Canary) -> bytes:
    return b"<Response><Say %b/></Response>" % (b'voice="a" ' * random.randrange(2, 500))


def many_elements(random: Random, _: Canary) -> bytes:
    verb = random.choice(["<Hangup/>", "<a/>", "<Pause/>"])
    return f"<Response>{verb * random.choice([101, 1_001, 5_000])}</Response>".encode()


def too_large(random: Random, _: Canary) -> bytes:
    padding = random.choice([" ", "<!-- x -->", "\n"])
    return f"<Response>{padding * (65_537 // len(padding) + 1)}</Response>".encode()


def no_utf8(random: Random, _: Canary) -> bytes:
    bad = random.choice(
        [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xfe"]
    )
    place = random.choice([b"<Response><Say>%b</Say></Response>", b'<Response a="%b"/>', b"%b<a/>"])
    return place % bad


def other_encoding(random: Random, canary: Canary) -> bytes:
    text = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{canary.one(random)}">]><Response>&e;</Response>'
    text = random.choice([text, "<Response><Say>hi</Say></Response>"])
    codec = random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp037"])
    declared = f'<?xml version="1.0" encoding="{codec}"?>'
    return (random.choice([declared, ""]) + text).encode(codec)


def declared_encoding(random: Random, _: Canary) -> bytes:
    name = random.choice(
        [
            "UTF-7",
            "utf-16",
            "ISO-8859-1",
            "windows-1252",
            "EBCDIC-CP-US",
            "UTF-32",
            "Shift_JIS",
            "x",
        ]
    )
    quote, white = random.choice("'\""), random.choice(["", " ", "\n"])
    said = f"<?xml version={quote}1.0{quote} encoding{white}={white}{quote}{name}{quote}?>"
    body = random.choice(["<Response/>", "+ADw-Response+AD4-+ADw-/Response+AD4-"])
    return (said + body).encode()


def not_well_formed(random: Random, _: Canary) -> bytes:
    return random.choice(
        [
            b' <?xml version="1.0"?><Response/>',
            b'\xef\xbb\xbf <?xml version="1.0"?><Response/>',
            b"<Response>&undefined;</Response>",
            b"<Response>&#0;</Response>",
            b"<Response>&#x1;</Response>",
            b"<Response>&#xD800;</Response>",
            b"<Response>&#x110000;</Response>",
            b"<Response>\x01</Response>",
            b"<Response>\x00</Response>",
            b"<Response>]]></Response>",
            b"<Response><!-- -- --></Response>",
            b"<Response><Say></Response>",
            b"<Response></Response><Response/>",
            b"<Response/>trailing",
            b"<Response a=b/>",
            b"<Response a='<'/>",
            b"<Response><?xml version='1.0'?></Response>",
            b"<Response><![CDATA[x</Response>",
            b"<Response><!DOCTYPE x></Response>",
            b"<!doctype html><Response/>",
            b"<response/>",
            b"<html><body/></html>",
            b"<x:Response xmlns:x='u'/>",
            b"<Response xmlns='http://www.w3.org/1999/xhtml'/>",
            b"Response",
            b"<",
            b"\x00",
            b"%PDF-1.4",
            b"\x1f\x8b\x08\x00",
        ]
    )


def x_include(random: Random, canary: Canary) -> bytes:
    url, parse = canary.one(random), random.choice(["xml", "text"])
    namespace = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
    inner = f'<xi:include {namespace} href="{url}" parse="{parse}"/>'
    return random.choice(
        [f"<Response>{inner}<Say>hi</Say></Response>", f"<Response><Say>{inner}</Say></Response>"]
    ).encode()


def instruction(random: Random, canary: Canary) -> bytes:
    url = canary.one(random)
    said = random.choice(
        [
            f'<?xml-stylesheet type="text/xsl" href="{url}"?>',
            f'<?xml-model href="{url}"?>',
            f"<?php readfile('{url}'); ?>",
            "<?x " + "y" * random.randrange(9_000) + "?>",
        ]
    )
    return f"{said}<Response>{said}<Say>{said}hi</Say></Response>{said}".encode()


def schema(random: Random, canary: Canary) -> bytes:
    url = canary.one(random)
    return (
        '<Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:noNamespaceSchemaLocation="{url}" xsi:schemaLocation="a {url}" xml:base="{url}">'
        "<Say>hi</Say></Response>"
    ).encode()


def link(random: Random, canary: Canary) -> bytes:
    url = canary.one(random).replace("&", "&amp;")
    return (
        f"<Response><Play>{url}</Play><Redirect>{url}</Redirect>"
        f'<Dial action="{url}" dialMusic="{url}"><Number url="{url}">1</Number></Dial></Response>'
    ).encode()


def mutated(random: Random, _: Canary) -> bytes:
    data = bytearray(random.choice(VALID))
    for _time in range(random.randrange(1, 6)):
        at, size = random.randrange(len(data)), random.randrange(1, 9)
        match random.randrange(6):
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * random.choice([1, 2, 200])
            case 3:
                data[at:at] = random.choice(_PIECES)
            case 4:
                data[at] = random.randrange(256)
            case 5:
                other = random.choice(VALID)
                data[at:at] = other[random.randrange(len(other)) :][: 4 * size]
        data = data or bytearray(b"<")
    return bytes(data)


_PIECES = (
    b"<", b">", b"/", b"&", b"'", b'"', b"=", b"]]>", b"<!--", b"-->", b"<![CDATA[", b"<?", b"?>",
    b"<!DOCTYPE x>", b"<!ENTITY", b"&e;", b"%p;", b"&#10;", b"&#x0;", b"\x00", b"\r\n", b"\x85",
    b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"xmlns=''", b"xmlns:a='b'", b"a:", b"<Say>", b"</Say>",
    b"<Response>", b"</Response>", b"<Dial>", b"</Dial>",
)  # fmt: skip

REFUSED: tuple[Make, ...] = (
    entity_bomb,
    quadratic_bomb,
    external_entity,
    external_in_attribute,
    parameter_entity,
    external_subset,
    plain_doctype,
    declared_in_subset,
    deep,
    long_value,
    many_attributes,
    same_attribute,
    many_elements,
    too_large,
    no_utf8,
    other_encoding,
    declared_encoding,
    not_well_formed,
)
EITHER: tuple[Make, ...] = (x_include, instruction, schema, link, mutated, mutated, mutated)

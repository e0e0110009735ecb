"""Messages of our own, one for each rule of RFC 4475 and each published class of defect.

A rule has the statuses that a peer may be told, `NOTHING` where silence is an answer, and the
message: `{via}` is the sender's own topmost Via without its parameters, `{branch}` and `{id}` are
new each time.  Lines are ended with CRLF; Content-Length is counted unless the rule is about it.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = 0
"""No answer at all."""

REFUSED = frozenset({400})
DROPPED = frozenset({NOTHING})
UNTAKEN = frozenset({400, NOTHING})
TAKEN = frozenset({200, 401, 403, 404, 405, 407, 415, 416, 480, 481, 488, 501, 503})
"""Whatever is said of a message that was understood."""

SDP = "v=0\no=u 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 39000 RTP/AVP 0\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is sent, and what may come back."""

    name: str
    statuses: frozenset[int]
    method: str = "OPTIONS"
    uri: str = "sip:nobody@127.0.0.1"
    start: str = ""
    via: str = "{via};branch=z9hG4bK{branch}"
    from_: str = "<sip:a@127.0.0.1>;tag=1"
    to: str = "<sip:nobody@127.0.0.1>"
    call_id: str = "{id}"
    cseq: str = ""
    max_forwards: str = "70"
    headers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    body: str = ""
    length: str | None = None
    after: str = ""

    def written(self, via: str, new: str) -> bytes:
        """Return the message as it goes over the wire."""
        fields = [
            ("Via", self.via.format(via=via, branch=new)),
            ("From", self.from_),
            ("To", self.to),
            ("Call-ID", self.call_id.format(id=new)),
            ("CSeq", self.cseq or f"7 {self.method}"),
            ("Max-Forwards", self.max_forwards),
        ]
        body = self.body.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        lines = [
            self.start or f"{self.method} {self.uri} SIP/2.0",
            *(f"{name}: {value}" for name, value in fields if name not in self.without),
            *self.headers,
            f"Content-Length: {len(body) if self.length is None else self.length}",
        ]
        head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
        return head + body + self.after.encode()


def invite(name: str, statuses: frozenset[int], body: str = SDP, *more: str) -> Rule:
    """Return a rule about an INVITE for a number that rings nobody, or about its body."""
    headers = ("Contact: <sip:a@127.0.0.1:9>", *more)
    if not any(line.lower().startswith(("content-type", "c:")) for line in more):
        headers += ("Content-Type: application/sdp",)
    return Rule(name, statuses, "INVITE", headers=headers, body=body)


RFC4475 = [
    # 3.1.1 Valid messages
    Rule(
        "3.1.1.1 fields are folded, compact, empty and of strange case",
        TAKEN,
        headers=("sUbJeCt:", "s :", "X-New:  one\r\n  two", "X-Odd: ;;,,;;,;", "k:a\r\n\t,b"),
        max_forwards="0068",
        cseq="0009\r\n  OPTIONS",
    ),
    Rule(
        "3.1.1.2 a token has many characters",
        frozenset({405, 501}),
        method="!odd-Method0123456789_*+`.%indeed'~",
        uri="sip:1_u.R~(b!s)&i't+it$/c?,/;;*:&it+has=1,w!*pas$wo~d_t.(d't-it)@127.0.0.1",
        from_="to1~` to2'+_ to3*%!.- <sip:m@127.0.0.1> ;p''~+*_!.-%=\"Ωmega\";tag=_t~1'+`*%!-.",
        to='"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:n@127.0.0.1>',
        call_id="intm{id}.word%ZK-!.*_+'@word`~)(><:\\/\"][?}}{{",
    ),
    Rule("3.1.1.3 any character may be escaped", TAKEN, uri="sip:sips%3Auser%40a.b@127.0.0.1"),
    Rule("3.1.1.4 a NUL may be escaped", TAKEN, uri="sip:null-%00-null@127.0.0.1"),
    Rule("3.1.1.5 a method has no escapes", frozenset({405, 501}), method="OP%54IONS"),
    Rule("3.1.1.6 < needs no space before it", TAKEN, from_="caller<sip:a@127.0.0.1>;tag=1"),
    Rule("3.1.1.7 values are long", TAKEN, headers=("X-Long: " + "v" * 2000, "k: " + "t" * 200)),
    Rule(
        "3.1.1.8 what follows the body of a datagram is ignored",
        TAKEN,
        after="INVITE sip:second@127.0.0.1 SIP/2.0\r\nt: <sip:b@127.0.0.1>\r\n\r\n",
    ),
    Rule("3.1.1.9 a user part has semicolons", TAKEN, uri="sip:u;par=u%40e.net@127.0.0.1"),
    Rule(
        "3.1.1.10 Via names any transport",
        TAKEN,
        headers=tuple(
            f"Via: SIP/2.0/{name} t{number}.example.com;branch=z9hG4bKkdjuw{number}"
            for number, name in enumerate(("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"))
        ),
    ),
    Rule(
        "3.1.1.11 a body has parts",
        TAKEN,
        method="MESSAGE",
        headers=("Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",),
        body="--7a9cbec02ceef655\nContent-Type: text/plain\n\nHello\n--7a9cbec02ceef655--",
    ),
    Rule(
        "3.1.1.12 a reason phrase has any letters",
        DROPPED,
        start="SIP/2.0 200 = 2**3 * 5**2 ωμέγα \u4f60",
        cseq="35 INVITE",
    ),
    Rule("3.1.1.13 a reason phrase may be empty", DROPPED, start="SIP/2.0 100 ", cseq="35 INVITE"),
    # 3.1.2 Invalid messages
    Rule("3.1.2.1 separators must separate", UNTAKEN, via="{via};;,;,,;branch=z9hG4bK{branch}"),
    Rule("3.1.2.2 a datagram is shorter than it says", UNTAKEN, length="9999"),
    Rule("3.1.2.3 a length is negative", UNTAKEN, length="-999"),
    Rule("3.1.2.4 CSeq is too large", UNTAKEN, cseq="36893488147419103232 OPTIONS"),
    Rule("3.1.2.4 Max-Forwards is too large", UNTAKEN, max_forwards="300"),
    Rule(
        "3.1.2.5 scalars of a response are too large",
        DROPPED,
        start="SIP/2.0 503 Service Unavailable",
        cseq="9292394834772304023312 OPTIONS",
        headers=("Retry-After: 949302838503028349304023988",),
    ),
    Rule("3.1.2.6 a quotation does not end", UNTAKEN, to='"Mr. J. User <sip:j@127.0.0.1>'),
    Rule("3.1.2.7 a Request-URI has no brackets", UNTAKEN, uri="<sip:nobody@127.0.0.1>"),
    Rule("3.1.2.8 a Request-URI has no spaces", UNTAKEN, uri="sip:nobody@127.0.0.1; lr"),
    Rule(
        "3.1.2.9 a request line has one space each",
        UNTAKEN,
        start="OPTIONS  sip:nobody@127.0.0.1  SIP/2.0",
    ),
    Rule(
        "3.1.2.10 a request line ends with its version",
        UNTAKEN | {200},
        start="OPTIONS sip:nobody@127.0.0.1 SIP/2.0  ",
    ),
    Rule(
        "3.1.2.11 a Request-URI has no header fields",
        UNTAKEN,
        uri="sip:nobody@127.0.0.1?Route=%3Csip:e.example%3E",
    ),
    Rule(
        "3.1.2.12 a date is in no known zone", TAKEN, headers=("Date: Fri, 01 Jan 2010 16:00 EST",)
    ),
    Rule("3.1.2.13 a URI with parameters has brackets", TAKEN, from_="sip:a@127.0.0.1;tag=1"),
    Rule("3.1.2.14 brackets hold no spaces", UNTAKEN | {200}, to='"W" < sip:nobody@127.0.0.1 >'),
    Rule("3.1.2.15 a display name is unquoted", UNTAKEN, from_="Bell, Alexander <sip:a@b.c>;tag=1"),
    Rule("3.1.2.16 another version", frozenset({505}), start="OPTIONS sip:n@127.0.0.1 SIP/7.0"),
    Rule("3.1.2.17 CSeq names another method", UNTAKEN, cseq="8 INVITE"),
    Rule(
        "3.1.2.18 CSeq of an unknown method names another",
        UNTAKEN | {501},
        method="NEWMETHOD",
        cseq="8 INVITE",
    ),
    Rule("3.1.2.19 a status has three digits", DROPPED, start="SIP/2.0 4294967301 Better not"),
    # 3.2 to 3.4
    Rule("3.2.1 a branch is empty behind its cookie", TAKEN, via="{via};branch=z9hG4bK"),
    *(
        Rule(f"3.3.1 {name} is missing", UNTAKEN, without=(name,))
        for name in ("From", "To", "Call-ID", "CSeq", "Via")
    ),
    Rule("3.3.2 a scheme is unknown", frozenset({416}), uri="nobodyKnowsThisScheme:totallyopaque"),
    Rule(
        "3.3.3 a scheme is known, but not here", frozenset({416}), uri="soap.beep://192.0.2.103:3"
    ),
    Rule("3.3.4 To and From are of unknown schemes", TAKEN, to="<isbn:2983792873>"),
    Rule("3.3.5 an extension is required", frozenset({420}), headers=("Require: nothingKnown",)),
    invite(
        "3.3.6 a body is of an unknown type", frozenset({415}), "<a/>", "Content-Type: x/unknown"
    ),
    Rule(
        "3.3.7 an authorization scheme is unknown",
        TAKEN,
        method="REGISTER",
        headers=("Authorization: NoOneKnowsThisScheme opaque-data=here", "Contact: <sip:a@b.c>"),
    ),
    Rule("3.3.8 a field that is single comes twice", UNTAKEN, headers=("CSeq: 8 OPTIONS",)),
    Rule("3.3.8 From comes twice", UNTAKEN, headers=("From: <sip:c@127.0.0.1>;tag=2",)),
    Rule("3.3.8 Call-ID comes twice", UNTAKEN, headers=("Call-ID: another",)),
    Rule("3.3.9 lengths contradict each other", UNTAKEN, headers=("Content-Length: 138",)),
    Rule(
        "3.3.10 a response goes to everybody",
        DROPPED,
        start="SIP/2.0 200 OK",
        headers=("Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",),
    ),
    Rule("3.3.11 Max-Forwards is at its end", frozenset({200, 483}), max_forwards="0"),
    *(
        Rule(f"3.3.12 a contact: {contact}", TAKEN, "REGISTER", headers=(f"Contact: {contact}",))
        for contact in (
            "sip:+19725552222@gw1.example.net;unknownparam",
            "<sip:+19725552222@gw1.example.net;unknownparam>",
            '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>;q="1"',
        )
    ),
    invite("3.3.15 nothing that we could say is accepted", TAKEN | {406}, SDP, "Accept: text/odd"),
    Rule(
        "3.4.1 a request of RFC 2543 has neither branch nor tag",
        TAKEN,
        via="{via}",
        from_="<sip:a@127.0.0.1>",
        without=("Max-Forwards",),
    ),
]

MANY = "0" * 4_000
DEFECTS = [
    Rule("no white space before a colon hides a field", TAKEN, headers=("X-Trusted : yes",)),
    Rule("a field name is empty", UNTAKEN, headers=(": value",)),
    Rule("a line has no colon", UNTAKEN, headers=("no colon",)),
    Rule("a bare CR stands in a value", UNTAKEN, headers=("Subject: a\rX-Forged: b",)),
    Rule("a bare LF ends a line", UNTAKEN | TAKEN, headers=("Subject: a\nX-Forged: b",)),
    Rule("a NUL stands in a value", UNTAKEN | TAKEN, headers=("Subject: a\x00b",)),
    Rule("a value is no UTF-8", UNTAKEN | TAKEN, headers=("Subject: \udcff\udcfe",)),
    Rule("Via is empty", UNTAKEN, via=""),
    Rule("Via has no host", UNTAKEN, via="SIP/2.0/UDP ;branch=z9hG4bK{branch}"),
    Rule("a port is too large", UNTAKEN, via="SIP/2.0/UDP 127.0.0.1:99999;branch=z9hG4bK{branch}"),
    Rule("a port is 0", UNTAKEN, via="SIP/2.0/UDP 127.0.0.1:0;branch=z9hG4bK{branch}"),
    Rule("To is empty", UNTAKEN, to=""),
    Rule("To has two tags", UNTAKEN | TAKEN, to="<sip:n@127.0.0.1>;tag=1;tag=2"),
    Rule("To has an empty tag", UNTAKEN | TAKEN, to="<sip:n@127.0.0.1>;tag="),
    Rule("a bracket does not end", UNTAKEN, to="<sip:nobody@127.0.0.1"),
    Rule("an IPv6 reference does not end", UNTAKEN, uri="sip:nobody@[::1"),
    Rule("an IPv6 reference has a zone", UNTAKEN, uri="sip:nobody@[fe80::1%25eth0]"),
    Rule("an escape is cut off", UNTAKEN | TAKEN, uri="sip:nobody%4@127.0.0.1"),
    Rule("a parameter goes on for ever", UNTAKEN, uri="sip:n@127.0.0.1" + ";p" * 500),
    Rule("a Route goes on for ever", UNTAKEN | {483}, headers=("Route: <sip:a.b;lr>",) * 100),
    Rule(
        "a Via goes on for ever", UNTAKEN, headers=("Via: SIP/2.0/UDP a.b;branch=z9hG4bKx",) * 100
    ),
    Rule("Route names ourselves", TAKEN | {482}, headers=("Route: <sip:127.0.0.1;lr>",)),
    Rule("a length is not a number", UNTAKEN, length="0x10"),
    Rule("a length has a sign", UNTAKEN, length="+0"),
    Rule("a length is huge", UNTAKEN, length="9" * 400),
    Rule("CSeq has digits without end", UNTAKEN, cseq="9" * 4_000 + " OPTIONS"),
    Rule("CSeq has no method", UNTAKEN, cseq="7"),
    Rule("CSeq is negative", UNTAKEN, cseq="-7 OPTIONS"),
    Rule("a digest has no values", UNTAKEN | TAKEN, headers=("Authorization: Digest",)),
    Rule("a digest is all commas", UNTAKEN | TAKEN, headers=('Authorization: Digest ,,,=,="',)),
    Rule(
        "a boundary is empty",
        TAKEN | UNTAKEN,
        "MESSAGE",
        headers=("Content-Type: multipart/x;boundary=",),
    ),
    Rule("Content-Type has no subtype", UNTAKEN | TAKEN, headers=("Content-Type: /",), body="x"),
    Rule("an ACK belongs to nothing", DROPPED, "ACK", to="<sip:n@127.0.0.1>;tag=none"),
    Rule("a CANCEL belongs to nothing", frozenset({481}), "CANCEL"),
    Rule("a BYE belongs to nothing", frozenset({481}), "BYE", to="<sip:n@127.0.0.1>;tag=none"),
    Rule(
        "a PRACK belongs to nothing",
        frozenset({481, 501, 405}),
        "PRACK",
        headers=("RAck: 1 1 INVITE",),
    ),
    Rule("an INFO belongs to nothing", frozenset({481}), "INFO", to="<sip:n@127.0.0.1>;tag=none"),
    Rule("a NOTIFY belongs to nothing", TAKEN | {489}, "NOTIFY"),
    Rule(
        "a SUBSCRIBE comes from anybody", TAKEN | {489}, "SUBSCRIBE", headers=("Event: presence",)
    ),
    Rule("a REFER comes out of a dialog", TAKEN, "REFER", headers=("Refer-To: <sip:e@e.example>",)),
    Rule(
        "Replaces belongs to nothing",
        TAKEN | {420, 603},
        headers=("Replaces: x;to-tag=1;from-tag=2",),
    ),
    invite("a description has a media line without formats", TAKEN, SDP.replace(" 0\n", "\n", 1)),
    invite("a description has no connection", TAKEN, SDP.replace("c=IN IP4 127.0.0.1\n", "")),
    invite("a description's address is a name", TAKEN, SDP.replace("127.0.0.1\nt", "localhost\nt")),
    invite("a description's port is too large", TAKEN, SDP.replace("39000", "139000")),
    invite("a description has an empty rtpmap", TAKEN, SDP + "a=rtpmap:\na=fmtp:\na=ptime:\n"),
    invite(
        "a description has a thousand media lines", TAKEN, SDP + "m=audio 0 RTP/AVP 0\n" * 1_000
    ),
    invite("a description is empty", TAKEN, ""),
    invite("a description is binary", TAKEN, "\udcff\udcfe\x00" * 100),
    invite("a description has digits without end", TAKEN, SDP.replace("u 1", "u " + MANY)),
]

BARE = {
    "a STUN binding request": bytes.fromhex("000100002112a442") + bytes(12),
    "a STUN request with a long attribute": bytes.fromhex("0001fffc2112a442") + bytes(600),
    "RTP": bytes.fromhex("800000010000000100000001") + b"\xff" * 160,
    "RTCP with a length past its end": bytes.fromhex("81c9ffff00000001"),
    "a TLS hello": bytes.fromhex("16030100d1010000cd0303") + bytes(200),
    "one octet": b"\x00",
    "nothing": b"",
    "spaces": b" " * 1_000,
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}
"""What is no SIP at all, and is never answered."""

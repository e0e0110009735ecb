"""The typed header values: NameAddr (From, To, Contact, Route, Record-Route), Via and CSeq.

A value is read from one element of a field, after comma lists have been taken apart.  Parameter
names are in lower case; parameter values are as on the wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from b2bua.sip.grammar import (
    HOST,
    PARAMS,
    QUOTED,
    TOKEN,
    Params,
    SyntaxFault,
    find_param,
    quote,
    read_host,
    read_number,
    read_port,
    replace_param,
    split_params,
    unquote,
    write_host,
    write_params,
)
from b2bua.sip.uri import AnyUri, read_uri

# Unquoted display names are read more widely than the grammar's tokens: what telephones send.
_NAME_ADDR = re.compile(
    rf'(?:({QUOTED})[ \t]*+|([^"<>,;\\\x00-\x1f\x7f]*+))<([^<>" \t]++)>({PARAMS})',
    re.DOTALL,
)
# Without brackets a comma, question mark or semicolon is not part of the URI (section 20).
_ADDR_SPEC = re.compile(rf'([^<>"?,; \t]++)({PARAMS})', re.DOTALL)
_VIA = re.compile(
    rf"({TOKEN})[ \t]*+/[ \t]*+({TOKEN})[ \t]*+/[ \t]*+({TOKEN})[ \t]++"
    rf"({HOST})(?:[ \t]*+:[ \t]*+([0-9]++))?({PARAMS})",
    re.DOTALL,
)
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")
_CSEQ = re.compile(rf"([0-9]++)[ \t]++({TOKEN})")
_MOST_CSEQ = 2**31 - 1


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A URI with a display name and the field's own parameters (20.10).

    `display` is what a reader would see: without quotes and backslashes.
    """

    uri: AnyUri
    display: str = ""
    params: Params = ()

    def param(self, name: str) -> str | None:
        """Return the parameter `name` (lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def tag(self) -> str | None:
        """The tag of From or To, None when there is none."""
        return find_param(self.params, "tag") or None

    def with_tag(self, tag: str) -> NameAddr:
        """Return the same with `tag` for its tag."""
        return replace(self, params=replace_param(self.params, "tag", tag))

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{write_params(self.params)}"


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value (20.42).  `transport` is in upper case, an IPv6 `host` without brackets.

    `version` is of SIP: a request of another one is refused, but has to be answered for that.
    """

    transport: str
    host: str
    port: int | None = None
    params: Params = ()
    version: str = "2.0"

    def param(self, name: str) -> str | None:
        """Return the parameter `name` (lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def branch(self) -> str | None:
        """The branch, None when there is none (RFC 2543)."""
        return find_param(self.params, "branch") or None

    @property
    def received(self) -> str | None:
        """The address the request came from, IPv6 without brackets (18.2.1, RFC 5118 4.5)."""
        received = find_param(self.params, "received")
        return received.strip("[]") or None if received else None

    @property
    def rport(self) -> int | bool | None:
        """The source port (RFC 3581); True when it was asked for and is not filled in yet."""
        text = find_param(self.params, "rport")
        if not text:
            return None if text is None else True
        try:
            return read_number(text, 65535) or True
        except SyntaxFault:
            return True

    def with_params(self, **params: str | None) -> Via:
        """Return the same with each of `params` replaced or added; None as value is a flag."""
        changed = self.params
        for name, value in params.items():
            changed = replace_param(changed, name, value)
        return replace(self, params=changed)

    def without_params(self, *names: str) -> Via:
        """Return the same without the parameters `names` (lower case)."""
        kept = tuple([pair for pair in self.params if pair[0] not in names])
        return replace(self, params=kept) if len(kept) < len(self.params) else self

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        params = write_params(self.params)
        return f"SIP/{self.version}/{self.transport} {write_host(self.host)}{port}{params}"


@dataclass(frozen=True, slots=True)
class CSeq:
    """A CSeq value: `number` from 0 to 2**31 - 1, and the method (20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def read_name_addr(text: str) -> NameAddr:
    """Read a name-addr or addr-spec with its parameters.

    Raises:
        SyntaxFault: it is neither, or its URI is malformed.
    """
    match = _NAME_ADDR.fullmatch(text)
    if match is not None:
        quoted, words, uri, params = match.groups()
        display = unquote(quoted) if quoted else words.strip(" ")
        return NameAddr(read_uri(uri), display, split_params(params))
    match = _ADDR_SPEC.fullmatch(text)
    if match is None:
        raise SyntaxFault("malformed address")
    return NameAddr(read_uri(match[1]), "", split_params(match[2]))


def read_via(text: str) -> Via:
    """Read one Via value.

    Raises:
        SyntaxFault: it is malformed, or of another protocol than SIP.
    """
    match = _VIA.fullmatch(text)
    if match is None:
        raise SyntaxFault("malformed Via")
    protocol, version, transport, host, port, params = match.groups()
    if protocol.upper() != "SIP" or _VERSION.fullmatch(version) is None:
        raise SyntaxFault("Via of another protocol")
    number = None if port is None else read_port(port)
    return Via(transport.upper(), read_host(host), number, split_params(params), version)


def read_cseq(text: str) -> CSeq:
    """Read a CSeq value.

    Raises:
        SyntaxFault: the number is not below 2**31, or there is no method (8.1.1.5).
    """
    match = _CSEQ.fullmatch(text)
    if match is None:
        raise SyntaxFault("malformed CSeq")
    return CSeq(read_number(match[1], _MOST_CSEQ), match[2])

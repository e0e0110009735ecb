"""Hosts that waste whoever asks them: `python -m tests.support.besiegers HOW_MANY_OF_EACH`.

Half of them hang in one way or another, on 127.0.1.x; the others send more than anybody can take,
on 127.0.2.x.  Their addresses come out as JSON, one line; the program ends with its standard input.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from itertools import count, repeat
from typing import Any

from twisted.internet import interfaces, reactor, stdio
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
BOMB = gzip.compress(bytes(200_000_000), 9)
"""Some 200 KB that become 200 MB."""

Pieces = Callable[[], Iterator[bytes]]


def _silence() -> Iterator[bytes]:
    yield from ()


def _slow_head() -> Iterator[bytes]:
    yield from (bytes([octet]) for octet in OK)
    yield from repeat(b"x")


def _slow_headers() -> Iterator[bytes]:
    yield OK
    yield from (b"X-%d: y\r\n" % number for number in count())


def _slow_body() -> Iterator[bytes]:
    yield OK + b"Content-Length: 60000\r\n\r\n"
    yield from repeat(b"x")


def _slow_chunks() -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"1\r\nx\r\n")


def _slow_interim() -> Iterator[bytes]:
    yield from repeat(b"HTTP/1.1 100 Continue\r\n\r\n")


def _packed() -> Iterator[bytes]:
    yield OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB


def _packed_unsaid() -> Iterator[bytes]:
    yield OK + b"Content-Length: %d\r\n\r\n" % len(BOMB) + BOMB


def _chunks() -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def _one_chunk() -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n"
    yield from repeat(b"x" * 65_536)


def _chunk_extension() -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n1;"
    yield from repeat(b"x" * 65_536)


def _trailers() -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    yield from repeat(b"X: " + b"y" * 4_000 + b"\r\n")


def _long_header() -> Iterator[bytes]:
    yield OK + b"X: "
    yield from repeat(b"y" * 65_536)


def _many_headers() -> Iterator[bytes]:
    yield OK
    yield from repeat(b"X: y\r\n" * 10_000)


def _until_closed() -> Iterator[bytes]:
    yield OK + b"\r\n"
    yield from repeat(b"x" * 65_536)


def _long_body() -> Iterator[bytes]:
    yield OK + b"Content-Length: 99999999999\r\n\r\n"
    yield from repeat(b"x" * 65_536)


def _noise() -> Iterator[bytes]:
    yield from repeat(bytes(range(256)) * 256)


def _interim() -> Iterator[bytes]:
    yield from repeat(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 1_000)


def _cookies() -> Iterator[bytes]:
    lines = b"".join(b"Set-Cookie: c%d=%b\r\n" % (number, b"v" * 150) for number in range(90))
    yield OK + lines + b"Content-Length: 11\r\n\r\n<Response/>"


def _redirects() -> Iterator[bytes]:
    yield b"HTTP/1.1 302 Found\r\nLocation: /again\r\nConnection: close\r\n"
    yield b"Content-Length: 0\r\n\r\n"


HANGING: tuple[Pieces, ...] = (
    _silence,
    _slow_head,
    _slow_headers,
    _slow_body,
    _slow_chunks,
    _slow_interim,
)
BOMBS: tuple[Pieces, ...] = (
    _packed,
    _packed_unsaid,
    _chunks,
    _one_chunk,
    _chunk_extension,
    _trailers,
    _long_header,
    _many_headers,
    _until_closed,
    _long_body,
    _noise,
    _interim,
    _cookies,
    _redirects,
)


class Dripping(Protocol):
    """Says a piece a second."""

    transport: Any

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._next: Any = None

    def connectionMade(self) -> None:
        self._say()

    def connectionLost(self, reason: Any = None) -> None:
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _say(self) -> None:
        piece = next(self._pieces, b"")
        self.transport.write(piece)
        self._next = _reactor.callLater(1.0, self._say)


@implementer(interfaces.IPullProducer)
class Pouring(Protocol):
    """Says everything as fast as it is heard, once it has been asked."""

    transport: Any

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._is_asked = False

    def dataReceived(self, data: bytes) -> None:
        if not self._is_asked:
            self._is_asked = True
            self.transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        piece = next(self._pieces, None)
        transport: Any = self.transport
        if piece is None:
            transport.unregisterProducer()
        else:
            transport.write(piece)

    def stopProducing(self) -> None:
        self._pieces = iter(())


class Host(Factory):
    """One host: each connection to it meets the same."""

    noisy = False

    def __init__(self, protocol: Callable[[Iterator[bytes]], Protocol], pieces: Pieces) -> None:
        self._protocol = protocol
        self._pieces = pieces

    def buildProtocol(self, addr: Any) -> Protocol:
        return self._protocol(self._pieces())


class Ears(Protocol):
    """Ends the program when nobody is there any more."""

    def connectionLost(self, reason: Any = None) -> None:
        _reactor.stop()


_reactor: Any = reactor


def main(how_many: int) -> None:
    places = []
    for number in range(how_many):
        for network, protocol, kinds in ((1, Dripping, HANGING), (2, Pouring, BOMBS)):
            pieces = kinds[number % len(kinds)]
            address = f"127.0.{network}.{number + 1}"
            port = _reactor.listenTCP(0, Host(protocol, pieces), interface=address)
            places.append((pieces.__name__, address, port.getHost().port))
    print(json.dumps(places), flush=True)
    stdio.StandardIO(Ears())
    _reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))

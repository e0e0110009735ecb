"""The RTP relay in C: what moves packets.  `b2bua.media.relay` is the one that decides.

Handles are never 0.  A handle that is unknown or closed raises `LookupError`; what the system
refuses raises `OSError`; a value out of range raises `ValueError`.  All methods are called from
one thread.

The functions below `Relay` are for whole recordings, 16-bit samples in the machine's byte order;
they drop the GIL.
"""

class Relay:
    def __new__(
        cls, *, streams: int, packets_per_second: int, gather_us: int, notices: int
    ) -> Relay:
        """Make a relay of at most `streams` streams.  Opens nothing and begins no thread.

        `packets_per_second` is what one stream may receive, 0 for no limit.  Under load a packet
        may wait up to `gather_us` microseconds, so that the thread wakes up less often.
        """

    def start(self) -> None:
        """Begin the thread."""

    def stop(self) -> None:
        """End the thread and close every stream."""

    def fileno(self) -> int:
        """Return the descriptor that is readable when there are notices; -1 before `start`."""

    def notices(self) -> list[tuple[int, int, str, int, int]]:
        """Take all notices: kind, stream, digit, duration in milliseconds, token.

        The kinds are 0 first packet, 1 pressed, 2 played, 3 silent.
        """

    def notices_dropped(self) -> int:
        """Return how many notices found no room."""

    def open(self, raw: bool, address: str, port: int, /) -> int:
        """Bind `port`, and the one above it unless `raw`; return a handle."""

    def aim(
        self,
        stream: int,
        address: str,
        port: int,
        rtcp_port: int,
        nat: bool,
        payload_type: int,
        event_type: int,
        blocked_events: int,
        /,
    ) -> None:
        """Set the remote end.  `blocked_events` has a bit for each event code, 0-15."""

    def link(self, a: int, b: int, /) -> None: ...
    def unlink(self, stream: int, /) -> None: ...
    def play(self, stream: int, token: int, octets: bytes, loop: bool, /) -> None: ...
    def press(self, stream: int, token: int, digits: str, /) -> None: ...
    def quiet(self, stream: int, /) -> None: ...
    def watch(self, stream: int, nanoseconds: int, /) -> None: ...
    def open_tap(self) -> int:
        """Open a bounded queue that streams copy to what they receive; there are `streams`."""

    def tap(self, stream: int, tap: int, channel: int, /) -> None:
        """Have `stream` copy to `tap`, 0 for none, as of `channel`, 0-255."""

    def take(self, tap: int, /) -> bytes:
        """Take what has come: whole packets, as `b2bua.media.tapped` reads them."""

    def close_tap(self, tap: int, /) -> None: ...
    def tap_dropped(self) -> int:
        """Return how many packets found no room in their taps."""

    def counts(self, stream: int, /) -> tuple[int, int, int, int, int, int, int]:
        """Return the fields of `interfaces.Counts`, in its order."""

    def close(self, stream: int, /) -> tuple[int, int, int, int, int, int, int]:
        """Close the stream; return its last counts."""

def ulaw_encode(pcm: bytes, /) -> bytes:
    """Return `pcm` as G.711 mu-law, an octet a sample."""

def alaw_encode(pcm: bytes, /) -> bytes:
    """Return `pcm` as G.711 A-law, an octet a sample."""

def ulaw_decode(octets: bytes, /) -> bytes: ...
def alaw_decode(octets: bytes, /) -> bytes: ...
def resample(pcm: bytes, rate: int, /) -> bytes:
    """Return `pcm`, mono at `rate` samples a second (4,000 to 192,000), at 8,000."""

def level(pcm: bytes, /) -> tuple[int, float]:
    """Return the peak (0-32768) and the root mean square of what is not a pause (0: all is)."""

def amplify(pcm: bytes, gain: float, /) -> bytes:
    """Return `pcm` times `gain`, clipped where it is too loud."""

def mix(a: bytes, b: bytes, /) -> bytes:
    """Return the sum of two equally long recordings, clipped where it is too loud."""

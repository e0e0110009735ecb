"""The timers of RFC 3261 section 17 by name, and the three values that all of them come from."""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol


class Timer(Symbol):
    """A timer of one transaction (RFC 3261 appendix A, RFC 6026)."""

    A = "A"  # INVITE client: send again (17.1.1.2)
    B = "B"  # INVITE client: no response at all (17.1.1.2)
    D = "D"  # INVITE client: answer repeated refusals (17.1.1.2)
    E = "E"  # client: send again (17.1.2.2)
    F = "F"  # client: no final response (17.1.2.2)
    G = "G"  # INVITE server: send the refusal again (17.2.1)
    H = "H"  # INVITE server: no ACK (17.2.1)
    I = "I"  # INVITE server: absorb repeated ACKs (17.2.1)  # noqa: E741
    J = "J"  # server: answer repeated requests (17.2.2)
    K = "K"  # client: absorb repeated responses (17.1.2.2)
    L = "L"  # INVITE server: absorb repeated INVITEs after a 2xx (RFC 6026)
    M = "M"  # INVITE client: pass on further 2xx (RFC 6026)
    CANCELLED = "9.1"  # INVITE client: no final response to a cancelled INVITE; it has no letter


@dataclass(frozen=True, slots=True)
class Timers:
    """T1, T2 and T4 in seconds; a site with slower or faster links scales them (17.1.1.1).

    Raises:
        ValueError: a value is not above zero, or T2 is below T1.
    """

    t1: float = 0.5  # estimate of the round trip
    t2: float = 4.0  # longest interval between two sendings of a request other than INVITE
    t4: float = 5.0  # how long the network may hold a message

    def __post_init__(self) -> None:
        if not (0 < self.t1 <= self.t2 and self.t4 > 0):
            raise ValueError(f"timers need 0 < t1 <= t2 and 0 < t4, not {self}")

    @property
    def timeout(self) -> float:
        """How long to wait for an answer, or to remember having given one: 64*T1.

        That is timers B, D, F, H, J, L and M; with the default T1 it is 32 s, the least that the
        RFC allows for timer D.
        """
        return 64 * self.t1

"""The circuits of all hosts, one for each account that asks one.

A host that hangs costs its asker a few timeouts and then, until it answers again, nothing: whoever
asks is told at once and goes to the fallback.  A circuit is one account's alone, because what makes
requests fail (a short timeout in a fragment, a client certificate, a slow page asked for on
purpose) may be one account's alone too, and must not cut another off.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.logger import Logger

from b2bua.webhooks.circuit import Circuit, State
from b2bua.webhooks.faults import CONNECTION, RETRIEVAL, TLS_HANDSHAKE, WebFault
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.url import Url

Key = tuple[str, tuple[str, str, int]]

# What a host that is down or drowning does; what it refuses or says wrongly is an answer.
_FAILURES = frozenset({RETRIEVAL, CONNECTION, TLS_HANDSHAKE})


class Circuits:
    """Only hosts whose last request failed have a circuit here.  `refused` counts what was."""

    log = Logger()

    def __init__(self, clock: Callable[[], float], limits: Limits) -> None:
        """`clock` tells the time in seconds."""
        self.refused = 0
        self._now = clock
        self._limits = limits
        self._circuits: OrderedDict[Key, Circuit] = OrderedDict()

    def states(self) -> dict[str, int]:
        """Return how many circuits are open (in their pause) and how many are being probed."""
        now = self._now()
        circuits = [*self._circuits.values()]
        return {
            "open": sum(_is_pausing(circuit, now) for circuit in circuits),
            "probing": sum(circuit.state is State.PROBING for circuit in circuits),
        }

    def check(self, account_sid: str, url: Url) -> None:
        """Ask whether a request may go to the host of `url`.

        Raises:
            WebFault: 11205; the host has failed too often, and is left alone for now.
        """
        circuit = self._circuits.get((account_sid, url.origin))
        if circuit is None:
            return
        is_probed = circuit.state is State.PROBING
        if is_probed or _is_pausing(circuit, self._now()):
            self.refused += 1
            text = f"the host failed {circuit.failures} times in a row and is left alone for now"
            raise WebFault(CONNECTION, text)

    @contextmanager
    def passage(self, account_sid: str, url: Url) -> Iterator[None]:
        """Let one request through, and learn from how it ends.

        Raises:
            WebFault: as `check` does.
        """
        self.check(account_sid, url)
        key = (account_sid, url.origin)
        circuit = self._circuits.get(key)
        is_probe = circuit is not None and circuit.state is State.OPEN
        if circuit is not None and is_probe:
            circuit.probe()
        try:
            yield
        except WebFault as fault:
            if fault.code in _FAILURES:
                self._failed(key, url)
            else:
                self._left(key, is_probe)
            raise
        except BaseException:
            self._left(key, is_probe)
            raise
        self._answered(key, url)

    def _failed(self, key: Key, url: Url) -> None:
        circuit = self._circuits.setdefault(key, Circuit())
        self._circuits.move_to_end(key)
        was = circuit.state
        limits = self._limits
        circuit.failed(
            self._now(), limits.circuit_failures, limits.circuit_pause, limits.circuit_pause_most
        )
        if circuit.state is State.OPEN and was is not State.OPEN:
            self.log.warn(
                "a host is left alone for {seconds:g} s after {failures} failures",
                host=url.netloc,
                account_sid=key[0],
                seconds=circuit.pause,
                failures=circuit.failures,
            )
        if len(self._circuits) > limits.circuits:
            self._circuits.popitem(last=False)

    def _left(self, key: Key, is_probe: bool) -> None:
        circuit = self._circuits.get(key)
        if circuit is not None and is_probe:
            circuit.probe_left()

    def _answered(self, key: Key, url: Url) -> None:
        circuit = self._circuits.pop(key, None)
        if circuit is None:
            return
        if circuit.state is not State.CLOSED:
            self.log.info("a host answers again", host=url.netloc, account_sid=key[0])
        circuit.answered()


def _is_pausing(circuit: Circuit, now: float) -> bool:
    return circuit.state is State.OPEN and now < circuit.opens_until

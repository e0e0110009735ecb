"""Ten phones that answer within 5 ms of each other: one bridge, an ACK and a BYE for each late 200.

rcml.md D-10 and D-11, RFC 3261 sections 9.1, 13.2.2.4 and 15; the network takes 2 ms each way,
so that answers cross CANCELs.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from twisted.internet.task import Clock

from tests.support.flow import Flow

PHONES = [f"b{number}" for number in range(10)]
WITHIN = 0.005
FORK = "\n".join(
    [
        "caller",
        *(f"phone {name} {100 + number}" for number, name in enumerate(PHONES)),
        "doc /voice <Response><Dial answerOnBridge='true'>"
        + "".join(f"<Number>{100 + number}</Number>" for number in range(10))
        + "</Dial></Response>",
    ]
)


class Forks(Flow):
    """One stage for many calls, one after the other."""

    delay = 0.002

    def __init__(self, clock: Clock, seed: int) -> None:
        super().__init__(FORK, clock)
        self._chance = Random(seed)
        self._count = 0

    def fork(self) -> Counter[str]:
        """Play one call; return how many phones answered, won, were too late, were cancelled."""
        self._begin()
        at = self.clock.seconds() + 1.0
        answers = sorted((at + self._chance.uniform(0, WITHIN), name) for name in PHONES)
        for when, name in answers:
            self._advance_to(when)
            if not self.was_told(name, "CANCEL"):
                self._phones[name].say(["200"])
        self._advance_to(at + 1.0)
        found = self._judge()
        self._phones["a"].say(["BYE"])
        self._advance_to(at + 1.5)
        assert [name for name in PHONES if not self.was_told(name, "CANCEL", "BYE")] == []
        return found

    def was_told(self, name: str, *words: str) -> bool:
        return any(line.actor == name and line.word in words for line in self.heard)

    def _begin(self) -> None:
        self._count += 1
        self.heard.clear()
        self.network.sent.clear()
        for phone in self._phones.values():
            phone.invite, phone.has_answered, phone.final = None, False, None
        caller = self._phones["a"]
        caller.call_id = f"call-{self._count}"
        caller.say(["INVITE", "100"])

    def _judge(self) -> Counter[str]:
        answered = [name for name in PHONES if self._phones[name].has_answered]
        for name in answered:
            assert self.was_told(name, "ACK"), f"{name}: a 200 without ACK"
        talking = [name for name in answered if not self.was_told(name, "BYE")]
        assert len(talking) == 1, f"bridged: {talking}"
        late = len(answered) - 1
        cancelled = len(PHONES) - len(answered)
        for name in PHONES:
            is_answered = name in answered
            assert is_answered or self.was_told(name, "CANCEL"), f"{name} still rings"
        links = [line for line in self.heard if line.actor == "media" and "link" in line.word]
        assert len(links) == 1
        return Counter(bridges=1, late=late, cancelled=cancelled)


@pytest.mark.parametrize("forks", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_fork_whose_phones_answer_together_has_one_bridge(clock: Clock, forks: int) -> None:
    stage = Forks(clock, seed=forks)
    found: Counter[str] = Counter()
    for number in range(1, forks + 1):
        found += stage.fork()
        if number % 25 == 0:
            stage.drain()
            assert stage.leftovers() == {}
    print(f"{forks} forks: {dict(found)}")
    assert found["bridges"] == forks
    assert found["late"] > forks
    assert found["late"] + found["cancelled"] == 9 * forks
    stage.drain()
    assert stage.leftovers() == {}

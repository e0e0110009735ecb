"""Nobody who has been answered hears dead air for over a second, whatever is late."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.routing.plan import Prompt, Speech
from tests.support.flow import Flow
from tests.support.flow_line import Line
from tests.support.flow_site import Speaker


class SlowSpeaker(Speaker):
    """Speaks after `seconds`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    async def render(self, prompt: Prompt) -> bytes:
        ready: Deferred[None] = Deferred()
        self._clock.callLater(self._seconds, ready.callback, None)
        await ready
        return await super().render(prompt)


def heard(clock: Clock, speech: float, document: float = 0.0) -> list[tuple[float, str]]:
    """Return what a caller's phone notices when speech and document take so many seconds."""
    flow = Flow(
        f"""doc /voice <Response><Say>one two</Say></Response>
slow /voice {document}
0.00  a   -> INVITE 100
30.0  a   -> BYE
""",
        clock,
    )
    flow.api.exchange._equipment.voice = SlowSpeaker(clock, speech)
    flow.play()
    flow.drain()
    return [(round(line.at, 2), line.word) for line in flow.heard if _is_sound(line)]


def _is_sound(line: Line) -> bool:
    return line.actor == "media" or line.word in {"180", "200"}


@pytest.mark.parametrize(
    ("speech", "document", "noticed"),
    [
        (0.9, 0, [(0, "200"), (0.9, "a play 0.80")]),
        (3, 0, [(0, "200"), (1, "a loop"), (3, "a quiet"), (3, "a play 0.80")]),
        (
            1.5,
            2,
            [(1, "180"), (2, "200"), (3, "a loop"), (3.5, "a quiet"), (3.5, "a play 0.80")],
        ),
    ],
)
def test_speech_that_is_late_is_preceded_by_soft_noise(
    clock: Clock, speech: float, document: float, noticed: list[tuple[float, str]]
) -> None:
    assert heard(clock, speech, document) == noticed


GATHER = '<Response><Gather action="/next" numDigits="1"><Say>one two</Say></Gather></Response>'


class SlowAtFirst(SlowSpeaker):
    """Takes its time for the words "one two", and none for others."""

    async def render(self, prompt: Prompt) -> bytes:
        is_first = isinstance(prompt, Speech) and prompt.text == "one two"
        speaker = SlowSpeaker(self._clock, self._seconds) if is_first else Speaker()
        return await speaker.render(prompt)


def test_what_is_still_in_the_making_when_a_key_is_pressed_disturbs_nothing_later(
    clock: Clock,
) -> None:
    flow = Flow(
        f"""doc /voice {GATHER}
doc /next <Response><Say>three four five six seven</Say><Redirect>/late</Redirect></Response>
slow /late 4
doc /late <Response><Hangup/></Response>
0.00  a   -> INVITE 100
0.50  a   -> key 1
""",
        clock,
    )
    flow.api.exchange._equipment.voice = SlowAtFirst(clock, 5)
    flow.play()
    flow.drain()
    noticed = [(round(line.at, 2), line.word) for line in flow.heard if line.actor == "media"]
    assert noticed == [(0.5, "a play 2.00"), (3.5, "a loop"), (6.5, "a quiet")]
    assert flow.leftovers() == {}


def test_noise_makes_way_for_a_prompt_and_comes_back_after_it(clock: Clock) -> None:
    flow = Flow(
        f"""doc /voice {GATHER}
doc /next <Response><Say>three</Say><Pause length="3"/><Hangup/></Response>
0.00  a   -> INVITE 100
1.50  a   -> key 1
""",
        clock,
    )
    flow.api.exchange._equipment.voice = SlowAtFirst(clock, 4)
    flow.play()
    flow.drain()
    noticed = [(round(line.at, 2), line.word) for line in flow.heard if line.actor == "media"]
    assert noticed == [(1, "a loop"), (1.5, "a quiet"), (1.5, "a play 0.40")]
    assert flow.leftovers() == {}

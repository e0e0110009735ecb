"""Nobody who has been answered hears dead air for over a second, whatever is late."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.routing.plan import Prompt
from tests.support.flow import Flow, Line, Speaker


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

"""What a flow's site has in the place of chance and of speech engines."""

from __future__ import annotations

from itertools import count

from b2bua.app.equipment import Entropy
from b2bua.routing.plan import ErrorTone, Prompt, Speech

SECONDS_A_WORD = 0.4


class Speaker:
    """Speaks silence: `SECONDS_A_WORD` for each word, a second for anything else."""

    async def render(self, prompt: Prompt) -> bytes:
        words = len(prompt.text.split()) if isinstance(prompt, Speech) else 2.5
        if isinstance(prompt, ErrorTone):
            words = 1.25
        return bytes(2 * int(8000 * SECONDS_A_WORD * words))


class Counted(Entropy):
    """Names that can be told apart and come in order."""

    def __init__(self) -> None:
        self._next = count(1)

    def call_sid(self) -> str:
        return f"CA{next(self._next):032x}"

    def recording_sid(self) -> str:
        return f"RE{next(self._next):032x}"

    def call_id(self) -> str:
        return f"ours-{next(self._next)}"

    def tag(self) -> str:
        return f"t{next(self._next)}"

    def token(self) -> str:
        return f"token-{next(self._next)}"

    def session_id(self) -> int:
        return next(self._next)

    def fraction(self) -> float:
        return 0.5

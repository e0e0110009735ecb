"""The registrar: the bindings of all users, and the answer to each REGISTER (RFC 3261, 10.3).

Whoever asks has been authenticated as the user whose bindings these are.  A REGISTER holds as a
whole or not at all.  Time is given, in monotonic seconds; who keeps bindings for longer than this
process lives is told of each change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.registrar.binding import Binding
from b2bua.sip.registrar.registration import Refused, Registration, read_registration

SUPPORTED = ("Supported", "path, outbound")


@dataclass(frozen=True, slots=True)
class RegistrarLimits:
    """Seconds, and counts: contacts of one user, and of all together."""

    expires_min: int = 60
    expires_max: int = 3_600
    contacts_per_user: int = 10
    contacts: int = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One contact before and after; None: not bound."""

    before: Binding | None
    after: Binding | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a REGISTER, and what it has changed."""

    response: Response
    changes: tuple[Change, ...] = ()


class Registrar:
    """Owns the bindings."""

    def __init__(self, limits: RegistrarLimits | None = None) -> None:
        self._limits = limits or RegistrarLimits()
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def all(self) -> list[Binding]:
        """Every binding, those of one user together."""
        return [binding for held in self._bindings.values() for binding in held]

    def bindings_of(self, user: str, now: float) -> tuple[Binding, ...]:
        """Return what holds for `user`, the preferred first, and of equals the newest."""
        held = [one for one in reversed(self._bindings.get(user, ())) if one.expires_at > now]
        return tuple(sorted(held, key=lambda binding: -binding.q))

    def register(self, request: Request, source: Hop, to_tag: str, now: float) -> Answer:
        """Answer a REGISTER that came from `source`."""
        asked = read_registration(request, source)
        if isinstance(asked, Refused):
            return _refuse(request, asked, to_tag)
        held = self.bindings_of(asked.user, now)
        changed = self._changed(asked, held, now)
        if isinstance(changed, Refused):
            return _refuse(request, changed, to_tag)
        self._apply(asked.user, changed)
        fields = [SUPPORTED, *_confirmed(asked, request)]
        bound = self.bindings_of(asked.user, now)
        fields += [("Contact", binding.written(now)) for binding in bound]
        return Answer(request.reply(200, to_tag=to_tag, headers=fields), changed)

    def expire(self, now: float) -> list[Change]:
        """Forget what has expired."""
        over = [Change(binding, None) for binding in self.all if binding.expires_at <= now]
        for change in over:
            assert change.before is not None
            self._apply(change.before.user, (change,))
        return over

    def restore(self, binding: Binding) -> bool:
        """Take a binding of an earlier process, unless the contact is bound already."""
        held = self._bindings.get(binding.user, ())
        if any(binding.is_at(other) for other in held):
            return False
        self._apply(binding.user, (Change(None, binding),))
        return True

    def _changed(
        self, asked: Registration, held: Sequence[Binding], now: float
    ) -> tuple[Change, ...] | Refused:
        if asked.everything:
            gone = [Change(binding, None) for binding in held]
            return _late(asked, held) or tuple(gone)
        changes: list[Change] = []
        for wanted, seconds in asked.wanted:
            if 0 < seconds < min(self._limits.expires_min, 3_600):
                minimum = str(self._limits.expires_min)
                return Refused(423, headers=(("Min-Expires", minimum),))
            before = next((other for other in held if wanted.is_at(other)), None)
            if before is not None and (late := _late(asked, [before])) is not None:
                return late
            until = now + min(seconds, self._limits.expires_max)
            after = replace(wanted, expires_at=until) if seconds else None
            if before is not None or after is not None:
                changes.append(Change(before, after))
        return self._beyond(changes, len(held)) or tuple(changes)

    def _beyond(self, changes: Iterable[Change], held: int) -> Refused | None:
        more = sum((one.after is not None) - (one.before is not None) for one in changes)
        if more > 0 and held + more > self._limits.contacts_per_user:
            return Refused(403, "Too Many Contacts")
        if more > 0 and self._count + more > self._limits.contacts:
            return Refused(503, headers=(("Retry-After", "60"),))
        return None

    def _apply(self, user: str, changes: Iterable[Change]) -> None:
        before = self._bindings.get(user, ())
        held = [*before]
        for change in changes:
            if change.before is not None:
                held = [other for other in held if other is not change.before]
            if change.after is not None:
                held = [other for other in held if not change.after.is_at(other)]
                held.append(change.after)
        self._count += len(held) - len(before)
        if held:
            self._bindings[user] = tuple(held)
        else:
            self._bindings.pop(user, None)


def _late(asked: Registration, held: Iterable[Binding]) -> Refused | None:
    """Return the refusal of a REGISTER that another of the same Call-ID has overtaken (step 7)."""
    for binding in held:
        if binding.call_id == asked.call_id and asked.cseq <= binding.cseq:
            return Refused(400, "CSeq out of order")
    return None


def _confirmed(asked: Registration, request: Request) -> list[tuple[str, str]]:
    """Say which extensions this registration has got (RFC 3327 section 5.3, RFC 5626 section 6)."""
    fields = [("Path", value) for value in request.headers.get_all("Path")]
    return [*fields, ("Require", "outbound")] if asked.is_outbound else fields


def _refuse(request: Request, refused: Refused, to_tag: str) -> Answer:
    return Answer(request.reply(refused.status, refused.reason, to_tag, refused.headers))

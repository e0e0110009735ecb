"""Session timers: how long a session lasts that nobody refreshes, and who refreshes it (RFC 4028).

Each INVITE and UPDATE that succeeds may agree on it anew.  Whoever refreshes does so at half the
interval; who waits for that gives up a little before the interval is over (section 10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from b2bua.sip.dialog.early import takes_update
from b2bua.sip.dialog.effects import Arm, Disarm, Effects, Timer
from b2bua.sip.grammar import SyntaxFault, read_number, split_params
from b2bua.sip.message import Request, Response

if TYPE_CHECKING:
    from b2bua.sip.dialog.usage import Usage

TIMER = "timer"
LEAST = 90
"""The least that Min-SE may be, in seconds (section 5)."""

MOST = 86_400
"""The longest interval we take; a longer one is shortened to it."""

MOST_TRIES = 3
"""How often one INVITE is sent again because the interval was too small."""

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TimerPolicy:
    """`session_expires` is what we ask for, 0 for nothing; `min_se` the least that we take."""

    session_expires: int = 0
    min_se: int = LEAST


@dataclass(frozen=True, slots=True)
class SessionTimer:
    """What has been agreed: seconds, by whom, and whether the peer takes UPDATE for it."""

    interval: int
    we_refresh: bool
    by_update: bool = False

    @property
    def lapse(self) -> float:
        """How long after the last refresh to give up (section 10)."""
        return self.interval - min(32.0, self.interval / 3)


def asked(message: Request | Response) -> tuple[int, str] | None:
    """Return Session-Expires as seconds and refresher ("uac", "uas", ""); None: nothing usable."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    seconds, _, rest = value.partition(";")
    try:
        params = dict(split_params(f";{rest}")) if rest else {}
        refresher = (params.get("refresher") or "").lower()
        return min(read_number(seconds.strip(), 2**31), MOST), refresher
    except SyntaxFault:
        return None


def least_of(message: Request | Response) -> int:
    """Return Min-SE, at least 90 (section 5)."""
    try:
        seconds = read_number((message.headers.get("Min-SE") or "").partition(";")[0].strip(), MOST)
    except SyntaxFault:
        return LEAST
    return max(seconds, LEAST)


def too_small(request: Request, min_se: int) -> Fields | None:
    """Return the fields of the 422 that `request` deserves, or None (section 9)."""
    wanted = asked(request)
    if wanted is None or wanted[0] >= min_se or not _supports(request):
        return None
    return (("Min-SE", str(min_se)),)


def _supports(message: Request | Response) -> bool:
    return TIMER in message.headers.listed("Supported")


def in_first_invite(policy: TimerPolicy) -> Fields:
    """Return what an INVITE of ours asks for (section 7.1)."""
    if not policy.session_expires:
        return ()
    wanted = (("Session-Expires", str(policy.session_expires)),)
    return wanted if policy.min_se == LEAST else (*wanted, ("Min-SE", str(policy.min_se)))


def in_request(u: Usage) -> Fields:
    """Return what an INVITE or UPDATE in the dialog says of the timer that has been agreed."""
    if u.timer is None:
        return ()
    refresher = "uac" if u.timer.we_refresh else "uas"
    fields = (("Session-Expires", f"{u.timer.interval};refresher={refresher}"),)
    return fields if u.min_se == LEAST else (*fields, ("Min-SE", str(u.min_se)))


def agree_as_uas(u: Usage, request: Request) -> Fields:
    """Agree with the peer's INVITE or UPDATE; return what its 2xx says of that (section 9)."""
    wanted = asked(request)
    if wanted is None and u.timer is None and not u.policy.session_expires:
        return ()
    supports = _supports(request)
    least = max(u.policy.min_se, least_of(request))
    if wanted is None:  # who does not ask is not asked to refresh
        known = u.timer
        seconds = u.policy.session_expires if known is None else known.interval
        we = True if known is None or not supports else known.we_refresh
    else:
        seconds, refresher = wanted
        we = refresher == "uas" or not supports
        if u.policy.session_expires:
            seconds = min(seconds, u.policy.session_expires)
    timer = u.timer = SessionTimer(max(seconds, least), we, takes_update(request))
    said = (("Session-Expires", f"{timer.interval};refresher={'uas' if we else 'uac'}"),)
    return said if we else (("Require", TIMER), *said)


def agree_as_uac(u: Usage, response: Response) -> Effects:
    """Agree with the 2xx to our INVITE or UPDATE (section 7.2): without the field, on nothing."""
    said = asked(response)
    had = u.timer
    if said is None:
        u.timer = None
        return () if had is None else restart(u)
    seconds, refresher = said
    by_update = takes_update(response) or (had is not None and had.by_update)
    u.timer = SessionTimer(max(seconds, LEAST), refresher != "uas", by_update)
    return restart(u)


def restart(u: Usage) -> Effects:
    """Count from now on: the session has been refreshed."""
    timer = u.timer
    if timer is None:
        return (Disarm(Timer.REFRESH), Disarm(Timer.EXPIRY))
    if timer.we_refresh:
        return (Disarm(Timer.EXPIRY), Arm(Timer.REFRESH, timer.interval / 2))
    return (Disarm(Timer.REFRESH), Arm(Timer.EXPIRY, timer.lapse))


def last_chance(u: Usage) -> Effects:
    """Bound a refresh of ours that has just been sent."""
    assert u.timer is not None, "only a session with a timer is refreshed"
    return (Arm(Timer.EXPIRY, u.timer.lapse - u.timer.interval / 2),)


def retry(u: Usage) -> Effects:
    """Refresh a little later: what we have sent came to nothing, or it is not our turn."""
    timer = u.timer
    return () if timer is None else (Arm(Timer.REFRESH, timer.interval / 10),)


def lengthen(u: Usage, response: Response) -> bool:
    """Take a 422: whether there is a longer interval to try (section 7.4)."""
    least = least_of(response)
    if response.status != 422 or "Min-SE" not in response.headers or u.tries >= MOST_TRIES:
        return False
    if least <= u.min_se and (u.timer is None or least <= u.timer.interval):
        return False
    u.tries += 1
    u.min_se = max(least, u.min_se)
    if u.timer is not None:
        u.timer = replace(u.timer, interval=max(least, u.timer.interval))
    return True

"""A session after its set-up: how it ends, and what still arrives when it has ended.

RFC 3261 section 15.1.1: a user agent considers its session over when it passes on the BYE, so
`Ended` does not wait for the answer to that.
"""

from __future__ import annotations

from itertools import product

from b2bua.machine import Table, ignore
from b2bua.sip.dialog.effects import Effect, Effects
from b2bua.sip.dialog.events import Cause
from b2bua.sip.dialog.outgoing import another_2xx
from b2bua.sip.dialog.usage import (
    FROM_WIRE,
    Input,
    State,
    Usage,
    ended,
    over_by_bye,
    reason_fields,
)
from b2bua.sip.message import Request, Response

EXPIRED = 'SIP;cause=408;text="Session expired"'
"""The Reason of a BYE to a session that nobody has refreshed (RFC 3326)."""


def _hang_up(u: Usage, _: object) -> Effects:
    return (u.bye(), ended(Cause.LOCAL_BYE))


def _bye(u: Usage, bye: Request) -> Effects:
    return over_by_bye(u, bye)


def _gone(u: Usage, response: Response | None) -> Effects:
    """End at a 408, 481, or silence; only who says 481 needs no BYE to know it (12.2.1.2)."""
    if response is None:
        return (u.bye(), ended(Cause.DIALOG_GONE, "no response"))
    why = ended(Cause.DIALOG_GONE, f"{response.status} {response.reason}")
    return (why,) if response.status == 481 else (u.bye(), why)


def _ack_lost(u: Usage, _: object) -> Effects:
    """End when our 2xx to a re-INVITE was never acknowledged (14.2)."""
    return (u.bye(), ended(Cause.ACK_LOST))


def _answer_overdue(u: Usage, _: object) -> Effects:
    return (u.bye(), ended(Cause.TIMEOUT, "no answer to the offer"))


def _expired(u: Usage, _: object) -> Effects:
    """End a session that nobody has refreshed (RFC 4028 section 10)."""
    return (
        u.begin("BYE", reason_fields(EXPIRED)),
        ended(Cause.SESSION_EXPIRED, "the session expired"),
    )


def _bye_again(u: Usage, bye: Request) -> Effects:
    """Answer a BYE that crossed ours."""
    return (u.reply(bye, 200),)


_COMMANDS = (
    Input.START,
    Input.ACKNOWLEDGE,
    Input.RING,
    Input.ACCEPT,
    Input.REFUSE,
    Input.HANG_UP,
)
_TOO_LATE = (State.CONFIRMED, State.ENDED)

TABLE: Table[State, Input, Effect] = {
    # What our user commands too late, or the peer says too late, changes nothing any more.
    **{(s, i): (s, ignore) for s, i in product(_TOO_LATE, (*_COMMANDS, *FROM_WIRE))},
    (State.CONFIRMED, Input.HANG_UP): (State.ENDED, _hang_up),
    (State.CONFIRMED, Input.BYE_RECEIVED): (State.ENDED, _bye),
    (State.CONFIRMED, Input.DIALOG_GONE): (State.ENDED, _gone),
    (State.CONFIRMED, Input.TIMER_ACK): (State.ENDED, _ack_lost),
    (State.CONFIRMED, Input.TIMER_ANSWER): (State.ENDED, _answer_overdue),
    (State.CONFIRMED, Input.TIMER_EXPIRY): (State.ENDED, _expired),
    (State.CONFIRMED, Input.RESPONSE_2XX): (State.CONFIRMED, another_2xx),
    (State.CONFIRMED, Input.RESPONSE_2XX_WITH_OFFER): (State.CONFIRMED, another_2xx),
    (State.ENDED, Input.RESPONSE_2XX): (State.ENDED, another_2xx),
    (State.ENDED, Input.RESPONSE_2XX_WITH_OFFER): (State.ENDED, another_2xx),
    (State.ENDED, Input.BYE_RECEIVED): (State.ENDED, _bye_again),
}

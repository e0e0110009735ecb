"""What a session tells its user: past participles, and no SIP message in them.

`sdp` is a session description as bytes, or None where the message had none.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol


class Cause(Symbol):
    """Why a session is over."""

    REMOTE_BYE = "remote BYE"
    LOCAL_BYE = "local BYE"
    REJECTED = "rejected"  # UAC: a final response of 300-699
    CANCELLED = "cancelled"  # UAC: by us; UAS: by the caller
    REFUSED = "refused"  # UAS: by us
    ACK_LOST = "ACK lost"  # our 2xx was never acknowledged
    PRACK_LOST = "PRACK lost"  # nor was our reliable 18x (RFC 3262 section 3)
    SESSION_EXPIRED = "session expired"  # nobody refreshed it in time (RFC 4028 section 10)
    TIMEOUT = "timeout"  # the peer, or our own user, did not answer in time
    TRANSPORT = "transport"  # the INVITE could not be sent
    DIALOG_GONE = "dialog gone"  # 481, 408 or nothing to a request in the dialog (12.2.1.2)


@dataclass(frozen=True, slots=True)
class Progressed:
    """UAC: a provisional response came, `status` 101 to 199."""

    status: int
    sdp: bytes | None = None


@dataclass(frozen=True, slots=True)
class Established:
    """UAC: the first 2xx came.

    `sdp` is the answer, or with `is_offer` the offer that `acknowledge` has to answer; None if the
    peer gave neither.  `headers` are the X- fields of the 2xx, `contact` is the URI of its Contact,
    "" if it has none.
    """

    sdp: bytes | None
    is_offer: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """UAC: the INVITE failed; `Ended` follows.

    `local`: no final response says so, we do: 408 the peer was silent, 503 it could not be
    reached, 487 we had cancelled and it answered all the same, or not at all.
    `contacts` are URIs, those with the highest q first (3xx, 485), `retry_after` is in seconds.
    """

    status: int
    reason: str
    contacts: tuple[str, ...] = ()
    retry_after: int | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    """UAS: the caller gave up before we answered; `Ended` follows.

    `reason` is the Reason field of the CANCEL, "" if it has none (RFC 3326).
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """UAS: the ACK came.  `sdp` is the answer to the offer that our 2xx made, if it made one."""

    sdp: bytes | None = None


@dataclass(frozen=True, slots=True)
class EarlyAnswered:
    """UAS: the PRACK brought the answer `sdp` to the offer that our reliable 18x made."""

    sdp: bytes


@dataclass(frozen=True, slots=True)
class Reoffered:
    """The peer sent a re-INVITE or an UPDATE: answer by `answer_reoffer` or `refuse_reoffer`.

    Without `sdp` the peer asks for an offer, which `answer_reoffer` then carries.
    """

    sdp: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReofferConfirmed:
    """The ACK for our 2xx to a re-INVITE came; `sdp` as in `Confirmed`."""

    sdp: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReofferWithdrawn:
    """The peer's re-INVITE is over without our answer: cancelled by it, or we took too long."""


@dataclass(frozen=True, slots=True)
class ReofferAnswered:
    """Our re-INVITE was accepted; `sdp` and `is_offer` as in `Established`."""

    sdp: bytes | None
    is_offer: bool = False


@dataclass(frozen=True, slots=True)
class ReofferRefused:
    """Our re-INVITE was refused, or not possible now; the session is as it was (14.1)."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Informed:
    """An INFO came and has been answered 200; `content_type` in lower case, "" without a body."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Referred:
    """The peer asks us to call `target`, a SIP URI: `accept_referral` or `refuse_referral`."""

    target: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over: reported once, after every other event; no timer of it runs any more.

    `reason` is the peer's Reason field (RFC 3326) or a few words of our own.
    """

    cause: Cause
    reason: str = ""


Event = (
    Progressed
    | Established
    | Rejected
    | Cancelled
    | Confirmed
    | EarlyAnswered
    | Reoffered
    | ReofferConfirmed
    | ReofferWithdrawn
    | ReofferAnswered
    | ReofferRefused
    | Informed
    | Referred
    | Ended
)

"""What the application was told: signatures, and the status callbacks of each leg."""

from __future__ import annotations

import hmac
from base64 import b64encode
from email.utils import parsedate_to_datetime
from hashlib import sha1

from demo.cast import BUSY, NUMBER, PATIENT, WINNER, Phone
from demo.evidence import Evidence
from tests.support.application import Received
from tests.support.daemon import ACCOUNT

EXPECTED: dict[Phone, tuple[str, ...]] = {
    BUSY: ("initiated", "busy"),
    PATIENT: ("initiated", "ringing", "canceled"),
    WINNER: ("initiated", "ringing", "in-progress", "completed"),
}
"""What `CallStatus` goes through on each leg."""
LAST = {"busy": ("486", "0"), "canceled": ("487", "0"), "completed": ("200", None)}
"""`SipResponseCode` and `CallDuration` of the last callback; None: as long as it was."""
CLOCK = 1.5  # seconds that a Timestamp, in whole seconds, may be from its arrival


def requests_are_signed(evidence: Evidence) -> str:
    """Look at `X-Twilio-Signature` of every request."""
    assert evidence.asked, "no request came"
    for each in evidence.asked:
        signed = each.seen.headers.get("x-twilio-signature", "")
        assert signed == signature(evidence.token, each), f"{each.path}: {signed or 'no signature'}"
    return f"{len(evidence.asked)} of {len(evidence.asked)}, checked as a customer does"


def signature(token: str, received: Received) -> str:
    """Return the signature that a receiver expects: the URL, and each field of the form, sorted."""
    text = received.seen.url + "".join(name + value for name, value in sorted(received.seen.fields))
    return b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


def callbacks_are_right(evidence: Evidence) -> str:
    """Look at every field of the status callbacks of the three legs."""
    voice = evidence.only("/voice")
    for phone, statuses in EXPECTED.items():
        callbacks = evidence.callbacks(phone)
        told = tuple(each["CallStatus"] for each in callbacks)
        assert told == statuses, f"{phone.name}: {' '.join(told) or 'nothing'}"
        for number, callback in enumerate(callbacks):
            problem = _problem(callback, voice, phone, number)
            assert problem is None, f"{phone.name} {callback['CallStatus']}: {problem}"
        _check_last(phone, callbacks[-1])
        assert len({each["CallSid"] for each in callbacks}) == 1, f"{phone.name}: two CallSids"
    callbacks = evidence.to("/progress")
    tokens = {each.seen.headers.get("i-twilio-idempotency-token") for each in callbacks}
    assert len(tokens) == len(callbacks) == sum(map(len, EXPECTED.values())), "one came twice"
    assert len({each["CallSid"] for each in callbacks}) == len(EXPECTED), "legs share a CallSid"
    counts = " + ".join(f"{len(statuses)}" for statuses in EXPECTED.values())
    return f"{counts} = {len(callbacks)}, each once, SequenceNumber without gaps"


def _problem(callback: Received, voice: Received, phone: Phone, number: int) -> str | None:
    """Return which field is not what it has to be, if one is not."""
    expected = {
        "AccountSid": ACCOUNT,
        "ParentCallSid": voice["CallSid"],
        "From": voice["From"],
        "To": phone.number,
        "Direction": "outbound-dial",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(number),
    }
    for name, value in expected.items():
        if callback.fields.get(name) != value:
            return f"{name}={callback.fields.get(name)} instead of {value}"
    fired = parsedate_to_datetime(callback["Timestamp"]).timestamp()
    if abs(callback.at - fired) > CLOCK:
        return f"Timestamp={callback['Timestamp']}"
    return None if voice["To"] == NUMBER else f"/voice was asked for {voice['To']}"


def _check_last(phone: Phone, callback: Received) -> None:
    code, duration = LAST[callback["CallStatus"]]
    assert callback["SipResponseCode"] == code, f"{phone.name}: SipResponseCode"
    lasted = int(callback["CallDuration"])
    assert lasted == int(duration) if duration else lasted > 0, f"{phone.name}: CallDuration"

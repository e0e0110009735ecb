"""Who takes part, what the application says, and the settings of the daemon between them."""

from __future__ import annotations

from dataclasses import dataclass

from demo.ladder import Party

NUMBER = "+15550000100"
"""What the caller dials."""
EVENTS = "initiated,ringing,answered,completed"
WORDS = "Press one to take this call."


@dataclass(frozen=True)
class Phone:
    """A telephone: the number that rings it, and the SIPp scenario that it follows."""

    name: str
    number: str
    about: str
    scenario: str


BUSY = Phone("phone1", "+15550000201", "busy", "uas_busy")
PATIENT = Phone("phone2", "+15550000202", "never answers", "uas_cancelled")
WINNER = Phone("phone3", "+15550000203", "presses 1", "uas_answer")
PHONES = (BUSY, PATIENT, WINNER)

PARTIES = (
    Party("caller", "dials in"),
    Party("b2bua", "the daemon"),
    *(Party(phone.name, phone.about) for phone in PHONES),
    Party("application", "over HTTP"),
)


def _number(phone: Phone) -> str:
    whisper = ' url="/whisper"' if phone is WINNER else ""
    told = f'statusCallback="/progress" statusCallbackEvent="{EVENTS}"'
    return f"<Number{whisper} {told}>{phone.number}</Number>"


DOCUMENTS = {
    "/voice": f"""<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Dial timeout="20" action="/after">
    {" ".join(map(_number, PHONES))}
  </Dial>
</Response>
""",
    "/whisper": f"""<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Gather numDigits="1" action="/pressed"><Say>{WORDS}</Say></Gather>
  <Hangup/>
</Response>
""",
    "/pressed": "<Response/>",
    "/after": "<Response><Hangup/></Response>",
}
ANSWERS = {
    "/voice": "200 <Dial> of 3 <Number>",
    "/whisper": "200 <Gather><Say>",
    "/pressed": "200 <Response/>: accept",
    "/after": "200 <Hangup/>",
}
"""What the documents are in a ladder."""


def settings(voice_url: str, ports: dict[str, int]) -> str:
    """Return the settings that lead `NUMBER` to a document, and each number to its phone's port."""
    trunks = "".join(
        f"""
[[trunks]]
name = "{phone.name}"
uri = "sip:127.0.0.1:{ports[phone.name]}"
prefixes = ["{phone.number}"]
inbound_from = ["127.0.0.0/8"]
"""
        for phone in PHONES
    )
    return f"""{trunks}
[[numbers]]
number = "{NUMBER}"
router = "rcml"
voice_url = "{voice_url}"
"""

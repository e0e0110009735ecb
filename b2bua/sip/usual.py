"""The usual form of what every message has: recognised at one look, and read when it is wanted.

Nearly all that arrives is written in the same few ways, and most fields of most messages are never
asked for.  So a field in its usual form is not read on arrival: to be sure that it can be read
costs a tenth of reading it.  What is written in another way is read and judged at once.

The promise of each pattern, to which `tests/sip/test_usual.py` holds it: what it matches can be
read.  It need not match all that can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# No escapes, no quotes, no IPv6: what they hold would need a second look.
_TOKEN = r"[A-Za-z0-9\-.!*_+~]++"  # noqa: S105 - a rule of the grammar
_VALUE = r"[!#-+\--:=@-~]++"
_PARAMS = rf"(?:;{_TOKEN}(?:={_VALUE})?+)*+"
_PORT = r"(?:[1-5][0-9]{4}|6[0-4][0-9]{3}|[1-9][0-9]{0,3})"
_PLACE = rf"[A-Za-z0-9.\-]++(?::{_PORT})?+"
_USER = r"[A-Za-z0-9\-_.!~*'()&=+$/]++"
_URI_PARAMS = r"(?:;[A-Za-z0-9\-_.!~*]++(?:=[A-Za-z0-9\-_.!~*:+]++)?+)*+"
_URI = rf"sips?:(?:{_USER}@)?+{_PLACE}{_URI_PARAMS}"

VIA = re.compile(rf"SIP/2\.0/[A-Z]++ {_PLACE}{_PARAMS}")
ADDRESS = re.compile(rf'(?:"[^"\\]*+" ?|[A-Za-z0-9 ._\-]*+)<{_URI}>{_PARAMS}')
CALL_ID = re.compile(r"[!-~]++")
CSEQ = re.compile(r"[0-9]{1,9} [A-Z]++")
MAX_FORWARDS = re.compile(r"[0-9]{1,2}")

_ADDRESSES = ("Contact", "Route", "Record-Route")


def is_usual(fields: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the typed properties of a message with these fields are sure to be readable.

    Fields that may stand there once are there once.  How many there are of the others is not
    looked at.
    """
    try:
        (call_id,), (from_,), (to,) = fields["Call-ID"], fields["From"], fields["To"]
        (cseq,), vias = fields["CSeq"], fields["Via"]
    except (KeyError, ValueError):
        return False
    if not (
        CALL_ID.fullmatch(call_id)
        and ADDRESS.fullmatch(from_)
        and ADDRESS.fullmatch(to)
        and CSEQ.fullmatch(cseq)
    ):
        return False
    for via in vias:
        if not VIA.fullmatch(via):
            return False
    for name in _ADDRESSES:
        for address in fields.get(name, ()):
            if not ADDRESS.fullmatch(address):
                return False
    return _are_scalars_usual(fields.get("Max-Forwards", ()), fields.get("Content-Type", ()))


def _are_scalars_usual(max_forwards: Sequence[str], content_types: Sequence[str]) -> bool:
    if len(max_forwards) > 1 or len(content_types) > 1:
        return False
    return not max_forwards or MAX_FORWARDS.fullmatch(max_forwards[0]) is not None

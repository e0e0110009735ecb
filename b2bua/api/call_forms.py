"""What may be said of a call: asked for, changed, and looked for (rcml.md section 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AliasGenerator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from b2bua.api.errors import (
    BAD_APPLICATION,
    BAD_FROM,
    BAD_TO,
    BAD_URL,
    NO_FROM,
    NO_TO,
    ApiError,
    bad,
)
from b2bua.api.fields import COMPLETED, Digits, Events, Form, Line, Method, Seconds, WebUrl
from b2bua.routing.plan import Credentials, NumberSettings, Status, StatusPlan
from b2bua.store.calls import CallQuery

ROUTER = "rcml"
MOST_TWIML = 4_000

WITHOUT_EFFECT = frozenset(
    {
        *("Record", "RecordingChannels", "RecordingTrack", "Trim", "CallerId", "CallReason"),
        *("RecordingStatusCallback", "RecordingStatusCallbackMethod"),
        *("RecordingStatusCallbackEvent", "MachineDetection", "MachineDetectionTimeout"),
        *("MachineDetectionSpeechThreshold", "MachineDetectionSpeechEndThreshold"),
        *("MachineDetectionSilenceTimeout", "AsyncAmd", "AsyncAmdStatusCallback"),
        *("AsyncAmdStatusCallbackMethod", "CallToken", "DetectVoicemail"),
    }
)
"""Fields that clients send and nothing is done about yet; the log names those that came."""


class _Document(Form):
    """A document to be run, and whom to tell of the call."""

    codes: ClassVar = {"Url": BAD_URL, "ApplicationSid": BAD_APPLICATION}

    url: WebUrl = ""
    twiml: Annotated[str, StringConstraints(max_length=MOST_TWIML)] = ""
    application_sid: str = ""
    method: Method = "POST"
    fallback_url: WebUrl = ""
    fallback_method: Method = "POST"
    status_callback: WebUrl = ""
    status_callback_event: Events = COMPLETED
    status_callback_method: Method = "POST"

    @property
    def has_document(self) -> bool:
        """Whether there is something to run."""
        return bool(self.url or self.twiml)

    def number(self, called: str, account_sid: str) -> NumberSettings:
        """Return what the router is told, for a call to `called`.  A URL wins over `Twiml`."""
        return NumberSettings(
            number=called,
            router=ROUTER,
            account_sid=account_sid,
            voice_url=self.url,
            voice_method=self.method,
            voice_fallback_url=self.fallback_url,
            voice_fallback_method=self.fallback_method,
            voice_document=self.twiml,
        )

    def status_plan(self) -> StatusPlan | None:
        """Return whom to tell of the call's steps, and of which."""
        if not self.status_callback:
            return None
        events = self.status_callback_event
        return StatusPlan(self.status_callback, self.status_callback_method, events)

    def refuse_applications(self) -> None:
        """Refuse what would run an application: there are none here.

        Raises:
            ApiError: one is named, and no document that could be run instead.
        """
        if self.application_sid and not self.has_document:
            raise bad("ApplicationSid", "there is no such application", BAD_APPLICATION)


class CreateForm(_Document):
    """A call that is asked for."""

    codes: ClassVar = {**_Document.codes, "To": BAD_TO, "From": BAD_FROM}
    missing: ClassVar = {"To": NO_TO, "From": NO_FROM}

    to: Annotated[str, StringConstraints(min_length=1, max_length=1_400)]
    from_: Annotated[Line, Field(alias="From", min_length=1, max_length=255)]
    timeout: Annotated[int, Field(ge=1, le=600)] = 60
    time_limit: Seconds = 14_400
    send_digits: Digits = ""
    sip_auth_username: Annotated[Line, Field(max_length=255)] = ""
    sip_auth_password: Annotated[Line, Field(max_length=255)] = ""
    byoc: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""

    @property
    def credentials(self) -> Credentials | None:
        """What answers a challenge of the callee's."""
        username = self.sip_auth_username
        return Credentials(username, self.sip_auth_password) if username else None

    def refuse_without_document(self) -> None:
        """Refuse a call that would have nothing to say.

        Raises:
            ApiError: neither `Url` nor `Twiml` is given.
        """
        self.refuse_applications()
        if not self.has_document:
            raise bad("Url", "one of Url and Twiml must be given", BAD_URL)


class UpdateForm(_Document):
    """A change of a call that goes on."""

    status: Literal["completed", "canceled"] | None = None
    time_limit: Seconds | None = None

    def refuse_nothing(self) -> None:
        """Refuse a change that changes nothing.

        Raises:
            ApiError: no field that could is given.
        """
        self.refuse_applications()
        if not (self.has_document or self.status or self.time_limit or self.status_callback):
            why = "one of Url, Twiml, Status, TimeLimit and StatusCallback must be given"
            raise ApiError(400, BAD_URL, why, {"Url": why})


def _moment(value: object) -> object:
    """Read an ISO 8601 date or time; what has no zone is UTC.  A date is its first moment."""
    if not isinstance(value, str):
        return value
    try:
        read = datetime.fromisoformat(value.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("this should be a date or time in ISO 8601") from None


def _span(value: object) -> object:
    """Read a date as all of that day, and a time as its second."""
    if not isinstance(value, str):
        return value
    first = _moment(value)
    assert isinstance(first, float)
    whole_day = len(value.strip()) <= len("2009-07-06")
    return first, first + (timedelta(days=1) if whole_day else timedelta(seconds=1)).total_seconds()


Moment = Annotated[float, BeforeValidator(_moment)]
Span = Annotated[tuple[float, float], BeforeValidator(_span)]

_FILTERS = {
    "from_": "From",
    "started": "StartTime",
    "started_before": "StartTime<",
    "started_after": "StartTime>",
    "ended": "EndTime",
    "ended_before": "EndTime<",
    "ended_after": "EndTime>",
}


class FilterForm(Form):
    """Which calls a list should have."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=lambda name: _FILTERS.get(name) or to_pascal(name))
    )

    to: str = ""
    from_: str = ""
    parent_call_sid: str = ""
    status: Status | None = None
    started: Span | None = None
    started_before: Moment | None = None
    started_after: Moment | None = None
    ended: Span | None = None
    ended_before: Moment | None = None
    ended_after: Moment | None = None

    def query(self) -> CallQuery:
        """Return what is asked of the records."""
        return CallQuery(
            to=self.to,
            from_=self.from_,
            parent_call_sid=self.parent_call_sid,
            status=self.status,
            started=self.started or (self.started_after, self.started_before),
            ended=self.ended or (self.ended_after, self.ended_before),
        )

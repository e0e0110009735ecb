"""The fields of a request, read as a whole: every complaint names its field and says why.

A `Form` is a pydantic model whose aliases are the names in the REST API.  `codes` has the error
code of a field that is bad, `missing` of one that is not there; others get 20001.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails

from b2bua.api.errors import BAD_PARAMETER, ApiError, bad
from b2bua.api.visit import Fields
from b2bua.rcml.addresses import has_control
from b2bua.rcml.urls import resolve
from b2bua.routing.plan import Event

FormT = TypeVar("FormT", bound="Form")

_EVENTS = {event.value: event for event in Event}
COMPLETED = frozenset({Event.COMPLETED})


class Form(BaseModel):
    """What a request may say.  Unknown fields are ignored: later versions of clients send them."""

    model_config = ConfigDict(
        alias_generator=to_pascal, extra="ignore", frozen=True, hide_input_in_errors=True
    )
    codes: ClassVar[Mapping[str, int]] = {}
    missing: ClassVar[Mapping[str, int]] = {}
    repeated: ClassVar[frozenset[str]] = frozenset({"StatusCallbackEvent"})


def decoded(args: Mapping[bytes, list[bytes]]) -> Fields:
    """Return the fields that Twisted has read.

    Raises:
        ApiError: one is not UTF-8.
    """
    fields: dict[str, list[str]] = {}
    for name, values in args.items():
        shown = name.decode("utf-8", "replace")[:64]
        try:
            fields[name.decode()] = [value.decode() for value in values]
        except UnicodeDecodeError:
            raise bad(shown, "this is not UTF-8") from None
    return fields


def read_form(model: type[FormT], fields: Fields, **context: Any) -> FormT:
    """Return the form that `fields` fill in.

    Raises:
        ApiError: with every complaint; its code is that of the first.
    """
    given: dict[str, object] = {}
    for name, values in fields.items():
        if name in model.repeated:
            given[name] = values
        elif len(values) == 1:
            given[name] = values[0]
        elif name in _names(model):
            raise bad(name, f"this is given {len(values)} times", model.codes.get(name, 20001))
    try:
        return model.model_validate(given, context=context)
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_input=False)
        raise _complaints(model, errors) from None


def _names(model: type[Form]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def _complaints(model: type[Form], errors: list[ErrorDetails]) -> ApiError:
    first = errors[0]
    codes = model.missing if first["type"] == "missing" else model.codes
    said = {str(error["loc"][0]): _sentence(error) for error in reversed(errors)}
    code = codes.get(str(first["loc"][0]), BAD_PARAMETER)
    message = "; ".join(f"{name}: {why}" for name, why in reversed(said.items()))
    return ApiError(400, code, message, said)


def _sentence(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "this must be given"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case _:
            return error["msg"].removeprefix("Input ")


# What fields hold.


def _web_url(text: str) -> str:
    if text and resolve("", text) is None:
        raise ValueError("this should be an absolute http or https URL")
    return text.strip()


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _one_line(text: str) -> str:
    if has_control(text):
        raise ValueError("this holds a control character")
    return text


def _events(values: object) -> object:
    """Read a repeated field, or one list with commas or spaces, or both (rcml.md N-7)."""
    if not isinstance(values, list):
        return values
    names = [name for value in values for name in re.split(r"[\s,]+", str(value)) if name]
    for name in names:
        if name.lower() not in _EVENTS:
            raise ValueError(f"{name[:32]!r} is not an event; there are {', '.join(_EVENTS)}")
    return frozenset(_EVENTS[name.lower()] for name in names) or COMPLETED


WebUrl = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(_web_url)]
Method = Annotated[Literal["GET", "POST"], BeforeValidator(_upper)]
Events = Annotated[frozenset[Event], BeforeValidator(_events)]
Line = Annotated[str, AfterValidator(_one_line)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#wW]{0,32}$")]
Seconds = Annotated[int, Field(ge=1, le=86_400)]

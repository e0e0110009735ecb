"""A settings file becomes a frozen model, or a list of complaints that name key and line."""

from __future__ import annotations

import difflib
import re
import tomllib
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from b2bua.app import toml_lines
from b2bua.app.start_error import StartError

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A table of the settings: frozen, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SettingsError(StartError):
    """The settings can't be used; `complaints` has one line for each thing that is wrong."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with the key at `path`."""

    path: toml_lines.Path
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings came from: says for every key `FILE:LINE: key`."""

    name: str = "settings"
    lines: toml_lines.KeyLines | None = None

    def at(self, path: toml_lines.Path) -> str:
        """Return `FILE:LINE: key`, or `FILE: key` if the settings were not read from text."""
        place = self.name if self.lines is None else f"{self.name}:{self.lines.line(path)}"
        return f"{place}: {key(path)}"


def key(path: toml_lines.Path) -> str:
    """Return `path` as an operator would write it: `numbers[0].router`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def read_file(path: Path) -> str:
    """Return the text of a settings file.

    Raises:
        SettingsError: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise SettingsError([f"{path}: {problem.strerror}"]) from problem
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise SettingsError([f"{path}:{line}: this is not UTF-8"]) from problem


def read_model(
    text: str, name: str, model: type[Model], check: Callable[[Model], Iterable[Complaint]]
) -> tuple[Model, Source]:
    """Return the model that the TOML `text` describes; `check` sees what no field sees alone.

    `name` is what complaints call the text, for example its path.

    Raises:
        SettingsError: with every complaint, in the order of the file.
    """
    table = _read_toml(text, name)
    source = Source(name, toml_lines.KeyLines(text))
    try:
        settings = model.model_validate(_with_tuples(table))
    except ValidationError as problem:
        complaints = [_complaint(model, error) for error in problem.errors(include_url=False)]
        raise _refusal(source, complaints) from problem
    if complaints := list(check(settings)):
        raise _refusal(source, complaints)
    return settings, source


def _read_toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        what = str(problem)
        place = re.search(r" \(at line (\d+), column \d+\)$", what)
        line = place[1] if place else str(text.count("\n") + 1)
        what = re.sub(r" \(at .*\)$", "", what)
        raise SettingsError([f"{name}:{line}: this is not TOML: {what}"]) from problem


def _with_tuples(value: Any, *, is_top: bool = True) -> Any:
    """Make arrays tuples, as a frozen model keeps them; what is a plugin's stays as it is."""
    match value:
        case dict():
            return {
                name: item if is_top and name == "plugins" else _with_tuples(item, is_top=False)
                for name, item in value.items()
            }
        case list():
            return tuple(_with_tuples(item, is_top=False) for item in value)
        case _:
            return value


def _refusal(source: Source, complaints: list[Complaint]) -> SettingsError:
    def line(complaint: Complaint) -> int:
        return source.lines.line(complaint.path) if source.lines else 0

    ordered = sorted(complaints, key=line)
    return SettingsError(f"{source.at(each.path)}: {each.text}" for each in ordered)


def _complaint(model: type[BaseModel], error: ErrorDetails) -> Complaint:
    path = tuple(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return Complaint(path, _unknown(str(path[-1]), _fields(model, path[:-1])))
        case "missing":
            return Complaint(path, "this must be given")
        case "value_error":
            return Complaint(path, error["msg"].removeprefix("Value error, "))
        case _:
            what = error["msg"].removeprefix("Input ").replace("valid tuple", "list")
            what = what.replace("valid dictionary or instance of ", "table ")
            return Complaint(path, what)


def _unknown(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return "there is no such setting" + (f"; did you mean `{nearest[0]}`?" if nearest else "")


def _fields(model: type[BaseModel], path: toml_lines.Path) -> list[str]:
    """Return the keys that the table at `path` may have."""
    for part in path:
        if isinstance(part, str):
            model = _model_of(model.model_fields[part].annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(annotation: Any) -> type[BaseModel]:
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    raise TypeError(f"{annotation} holds no table")

"""`b2bua`: the operator's tools, one file a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from b2bua import __version__
from b2bua.cli import callbacks, check, notifications, plugins, registrations


@dataclass(frozen=True, slots=True)
class Command:
    """A tool: `arguments` declares what it takes, `run` returns the exit status."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


COMMANDS = (
    Command("check", check.SUMMARY, check.arguments, check.run),
    Command("callbacks", callbacks.SUMMARY, callbacks.arguments, callbacks.run),
    Command("notifications", notifications.SUMMARY, notifications.arguments, notifications.run),
    Command("registrations", registrations.SUMMARY, registrations.arguments, registrations.run),
    Command("plugins", plugins.SUMMARY, plugins.arguments, plugins.run),
)

_EPILOG = """\
The daemon itself runs under twistd:
  twistd -n b2bua --settings FILE [--json]     in the foreground
  twistd -y twistd.tac                         in the background, from a site's folder
"""


# Names of commands and what they do, on one line each.
_WIDE = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28, width=100)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; 2 when the command line is wrong."""
    parser = argparse.ArgumentParser(
        prog="b2bua",
        description="Tools for operators of b2bua, a programmable back-to-back user agent.",
        epilog=_EPILOG,
        formatter_class=_WIDE,
    )
    parser.add_argument("--version", action="version", version=f"b2bua {__version__}")
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = choices.add_parser(command.name, help=command.summary, description=command.summary)
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    parsed = parser.parse_args(argv)
    return int(parsed.run(parsed))


if __name__ == "__main__":
    sys.exit(main())

"""`b2bua plugins`: the routing plugins there are, and where they were looked for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from b2bua.app import plugins

SUMMARY = "list the routing plugins, and the files they were looked for in"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--site", type=Path, metavar="FOLDER", help="search the plugins/ of this site first"
    )
    parser.add_argument(
        "--warm", action="store_true", help="leave Twisted's caches written, at install time"
    )


def run(parsed: argparse.Namespace) -> int:
    """Print names, then files; 1 if a file can't be imported."""
    if parsed.site is not None:
        plugins.search_site(parsed.site)
    for name in sorted(plugins.factories()):
        print(name)
    if parsed.warm:
        plugins.warm()
    problems = 0
    for file, problem in plugins.files():
        print(f"searched {file}" + (problem and f": {problem}"), file=sys.stderr)
        problems += bool(problem)
    return 1 if problems else 0

"""The one way in which b2bua refuses to start."""

from __future__ import annotations


class StartError(Exception):
    """B2bua can't start: the text is a sentence for the operator, without a traceback."""

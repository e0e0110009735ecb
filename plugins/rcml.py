"""Names the RCML router; its code is in `b2bua/rcml`."""

from __future__ import annotations

from b2bua.rcml.router import RcmlFactory

rcml = RcmlFactory()

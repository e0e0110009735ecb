from __future__ import annotations

from b2bua.rcml.router import RcmlFactory
from tests.plugins.test_static import factory


def test_the_rcml_router_is_found_as_a_plugin_like_any_other() -> None:
    assert isinstance(factory("rcml"), RcmlFactory)

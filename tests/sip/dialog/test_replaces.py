"""What a Replaces field says (RFC 3891 section 6.1)."""

from __future__ import annotations

import pytest

from b2bua.sip.dialog.replaces import Replaces, read_replaces
from tests.support.ladder import request


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("98@b;to-tag=ours;from-tag=theirs", Replaces("98@b", "ours", "theirs")),
        ("98@b ; from-tag=theirs; to-tag=ours", Replaces("98@b", "ours", "theirs")),
        ("98;to-tag=a;from-tag=b;early-only", Replaces("98", "a", "b", early_only=True)),
        ("98;to-tag=a;from-tag=b;x=y", Replaces("98", "a", "b")),
        ("98;to-tag=a", None),
        ("98;from-tag=b", None),
        (";to-tag=a;from-tag=b", None),
        ("", None),
    ],
)
def test_a_replaces_field_names_a_dialog(value: str, meant: Replaces | None) -> None:
    assert read_replaces(request("INVITE", extra=(f"Replaces: {value}",))) == meant


def test_two_replaces_fields_name_none() -> None:
    field = "Replaces: 98;to-tag=a;from-tag=b"
    assert read_replaces(request("INVITE", extra=(field, field))) is None

"""`[stir]` and `[trunks.stir]`: whose word on a calling number we take, and where we give ours."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from b2bua.app.settings_file import Section

CertificateUrl = Annotated[str, Field(pattern=r"^(https://[!-;=?-~]+)?$", max_length=1_024)]


class StirSettings(Section):
    """`anchors`: a PEM file of the authorities whose certificates vouch for callers.

    It is relative to the folder of the settings file.  Empty: no caller's identity is verified.
    """

    anchors: str = ""


class TrunkStir(Section):
    """`[trunks.stir]`: how calls to this trunk are signed.

    `private_key` is a PEM file with a key on P-256, relative to the folder of the settings file;
    its certificate, with those between it and an authority, is published at `certificate_url`.
    """

    private_key: Annotated[str, Field(min_length=1)]
    certificate_url: Annotated[CertificateUrl, Field(min_length=1)]

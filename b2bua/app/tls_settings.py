"""`[tls]`: what we show on `tls:` and `wss:`, and whom we believe there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from b2bua.app.settings_file import Section
from b2bua.net.certificates import TlsFiles


class TlsSettings(Section):
    """The files are PEM, and relative to the folder of the settings file.

    `certificate` has the intermediates after our own.  `ca_list` empty: the machine's authorities.
    `verify_client` is whether phones and trunks that connect are asked for a certificate.
    """

    certificate: Annotated[str, Field(min_length=1)] = "certs/server.pem"
    private_key: Annotated[str, Field(min_length=1)] = "certs/server.key"
    ca_list: str = ""
    verify_client: Literal["off", "optional", "on"] = "off"
    verify_server: bool = True

    def files(self, site: Path, *, is_served: bool) -> TlsFiles:
        """Return the files of the `site` folder; without `is_served`, ours only if they are there.

        A trunk may ask us for a certificate although nobody connects to us by TLS.
        """
        certificate, key = site / self.certificate, site / self.private_key
        shows = is_served or (certificate.exists() and key.exists())
        return TlsFiles(
            certificate=str(certificate) if shows else "",
            private_key=str(key) if shows else "",
            ca_list=str(site / self.ca_list) if self.ca_list else "",
            verify_client=self.verify_client,
            verify_server=self.verify_server,
        )

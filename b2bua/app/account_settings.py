"""`[[accounts]]`: a customer, and on what terms its webhooks go out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from b2bua.app.settings_file import Section
from b2bua.app.trunk_settings import Networks
from b2bua.net.certificates import TlsFiles

CallerId = Annotated[str, Field(pattern=r"^(client:)?[A-Za-z0-9+_.-]*\*?$", min_length=1)]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[A-Za-z0-9_.:-]+$")]


class AccountWebhooks(Section):
    """`[accounts.webhooks]`: what differs from `[webhooks]` for this account.

    `allow` are networks it may reach beside those, `deny` networks it may not reach whatever else
    is said, and `hosts` the only ones its URLs may name, unless that is empty.  The files are PEM
    and relative to the settings file's folder: `certificate` and `private_key` are what servers are
    shown that ask who we are, `ca_list` the authorities that servers' certificates must come from.
    """

    allow: Networks = ()
    deny: Networks = ()
    hosts: tuple[Host, ...] = ()
    certificate: str = ""
    private_key: str = ""
    ca_list: str = ""
    verify_server: bool = True

    def files(self, site: Path) -> TlsFiles:
        """Return the files, which are in the `site` folder."""
        certificate, key, authorities = (
            str(site / name) if name else ""
            for name in (self.certificate, self.private_key, self.ca_list)
        )
        return TlsFiles(certificate, key, authorities, verify_server=self.verify_server)


class Account(Section):
    """`[[accounts]]`: a customer.  `country` is the ISO code that national numbers are read by.

    `auth_token_previous` is still valid beside `auth_token` while a secret is being changed.
    `caller_ids` are what its calls may show beside its own numbers, whole or as a prefix that ends
    in `*`; without it they may show anything.  `callback_hold` is its own `limits.callback_hold`.
    """

    sid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    auth_token: Annotated[str, Field(min_length=1, repr=False)]
    auth_token_previous: Annotated[str, Field(repr=False)] = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    caller_ids: tuple[CallerId, ...] | None = None
    callback_hold: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None
    webhooks: AccountWebhooks = AccountWebhooks()

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """All secrets that are live, the one in force first."""
        return tuple(token for token in (self.auth_token, self.auth_token_previous) if token)

"""On what terms each account's webhooks go out, made from its settings and its files."""

from __future__ import annotations

from pathlib import Path

from b2bua.app.account_settings import AccountWebhooks
from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.net.certificates import CertificateError, Certificates, TlsFiles
from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.tls import Trust


class AccountTerms:
    """The terms of every account that has some of its own; call it with a SID."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._terms: dict[str, Terms] = {}

    def __call__(self, account_sid: str) -> Terms | None:
        return self._terms.get(account_sid)

    def read(self, settings: Settings) -> None:
        """Take the terms in `settings`, files included; a fault changes nothing.

        Raises:
            StartError: a file cannot be used; the key and its line are named.
        """
        site = Path(settings.file).parent
        terms: dict[str, Terms] = {}
        for index, account in enumerate(settings.accounts):
            if account.webhooks == AccountWebhooks():
                continue
            try:
                trust = _trust(account.webhooks.files(site))
            except CertificateError as problem:
                key = settings.at("accounts", index, "webhooks", problem.field)
                raise StartError(f"{key}: {problem}") from problem
            terms[account.sid] = Terms(_policy(settings, account.webhooks), trust)
        self._terms = terms


def _trust(files: TlsFiles) -> Trust:
    if files == TlsFiles():
        return Trust()
    return Trust(Certificates(files).client_context(), verifies=files.verify_server)


def _policy(settings: Settings, own: AccountWebhooks) -> EgressPolicy:
    allow = (*settings.webhooks.allow, *own.allow)
    return EgressPolicy(map(str, allow), deny=map(str, own.deny), hosts=own.hosts)

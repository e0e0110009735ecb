"""What an account may say of its own webhooks, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.ssl import Certificate, PrivateCertificate
from twisted.protocols.tls import TLSMemoryBIOFactory

from b2bua.app.account_terms import AccountTerms
from b2bua.app.settings import Settings, SettingsError, settings_from_text
from b2bua.app.start_error import StartError
from b2bua.cli.main import main
from b2bua.routing.plan import Answer, Ask
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.support.authority import Authority, dns
from tests.support.internet import Internet
from tests.support.web_server import Customer

PUBLIC = "93.184.216.34"
OWN = 'certificate = "own.pem"\nprivate_key = "own.key"\nca_list = "ca.pem"\n'


def written(folder: Path, webhooks: str) -> Path:
    """Write settings with an account that has `webhooks`, and the files it may name."""
    authority = Authority()
    ours, other = authority.issue(), authority.issue()
    server = authority.issue(dns("app.example"))
    for name, content in {
        "server.pem": server.pem + server.key_pem,
        "own.pem": ours.pem,
        "own.key": ours.key_pem,
        "other.key": other.key_pem,
        "ca.pem": authority.pem,
        "text": b"nothing of that kind",
    }.items():
        (folder / name).write_bytes(content)
    file = folder / "s.toml"
    file.write_text(
        f"""[webhooks]
allow = ["10.1.0.0/16"]
[[accounts]]
sid = "AC1"
auth_token = "one"
[accounts.webhooks]
{webhooks}
[[accounts]]
sid = "AC2"
auth_token = "two"
"""
    )
    return file


def terms(folder: Path, webhooks: str) -> AccountTerms:
    file = written(folder, webhooks)
    made = AccountTerms()
    made.read(settings_from_text(file.read_text(), str(file)))
    return made


def test_an_account_that_says_nothing_has_no_terms_of_its_own(tmp_path: Path) -> None:
    made = terms(tmp_path, "")
    assert (made("AC1"), made("AC2"), made("AC9")) == (None, None, None)


@pytest.mark.parametrize(
    ("webhooks", "permitted"),
    [
        ('allow = ["10.2.0.0/16"]', {"10.1.0.1", "10.2.0.1", "93.184.216.34"}),
        ('deny = ["10.1.0.0/24", "93.184.216.34"]', {"10.1.1.1"}),
        ('allow = ["10.0.0.0/8"]\ndeny = ["0.0.0.0/0"]', set()),
        ("verify_server = false", {"10.1.0.1", "10.1.1.1", "93.184.216.34"}),
    ],
)
def test_networks_are_allowed_and_denied_for_one_account(
    tmp_path: Path, webhooks: str, permitted: set[str]
) -> None:
    own = terms(tmp_path, webhooks)("AC1")
    assert own is not None
    asked = ("10.1.0.1", "10.1.1.1", "10.2.0.1", "10.3.0.1", "93.184.216.34", "::ffff:10.3.0.1")
    found = {address for address in asked if own.policy.permits(address)}
    assert found & permitted == permitted
    assert not found & {"10.3.0.1", "::ffff:10.3.0.1"}
    if "deny" in webhooks:
        assert found == permitted


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("app.example", True),
        ("a.b.wide.example", True),
        ("wide.example", False),
        ("evilwide.example", False),
        ("192.0.2.1", True),
        ("other.example", False),
    ],
)
def test_hosts_are_the_only_ones_that_may_be_named(tmp_path: Path, host: str, may: bool) -> None:
    own = terms(tmp_path, 'hosts = ["App.example", "*.wide.example", "192.0.2.1"]')("AC1")
    assert own is not None
    assert own.policy.permits_host(host) is may


def test_files_are_found_beside_the_settings_and_good_ones_pass_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, OWN)
    assert main(["check", str(file)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("webhooks", "complaint"),
    [
        ('ca_list = "none.pem"', "7: accounts[0].webhooks.ca_list: {}/none.pem: No such file or d"),
        ('ca_list = "text"', "7: accounts[0].webhooks.ca_list: {}/text: no PEM certificates"),
        (
            OWN.replace("own.pem", "text"),
            "7: accounts[0].webhooks.certificate: {}/text: no PEM certificate",
        ),
        (
            OWN.replace("own.key", "other.key"),
            "8: accounts[0].webhooks.private_key: {}/other.key: no PEM key of {}/own.pem",
        ),
        (
            'certificate = "own.pem"',
            "7: accounts[0].webhooks.certificate: this goes with a `private_key`",
        ),
        (
            'private_key = "own.key"',
            "7: accounts[0].webhooks.private_key: this goes with a `certificate`",
        ),
        ('allow = ["10.0.0.1/8"]', "7: accounts[0].webhooks.allow"),
        ('hosts = ["https://app.example/"]', "7: accounts[0].webhooks.hosts"),
        ("alow = []", "7: accounts[0].webhooks.alow: there is no such setting; did you mean `all"),
    ],
)
def test_check_says_which_file_or_key_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], webhooks: str, complaint: str
) -> None:
    file = written(tmp_path, webhooks)
    assert main(["check", str(file)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{file}:")
    assert complaint.format(tmp_path, tmp_path) in told


@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")
def test_a_server_that_wants_to_know_us_is_asked_with_the_files(tmp_path: Path) -> None:
    file = written(tmp_path, OWN)
    pair = PrivateCertificate.loadPEM((tmp_path / "server.pem").read_bytes())
    options = pair.options(Certificate.loadPEM((tmp_path / "ca.pem").read_bytes()))
    internet, customer = Internet(), Customer()
    site = TLSMemoryBIOFactory(options, False, customer.site(internet), clock=internet)
    internet.serve(PUBLIC, 443, site, "app.example")
    made = AccountTerms()
    made.read(_read(file))
    policy = EgressPolicy(is_own=lambda _: False)
    web = WebClient(internet, internet, lambda _: None, policy, terms=made)
    url = "https://app.example/#rc=0"
    asked = [internet.finish(web.fetch(Ask(url, account_sid=sid))) for sid in ("AC1", "AC2")]
    assert [isinstance(one, Answer) for one in asked] == [True, False]
    assert len(customer.seen) == 1
    web.close()


def test_a_fault_in_a_file_changes_nothing(tmp_path: Path) -> None:
    made = terms(tmp_path, OWN)
    before = made("AC1")
    with pytest.raises(StartError):
        made.read(_read(written(tmp_path, OWN.replace("ca.pem", "text"))))
    assert made("AC1") is before is not None
    made.read(_read(written(tmp_path, "")))
    assert made("AC1") is None


def test_a_secret_of_an_account_is_not_in_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        _read(written(tmp_path, 'certificate = 5\nprivate_key = "hush"'))
    assert "hush" not in str(raised.value)


def _read(file: Path) -> Settings:
    return settings_from_text(file.read_text(), str(file))

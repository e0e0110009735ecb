"""No URL leads into our own network, however its host is written or resolved."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy, is_own_address
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.tls import Trust
from tests.support.web_server import Customer, Reply
from tests.webhooks.conftest import ELSEWHERE, PUBLIC, Browser

FORBIDDEN_HOSTS = [
    # plain
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "168.63.129.16",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "127.0.0.1.",
    # other spellings of 127.0.0.1 and 10.0.0.1
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "0127.0.0.1",
    "0",
    "0x",
    "10.1",
    "167772161",
    "012.0.0.1",
    "4294967295",
    "99999999999",
    "1.2.3.4.5",
    "256.256.256.256",
    "１２７.0.0.1",  # noqa: RUF001
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    # IPv6
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[0:0:0:0:0:ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2002:c0a8:1::1]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[2606:4700::5efe:10.0.0.1]",
    "[2606:4700::200:5efe:127.0.0.1]",
    "[fe80::1]",
    "[fe80::5efe:8.8.8.8]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[100::1]",
    "[3fff::1]",
    "[::1%251]",
    "[127.0.0.1]",
    "[v1.1]",
]

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "private.example": ["10.1.2.3"],
    "mapped.example": ["::ffff:10.1.2.3"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "link.example": ["fe80::1"],
    "scoped.example": ["fe80::1%2"],
    "half.example": [PUBLIC, "192.168.1.1"],
    "last.example": [PUBLIC, ELSEWHERE, PUBLIC, ELSEWHERE, "2606:4700::1", "::1"],
    "nothing.example": [],
}


def test_the_list_is_long_enough() -> None:
    assert len(set(FORBIDDEN_HOSTS)) >= 60


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
def test_a_forbidden_host_is_never_connected_to(browser: Browser, host: str, scheme: str) -> None:
    # What a careless resolver would say.
    browser.internet.names[host] = [["127.0.0.1"]]
    assert browser.fault(f"{scheme}://{host}/").code in {11100, 11210}
    assert browser.fault(f"{scheme}://user:pass@{host}:8080/x#rc=5&rp=all").code in {11100, 11210}
    assert browser.internet.dialled == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_forbidden_address_is_never_connected_to(browser: Browser, name: str) -> None:
    browser.internet.names[name] = [NAMES[name]]
    assert browser.fault(f"http://{name}/#rc=0").code == 11210
    assert browser.internet.dialled == []


def test_a_name_is_connected_to_as_it_was_checked(browser: Browser) -> None:
    """DNS rebinding: public when checked, private a moment later."""
    customer = Customer()
    browser.internet.serve(PUBLIC, 80, customer.site(browser.internet))
    canary = Customer()
    browser.internet.serve("127.0.0.1", 80, canary.site(browser.internet))
    browser.internet.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    browser.answer("http://rebind.example/")
    assert browser.internet.asked == ["rebind.example"]
    assert browser.internet.dialled == [(PUBLIC, 80)]
    assert customer.seen[0].host == "rebind.example"

    browser.internet.advance(5)  # no connection is kept any more
    assert browser.fault("http://rebind.example/").code == 11210
    assert canary.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "//169.254.169.254/latest/meta-data/",
        "http://[::ffff:7f00:1]/",
        "http://2130706433/",
        "http://0177.1/",
        "https://10.0.0.1/",
        "http://app.example@127.0.0.1/",
    ],
)
def test_a_redirect_to_a_forbidden_host_ends_there(
    browser: Browser, status: int, location: str
) -> None:
    site = Customer(
        Reply(status, b"", {"Location": "/again"}), Reply(status, b"", {"Location": location})
    ).site(browser.internet)
    browser.internet.serve(PUBLIC, 80, site, "app.example")
    browser.internet.names["localhost"] = [["127.0.0.1"]]
    assert browser.fault("http://app.example/").code in {11100, 11210}
    assert browser.internet.dialled == [(PUBLIC, 80)]


def test_a_network_in_allow_may_be_reached() -> None:
    browser = Browser(allow=("127.0.0.0/8", "fd00::/8"))
    customer = Customer()
    browser.internet.serve("127.0.0.1", 9000, customer.site(browser.internet), "localhost")
    browser.answer("http://127.0.0.1:9000/")
    browser.answer("http://localhost:9000/")
    assert browser.fault("http://10.0.0.1/").code == 11210
    browser.client.close()


def test_allow_must_hold_networks() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1/8 has host bits set"):
        EgressPolicy(["127.0.0.1/8"])


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_the_public_internet_may_be_reached(address: str) -> None:
    assert EgressPolicy(is_own=lambda _: False).permits(address)


def test_an_address_of_this_machine_is_not_reached_though_it_is_public() -> None:
    policy = EgressPolicy(is_own=lambda address: str(address) == PUBLIC)
    assert not policy.permits(PUBLIC)
    assert not policy.permits(f"::ffff:{PUBLIC}")
    assert policy.permits(ELSEWHERE)


@pytest.mark.real
def test_the_kernel_knows_its_own_addresses() -> None:
    assert is_own_address(ip_address("127.0.0.1"))
    assert not is_own_address(ip_address("203.0.113.77"))
    if socket.has_ipv6:
        assert not is_own_address(ip_address("2001:db8::77"))


@given(st.text())
def test_what_is_no_address_is_not_permitted(text: str) -> None:
    policy = EgressPolicy(is_own=lambda _: False)
    assert not policy.permits(text + "x")


@given(st.ip_addresses(v=4))
def test_an_address_that_python_calls_private_is_never_permitted(address: object) -> None:
    policy = EgressPolicy(is_own=lambda _: False)
    text = str(address)
    number = int(ip_address(text))
    if not ip_address(text).is_global or ip_address(text).is_multicast:
        assert not policy.permits(text)
        assert not policy.permits(f"::ffff:{text}")
        assert not policy.permits(f"64:ff9b::{text}")
        assert not policy.permits(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1")


PRIVATE = "10.20.0.7"


def of_account(browser: Browser, sid: str, url: str) -> Answer | Fault:
    return browser.internet.finish(browser.client.fetch(Ask(url, account_sid=sid)))


@pytest.fixture
def rules(browser: Browser) -> Browser:
    """AC1 may reach a network of its own, AC2 one host alone, and AC3 all but one address."""
    policies = {
        "AC1": EgressPolicy(["10.20.0.0/24"], lambda _: False),
        "AC2": EgressPolicy([], lambda _: False, hosts=["app.example"]),
        "AC3": EgressPolicy([], lambda _: False, deny=[PUBLIC]),
    }
    terms = {sid: Terms(policy, Trust()) for sid, policy in policies.items()}
    browser.client = WebClient(
        browser.internet,
        browser.internet,
        lambda _: None,
        EgressPolicy([], lambda _: False),
        terms=terms.get,
    )
    for address, name in ((PRIVATE, "inside.example"), (PUBLIC, "app.example")):
        customer = Customer()
        customer.by_path["/in"] = Reply(302, b"", {"Location": "http://inside.example/"})
        browser.internet.serve(address, 80, customer.site(browser.internet), name)
    return browser


@pytest.mark.parametrize(
    ("sid", "url", "may"),
    [
        ("AC1", "http://inside.example/", True),
        ("AC1", f"http://{PRIVATE}/", True),
        ("AC1", "http://app.example/in", True),
        ("AC9", "http://inside.example/", False),
        ("AC9", "http://app.example/in", False),
        ("AC2", "http://app.example/", True),
        ("AC2", f"http://{PUBLIC}/", False),
        ("AC2", "http://app.example/in", False),
        ("AC3", "http://app.example/", False),
    ],
)
def test_an_account_has_rules_of_its_own(rules: Browser, sid: str, url: str, may: bool) -> None:
    outcome = of_account(rules, sid, url)
    assert isinstance(outcome, Answer) is may
    assert may or getattr(outcome, "code", None) == 11210


def test_a_connection_one_account_may_have_is_not_lent_to_another(rules: Browser) -> None:
    url = "http://inside.example/"
    assert isinstance(of_account(rules, "AC1", url), Answer)
    assert isinstance(of_account(rules, "AC9", url), Fault)
    assert isinstance(of_account(rules, "AC1", url), Answer)
    assert len(rules.internet.dialled) == 1

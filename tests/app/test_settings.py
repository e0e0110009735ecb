"""What an operator may write, and what is answered to everything else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.settings import Settings, SettingsError, read_settings, settings_from_text
from b2bua.routing.plan import Event, StatusPlan

EXAMPLE = Path(__file__).parents[2] / "settings.example.toml"

FULL = """
[sip]
listen = ["udp:127.0.0.1:5060", "tcp:[::1]:5061"]
t1 = 1
[media]
ports = "30000-30009"
allow = ["127.0.0.0/8"]
[[accounts]]
sid = "AC1"
auth_token = "first-token"
country = "US"
[[accounts]]
sid = "AC2"
auth_token = "second-token"
[[users]]
name = "bob"
password = "bobs-password"
[[trunks]]
name = "wide"
uri = "sip:192.0.2.1:5070"
password = "wide-password"
inbound_from = ["10.0.0.0/8", "::1"]
[[trunks]]
name = "narrow"
uri = "sip:192.0.2.2"
register = true
inbound_from = ["10.1.0.0/16"]
prefixes = ["+1", "+1555*"]
[[numbers]]
number = "+15550001111"
router = "rcml"
voice_url = "file:///srv/voice.xml"
voice_method = "get"
status_callback = "https://example.com/s#rc=2"
status_callback_event = "Initiated, completed"
account = "AC2"
[[numbers]]
number = "9*"
router = "static"
targets = ["sip:{user}@127.0.0.1:5062"]
[[numbers]]
number = "91*"
router = "static"
targets = ["sip:91@127.0.0.1"]
[plugins.blocklist]
blocked = ["+1555"]
"""


def full() -> Settings:
    return settings_from_text(FULL)


def complaints(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        settings_from_text(text, "s.toml")
    assert str(raised.value).splitlines() == list(raised.value.complaints)
    return list(raised.value.complaints)


def test_a_number_is_found_exactly_then_by_its_longest_prefix() -> None:
    settings = full()
    found = [settings.number_for(user) for user in ("+15550001111", "9", "9001", "9123", "8", "")]
    assert [plan and plan.number for plan in found] == [
        "+15550001111",
        "9*",
        "9*",
        "91*",
        None,
        None,
    ]


def test_a_star_takes_what_nothing_else_takes() -> None:
    settings = settings_from_text('[[numbers]]\nnumber = "*"\nrouter = "mine"\n')
    assert settings.number_for("anything") is settings.number_for("")
    assert settings.number_for("") is not None


def test_a_number_becomes_what_routers_see() -> None:
    settings = full()
    plan = settings.number_for("+15550001111")
    assert plan is not None
    assert plan.account_sid == "AC2"
    assert plan.voice_url == "file:///srv/voice.xml"
    assert plan.voice_method == "GET"
    assert plan.status == StatusPlan(
        "https://example.com/s#rc=2", "POST", frozenset({Event.INITIATED, Event.COMPLETED})
    )


def test_the_first_account_is_the_default() -> None:
    plan = full().number_for("9001")
    assert plan is not None
    assert (plan.account_sid, plan.status) == ("AC1", None)


@pytest.mark.parametrize("names", ['""', '" , "', "[]"])
def test_a_list_without_events_means_completed(names: str) -> None:
    settings = settings_from_text(
        f'[[numbers]]\nnumber="1"\nrouter="x"\nstatus_callback="http://h/"\n'
        f"status_callback_event={names}\n"
    )
    plan = settings.number_for("1")
    assert plan is not None
    assert plan.status is not None
    assert plan.status.events == {Event.COMPLETED}


@pytest.mark.parametrize(
    ("number", "trunk"), [("+15551", "narrow"), ("+12", "narrow"), ("+44", "wide"), ("", "wide")]
)
def test_a_trunk_is_chosen_by_the_longest_prefix(number: str, trunk: str) -> None:
    found = full().trunk_for(number)
    assert found is not None
    assert found.name == trunk


@pytest.mark.parametrize(
    ("source", "trunk"),
    [
        ("10.1.2.3", "narrow"),
        ("10.2.2.3", "wide"),
        ("::ffff:10.2.2.3", "wide"),
        ("::1", "wide"),
        ("11.0.0.1", None),
        ("fe80::1%eth0", None),
    ],
)
def test_a_source_belongs_to_the_narrowest_network_that_holds_it(
    source: str, trunk: str | None
) -> None:
    found = full().trunk_from(source)
    assert (found.name if found else None) == trunk


def test_no_secret_is_in_the_representation() -> None:
    shown = repr(full())
    for secret in ("first-token", "bobs-password", "wide-password"):
        assert secret not in shown


def test_an_integer_will_do_for_a_time() -> None:
    assert full().sip.t1 == 1.0


def test_a_plugins_table_stays_as_it_was_written() -> None:
    assert full().plugins == {"blocklist": {"blocked": ["+1555"]}}


CASES = [
    ("[sip]\nlistem = []", "s.toml:2: sip.listem: there is no such setting; did you mean `listen`"),
    ("x = 1\n[sip]", "s.toml:1: x: there is no such setting; did you mean `"),
    ("[limits]\ndial_noun = 3", "did you mean `dial_nouns`?"),
    ('[[trunks]]\nname="a"\nuri="sip:h"\nregistre=true', "did you mean `register`?"),
    ('[sip]\nlisten = ["udp:0.0.0.0:5060",\n"tcp:host:1"]', "s.toml:3: sip.listen[1]: 'host' is"),
    ('[sip]\nlisten = ["sctp:0.0.0.0:5061"]', "begin with udp:, tcp:, tls:, ws: or wss:"),
    ('[sip]\nlisten = ["udp:0.0.0.0:70000"]', "70000 is not a port"),
    ('[sip]\nlisten = ["udp:::1:5060"]', "for example 0.0.0.0:5060 or [::]:5060"),
    ('[sip]\nlisten = ["udp:[1.2.3.4]:5060"]', "brackets"),
    ("[sip]\nlisten = []", "s.toml:2: sip.listen: "),
    ('[sip]\nlisten = ["udp:[::]:1", "udp:[::]:1"]', "sip.listen[1]: udp:[::]:1 is here twice"),
    ('[sip]\nadvertise = "a:5060"', "s.toml:2: sip.advertise: "),
    ('[sip]\nt1 = "0.5"', "s.toml:2: sip.t1: should be a valid number"),
    ("[sip]\nt1 = nan", "s.toml:2: sip.t1: "),
    ('[media]\nports = "29999-20000"', "s.toml:2: media.ports: the ports should rise"),
    ('[media]\nports = "20001-20002"', "no even port"),
    ("[media]\nports = 3", "LOW-HIGH"),
    ('[media]\naddress = "::1"', "belongs in `address6`"),
    ('[media]\nallow = ["10.0.0.1/8"]', "s.toml:2: media.allow[0]: this is not a network"),
    ('[http]\nlisten = "localhost"', "s.toml:2: http.listen: this should be ADDRESS:PORT"),
    ('[store]\nurl = "mysql://x"', "s.toml:2: store.url: "),
    ("[limits]\ncalls = 0", "s.toml:2: limits.calls: "),
    ("[limits]\nretry_after_min = 11", "s.toml:2: limits.retry_after_min: this is more than"),
    ("[sip]\nsession_expires = 89", "s.toml:2: sip.session_expires: this is less than `min_se`"),
    ("[sip]\nmin_se = 89", "s.toml:2: sip.min_se"),
    ("[sip]\nredirects = 6", "s.toml:2: sip.redirects"),
    ('[sip]\npass_headers = ["Call-ID"]', "each leg's own"),
    ('[sip]\npass_headers = ["X Y"]', "the name of a header"),
    ('[[accounts]]\nsid = "AC1"', "s.toml:1: accounts[0].auth_token: this must be given"),
    ('[[users]]\nname="a"\npassword="x"\n[[users]]\nname="a"\npassword="y"', "s.toml:5: users[1]"),
    ('[[trunks]]\nname="a"\nuri="tel:1"', "s.toml:3: trunks[0].uri: this should be a SIP URI"),
    ('[[trunks]]\nname="a"\nuri="sip:x@h"', "s.toml:3: trunks[0].uri: a trunk's URI has no user"),
    ('[[trunks]]\nname="a"\nuri="sip:["', "s.toml:3: trunks[0].uri: "),
    ('[[numbers]]\nnumber="1**"\nrouter="x"', "s.toml:2: numbers[0].number: this should be"),
    ('[[numbers]]\nnumber="1"\nrouter="rcml"', "s.toml:1: numbers[0].voice_url: router rcml"),
    ('[[numbers]]\nnumber="1"\nrouter="static"', "s.toml:1: numbers[0].targets: router static"),
    ('[[numbers]]\nnumber="1"\nrouter="x"\naccount="AC9"', "s.toml:4: numbers[0].account: no acc"),
    ('[[numbers]]\nnumber="1"\nrouter="x"\nvoice_url="ftp://h/"', "http://, https:// or file:///"),
    ('[[numbers]]\nnumber="1"\nrouter="x"\nstatus_callback="file:///x"', "http:// or https://"),
    ('[[numbers]]\nnumber="1"\nrouter="x"\nvoice_method="PUT"', "s.toml:4: numbers[0].voice_meth"),
    ('[[numbers]]\nnumber="1"\nrouter="x"\nstatus_callback_event="rang"', "'rang' is not an event"),
    ("[sip\n", "s.toml:1: this is not TOML: "),
    ("a = 1\nb = ", "s.toml:2: this is not TOML: "),
    ("numbers = 3", "s.toml:1: numbers: should be a"),
    ("sip = []", "s.toml:1: sip: should be a"),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_a_complaint_names_file_line_and_key(text: str, expected: str) -> None:
    assert expected in "\n".join(complaints(text))


def test_every_complaint_is_told_in_the_order_of_the_file() -> None:
    told = complaints('[media]\nports = "1"\n[sip]\nt1 = -1\n[http]\nlisten = ""\n[nothing]\n')
    assert [re.findall(r"^s\.toml:(\d+)", line)[0] for line in told] == ["2", "4", "6", "7"]


@pytest.mark.parametrize("secret", ["password = 123456789", "username = 123456789"])
def test_a_complaint_never_quotes_what_may_be_secret(secret: str) -> None:
    told = complaints(f'[[trunks]]\nname = "a"\nuri = "sip:h"\n{secret}\n')
    assert "123456789" not in "\n".join(told)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: No such file or directory$"):
        read_settings(tmp_path / "none.toml")


def test_bytes_that_are_not_utf_8_are_placed(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(b'[sip]\nadvertise = "\xff"\n')
    with pytest.raises(SettingsError, match=r"s\.toml:2: this is not UTF-8"):
        read_settings(file)


def test_the_example_is_good() -> None:
    assert read_settings(EXAMPLE).number_for("100") is not None


def test_the_example_shows_every_setting_with_its_default() -> None:
    """Uncomment the settings that have a default, and nothing may change."""
    text = EXAMPLE.read_text()
    shown = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", _without_entries(text)))
    defaults = Settings()
    for name, section in shown.items():
        model = getattr(defaults, name)
        assert set(section) == set(type(model).model_fields), name
        read = type(model).model_validate(
            {key: tuple(v) if isinstance(v, list) else v for key, v in section.items()}
        )
        assert read == model, name


def _without_entries(text: str) -> str:
    """Return the part of the example after its lists of entries."""
    return text[text.index("[sip]") :].replace("# [plugins.NAME]", "#")


def test_every_limit_of_the_example_is_a_limit() -> None:
    shown = set(re.findall(r"(?m)^# (\w+) = ", EXAMPLE.read_text().partition("[limits]")[2]))
    assert shown == set(LimitsSettings.model_fields)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(
    text: str, place: tuple[str, int]
) -> None:
    settings = settings_from_text(f'[dns]\nservers = ["{text}"]')
    assert settings.dns.places == (place,)


@pytest.mark.parametrize("text", ["ns.example", "192.0.2.53:", "192.0.2:53", "[::1]:x", ""])
def test_a_name_server_has_no_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"dns\.servers\[0\]: "):
        settings_from_text(f'[dns]\nservers = ["{text}"]')

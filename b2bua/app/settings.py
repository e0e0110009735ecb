"""The settings of a site: one frozen value, read from `settings.toml` and checked as a whole.

Attributes are called what the file calls them (`settings.media.timeout`).  Every complaint names
the file, the line and the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from b2bua.app.account_settings import Account
from b2bua.app.addresses import (
    Network,
    Place,
    Ports,
    plain_form,
    read_address,
    read_listen,
    read_place,
    read_ports,
)
from b2bua.app.dns_settings import DnsSettings
from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.number_settings import NumberEntry
from b2bua.app.passing import OURS
from b2bua.app.prefixes import Prefixes
from b2bua.app.settings_file import (
    Complaint,
    Section,
    SettingsError,
    Source,
    read_file,
    read_model,
)
from b2bua.app.stir_settings import StirSettings
from b2bua.app.tls_settings import TlsSettings
from b2bua.app.trunk_settings import Networks, TrunkEntry
from b2bua.net.certificates import TlsFiles
from b2bua.routing.plan import NumberSettings
from b2bua.sip.dialog.session_timer import TimerPolicy
from b2bua.sip.grammar import is_token
from b2bua.sip.headers import canonical
from b2bua.sip.nexthop import SECURE

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]


def _listen(text: str) -> str:
    read_listen(text)
    return text


def _some(places: tuple[str, ...]) -> tuple[str, ...]:
    if not places:
        raise ValueError("there should be one place to listen on, at least")
    return places


def _place(text: str) -> str:
    read_place(text)
    return text


def _address4(text: str) -> str:
    if text and read_address(text).version != 4:
        raise ValueError("this should be an IPv4 address; an IPv6 one belongs in `address6`")
    return text


def _address6(text: str) -> str:
    text = text.strip("[]")
    if text and read_address(text).version != 6:
        raise ValueError("this should be an IPv6 address; an IPv4 one belongs in `address`")
    return text


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if ":" in bare:
        return str(read_address(bare))
    if not all(character.isalnum() or character in "-._" for character in bare):
        raise ValueError("this should be a host name or an address, without a port")
    return bare


def _passable(name: str) -> str:
    if name.upper() != "X-*" and not is_token(name):
        raise ValueError("this should be the name of a header, or X-*")
    if canonical(name).lower() in OURS:
        raise ValueError("this header is each leg's own and cannot cross")
    return name


Listen = Annotated[str, AfterValidator(_listen)]


class SipSettings(Section):
    """`[sip]`.  `t1` is RFC 3261's timer base in seconds; `advertise` is the host in Via.

    `session_expires` is how long a session of ours lasts that nobody refreshes, in seconds, 0: as
    long as it likes; `min_se` is the least that a peer may ask for (RFC 4028).  `pass_headers` are
    names of headers that cross from a caller's INVITE to those it rings, `X-*` for all of these.
    `redirects` is how many targets of a callee's 3xx are tried, 0: none.
    """

    listen: Annotated[tuple[Listen, ...], AfterValidator(_some)] = (
        "udp:0.0.0.0:5060",
        "tcp:0.0.0.0:5060",
    )
    advertise: Annotated[str, AfterValidator(_host)] = ""
    t1: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.5
    session_expires: Annotated[int, Field(ge=0, le=86_400)] = 0
    min_se: Annotated[int, Field(ge=90, le=86_400)] = 90
    pass_headers: tuple[Annotated[str, AfterValidator(_passable)], ...] = ()
    redirects: Annotated[int, Field(ge=0, le=5)] = 0

    @property
    def places(self) -> list[tuple[str, Place]]:
        """`listen`, read: transport and place of each."""
        return [read_listen(text) for text in self.listen]

    @cached_property
    def session_timer(self) -> TimerPolicy:
        """What sessions are made with."""
        return TimerPolicy(self.session_expires, self.min_se)

    @cached_property
    def passed_names(self) -> frozenset[str]:
        """`pass_headers` in lower case."""
        return frozenset(canonical(name).lower() for name in self.pass_headers)


class MediaSettings(Section):
    """`[media]`.  Timeouts in seconds; `ports` is an inclusive range of UDP ports.

    `coalesce_ms` is how long a packet may be kept, in milliseconds, so that the relay wakes up
    seldom under load; with 0 it wakes up at once.
    `recordings` is the folder of recordings; a relative path starts at the settings file's folder.
    """

    address: Annotated[str, AfterValidator(_address4)] = ""
    address6: Annotated[str, AfterValidator(_address6)] = ""
    ports: Annotated[Ports, BeforeValidator(read_ports)] = Ports(20_000, 29_999)
    allow: Networks = ()
    timeout: Seconds = 60.0
    timeout_early: Seconds = 30.0
    coalesce_ms: Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)] = 0.0
    recordings: Name = "var/recordings"


class HttpSettings(Section):
    """`[http]`: where the counters, metrics and the REST API are served.

    `control` is the socket in the file system where the operator's tools reach the daemon; a
    relative path starts at the settings file's folder.  `url` is how customers reach the REST API,
    when it is not `http://` and `listen`; `RecordingUrl` begins with it.
    """

    listen: Annotated[str, AfterValidator(_place)] = "127.0.0.1:8080"
    control: Name = "var/b2bua.sock"
    url: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""

    @property
    def place(self) -> Place:
        """`listen`, read."""
        return read_place(self.listen)


class ServiceSettings(Section):
    """`[service]`.  `drain`: seconds that live calls may go on after SIGTERM."""

    drain: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 30.0


class StoreSettings(Section):
    """`[store]`: an SQLAlchemy URL, sqlite or postgresql.

    A relative path starts at the settings file's folder.  `keep_days` is how long events,
    notifications and dead letters are kept.
    """

    url: Annotated[str, Field(pattern=r"^(sqlite|postgresql)(\+\w+)?://")] = (
        "sqlite:///var/b2bua.sqlite"
    )
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 30


class WebhookSettings(Section):
    """`[webhooks]`.  `allow`: networks that webhooks may reach although they are not public."""

    allow: Networks = ()


class User(Section):
    """`[[users]]`: a phone that registers."""

    name: Name
    password: Annotated[str, Field(min_length=1, repr=False)]


class Settings(Section):
    """Everything an operator may set.  Entries of a list keep the order of the file."""

    sip: SipSettings = SipSettings()
    dns: DnsSettings = DnsSettings()
    tls: TlsSettings = TlsSettings()
    media: MediaSettings = MediaSettings()
    http: HttpSettings = HttpSettings()
    service: ServiceSettings = ServiceSettings()
    limits: LimitsSettings = LimitsSettings()
    store: StoreSettings = StoreSettings()
    webhooks: WebhookSettings = WebhookSettings()
    stir: StirSettings = StirSettings()
    accounts: tuple[Account, ...] = ()
    users: tuple[User, ...] = ()
    trunks: tuple[TrunkEntry, ...] = ()
    numbers: tuple[NumberEntry, ...] = ()
    plugins: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)

    _source: Source = PrivateAttr(default=Source())
    _number_of: Prefixes[NumberSettings] = PrivateAttr()
    _trunk_of: Prefixes[TrunkEntry] = PrivateAttr()
    _trunk_named: dict[str, TrunkEntry] = PrivateAttr()
    _account_of: dict[str, Account] = PrivateAttr()
    _inbound: list[tuple[Network, TrunkEntry]] = PrivateAttr()
    _passwords: dict[str, str] = PrivateAttr()

    def model_post_init(self, _context: Any) -> None:
        """Prepare the lookups, which happen for every call."""
        self._trunk_named = {trunk.name: trunk for trunk in self.trunks}
        self._account_of = {account.sid: account for account in self.accounts}
        first = self.accounts[0].sid if self.accounts else ""
        self._number_of = Prefixes.of_patterns((n.number, n.plan(first)) for n in self.numbers)
        self._trunk_of = Prefixes()
        for trunk in self.trunks:
            for prefix in trunk.prefixes or ("",):
                self._trunk_of.add_prefix(prefix.removesuffix("*"), trunk)
        inbound = [(network, trunk) for trunk in self.trunks for network in trunk.inbound_from]
        self._inbound = sorted(inbound, key=lambda pair: -pair[0].prefixlen)
        self._passwords = {user.name: user.password for user in self.users}

    def number_for(self, user: str) -> NumberSettings | None:
        """Return the entry for a dialled user part: exact, then the longest prefix, then `*`."""
        return self._number_of.find(user)

    def trunk_for(self, number: str) -> TrunkEntry | None:
        """Return the trunk that carries `number`, by the longest matching prefix."""
        return self._trunk_of.find(number)

    def trunk_from(self, address: str) -> TrunkEntry | None:
        """Return the trunk that trusts the numeric source `address`, by the narrowest network."""
        source = plain_form(address)
        return next((trunk for network, trunk in self._inbound if source in network), None)

    def trunk(self, name: str) -> TrunkEntry | None:
        """Return the trunk of this name."""
        return self._trunk_named.get(name)

    @property
    def passwords(self) -> Mapping[str, str]:
        """The passwords of the users, by name."""
        return self._passwords

    def account(self, sid: str) -> Account | None:
        """Return the account of this SID."""
        return self._account_of.get(sid)

    @property
    def tls_files(self) -> TlsFiles:
        """The files of `[tls]`, with their paths."""
        secured = any(transport in SECURE for transport, _ in self.sip.places)
        return self.tls.files(Path(self.file).parent, is_served=secured)

    @property
    def control_socket(self) -> Path:
        """The path of the socket for the operator's tools."""
        return Path(self.file).absolute().parent / self.http.control

    @property
    def recordings(self) -> Path:
        """The folder of recordings."""
        return Path(self.file).absolute().parent / self.media.recordings

    @property
    def file(self) -> str:
        """The file these settings were read from."""
        return self._source.name

    def at(self, *path: str | int) -> str:
        """Return `FILE:LINE: key` of a setting, to begin a complaint about it."""
        return self._source.at(path)


def read_settings(path: Path) -> Settings:
    """Return the settings in the file at `path`.

    Raises:
        SettingsError: with every complaint, one line each.
    """
    return settings_from_text(read_file(path), str(path))


def settings_from_text(text: str, name: str = "settings") -> Settings:
    """Return the settings in a TOML `text`, which complaints call `name`.

    Raises:
        SettingsError: with every complaint, one line each.
    """
    settings, source = read_model(text, name, Settings, _cross_checks)
    settings._source = source
    return settings


# What each shipped router can't do without.
_NEEDED = {"rcml": "voice_url", "static": "targets"}


def _cross_checks(settings: Settings) -> Iterator[Complaint]:
    """Tell what no field can see alone.  Routers are known to `b2bua.app.plugins`."""
    yield from _twice("accounts", "sid", [account.sid for account in settings.accounts])
    yield from _twice("users", "name", [user.name for user in settings.users])
    yield from _twice("trunks", "name", [trunk.name for trunk in settings.trunks])
    yield from _twice("numbers", "number", [entry.number for entry in settings.numbers])
    yield from _twice("sip", "listen", settings.sip.listen)
    for index, account in enumerate(settings.accounts):
        own = account.webhooks
        if bool(own.certificate) != bool(own.private_key):
            given, other = ("certificate", "private_key")[:: 1 if own.certificate else -1]
            path = ("accounts", index, "webhooks", given)
            yield Complaint(path, f"this goes with a `{other}`, which is not given")
    for index, entry in enumerate(settings.numbers):
        if entry.account and settings.account(entry.account) is None:
            yield Complaint(("numbers", index, "account"), f"no account is called {entry.account}")
        needed = _NEEDED.get(entry.router)
        if needed and not getattr(entry, needed):
            yield Complaint(("numbers", index, needed), f"router {entry.router} needs this")
    if 0 < settings.sip.session_expires < settings.sip.min_se:
        yield Complaint(("sip", "session_expires"), "this is less than `min_se`")
    if settings.limits.retry_after_min > settings.limits.retry_after_max:
        yield Complaint(("limits", "retry_after_min"), "this is more than `retry_after_max`")


def _twice(section: str, field: str, values: Iterable[str]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            path = (section, field, index) if section == "sip" else (section, index, field)
            yield Complaint(path, f"{value} is here twice")
        seen.add(value)


__all__ = ["Account", "Settings", "SettingsError", "TrunkEntry", "read_settings"]

"""One daemon signs a call, another verifies it, with a certificate store on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import ssl

from tests.sipp.stage import Stage, scene
from tests.sipp.test_rest_api import Sdk
from tests.support.application import Application
from tests.support.authority import Authority, Pair, dns
from tests.support.web_server import Customer, Reply

CALLER, OTHER, CALLED = "+15550001111", "+15550009999", "+15550002222"


class Store:
    """Publishes a certificate by HTTPS, and is believed by who is told `environment`."""

    def __init__(self, reactor: Any, folder: Path, signer: Pair) -> None:
        authority = Authority("the web's")
        server = authority.issue(dns("localhost"))
        files = server.write(folder / "https", trusting=authority.pem)
        context = ssl.DefaultOpenSSLContextFactory(files.private_key, files.certificate)
        self.customer = Customer(Reply(body=signer.pem))
        self._port = reactor.listenSSL(
            0, self.customer.site(reactor), context, interface="127.0.0.1"
        )
        self.environment: Mapping[str, str] = {"SSL_CERT_FILE": files.ca_list}
        self.url = f"https://localhost:{self._port.getHost().port}/stir.pem"

    async def stop(self) -> None:
        """Close the port."""
        await self._port.stopListening()


def signing(port: int, url: str, owned: str) -> str:
    """Return the settings of a daemon that calls through another at `port`."""
    return f"""
[[trunks]]
name = "other"
uri = "sip:127.0.0.1:{port}"
[trunks.stir]
private_key = "stir.key"
certificate_url = "{url}"
[[numbers]]
number = "{owned}"
router = "static"
targets = ["sip:nobody@127.0.0.1:9"]
"""


def verifying(application: Application) -> str:
    """Return the settings of a daemon that tells an application who calls."""
    voice = application.serve("/voice", "<Response><Reject/></Response>")
    return f"""
[stir]
anchors = "anchors.pem"
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1:9"
inbound_from = ["127.0.0.0/8"]
[[numbers]]
number = "*"
router = "rcml"
voice_url = "{voice}"
"""


@pytest.mark.parametrize(
    ("caller", "believed", "verstat"),
    [
        (CALLER, True, "TN-Validation-Passed-A"),
        (OTHER, True, "TN-Validation-Passed-B"),
        (CALLER, False, "TN-Validation-Failed"),
    ],
)
@scene()
async def test_what_one_signs_another_verifies(
    stage: Stage, caller: str, believed: bool, verstat: str
) -> None:
    authority = Authority("STI-PA")
    signer = authority.issue(common_name="SHAKEN 1234")
    store = Store(stage.reactor, stage.folder, signer)
    application = stage.application()
    anchors = authority if believed else Authority("somebody else")
    (stage.folder / "anchors.pem").write_bytes(anchors.pem)
    other = await stage.daemon(verifying(application), environment=store.environment)
    (stage.folder / "daemon1").mkdir()
    (stage.folder / "daemon1" / "stir.key").write_bytes(signer.key_pem)
    ours = await stage.daemon(signing(other.sip_port, store.url, CALLER))

    await Sdk(ours)(
        lambda client: client.calls.create(
            to=CALLED, from_=caller, twiml="<Response><Hangup/></Response>"
        )
    )
    [asked] = await application.until_asked("/voice", 1)
    assert (asked["From"], asked["To"]) == (caller, CALLED)
    assert asked["StirVerstat"] == verstat
    assert asked["StirPassportToken"].count(".") == 2
    assert [seen.method for seen in store.customer.seen] == ["GET"]
    for daemon in (ours, other):
        await daemon.until_over()
        await daemon.stop()
    await store.stop()

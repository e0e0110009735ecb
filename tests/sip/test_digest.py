"""Digest authentication: the RFC's own figures, and client against server."""

from __future__ import annotations

import pytest

from b2bua.sip.digest import (
    Challenge,
    Nonces,
    Standing,
    Verdict,
    answer_challenge,
    challenge,
    proof,
    read_challenge,
    read_parameters,
    secret_hash,
    verify,
)
from b2bua.sip.digest import credentials as made_by_client
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.uri import read_uri

CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_figures_of_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    secret = secret_hash(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    message = ("GET", "/dir/index.html", b"")
    assert proof(algorithm, secret, NONCE, ("auth", "00000001", CNONCE), message) == response


def test_the_figure_of_rfc_2069_style_without_qop() -> None:
    """RFC 2069 section 2.4 as corrected by its erratum 749."""
    secret = secret_hash("MD5", "Mufasa", "testrealm@host.com", "CircleOfLife")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    message = ("GET", "/dir/index.html", b"")
    answer = proof("MD5", secret, nonce, ("", "", ""), message)
    assert answer == "1949323746fe6a43ef61f9606e7febea"


def request(value: str | None = None, method: str = "INVITE", body: bytes = b"v=0") -> Request:
    fields = [] if value is None else [("Authorization", value)]
    return Request(method, read_uri("sip:b@h"), Headers(fields), body)


def answer(*challenges: str, status: int = 401, nc: int = 1) -> tuple[str, str] | None:
    name = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}.get(status, "WWW-Authenticate")
    response = Response(status, "", Headers((name, value) for value in challenges))
    return answer_challenge(response, request(), "bob", "pass", "c0ffee", nc)


def parameters(*challenges: str) -> dict[str, str]:
    given = answer(*challenges)
    assert given is not None
    read = read_parameters(given[1])
    assert read is not None
    return read


@pytest.mark.parametrize(("status", "name"), [(401, "Authorization"), (407, "Proxy-Authorization")])
def test_a_challenge_is_answered_in_its_own_field(status: int, name: str) -> None:
    given = answer(challenge("r", "n"), status=status)
    assert given is not None
    assert given[0] == name


def test_an_answer_names_what_it_answers() -> None:
    given = parameters(
        'Digest realm="a \\"realm\\"", nonce="n,1", opaque="o", algorithm=md5, qop="auth-int,auth"'
    )
    assert given.pop("response")
    assert given == {
        "username": "bob",
        "realm": 'a "realm"',
        "nonce": "n,1",
        "uri": "sip:b@h",
        "algorithm": "MD5",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "c0ffee",
        "opaque": "o",
    }


def test_without_qop_there_is_no_nonce_count() -> None:
    given = parameters('Digest realm="r",nonce="n"')
    assert given.keys() == {"username", "realm", "nonce", "uri", "response", "algorithm"}


MD5 = 'Digest realm="r", nonce="md5", qop="auth"'
SHA256 = 'Digest realm="r", nonce="sha", algorithm=SHA-256, qop="auth"'
SHA512 = 'Digest realm="r", nonce="sha512", algorithm=SHA-512-256, qop="auth"'
UNKNOWN = 'Digest realm="r", nonce="x", algorithm=SHA3, qop="auth"'


@pytest.mark.parametrize(
    ("challenges", "nonce"),
    [
        ((MD5, SHA256), "sha"),
        ((SHA256, MD5), "sha"),
        ((SHA512, SHA256), "sha512"),
        ((SHA256, SHA512), "sha"),
        ((UNKNOWN, MD5), "md5"),
        (("Basic realm=x", MD5), "md5"),
    ],
)
def test_the_topmost_of_the_strongest_kind_is_answered(
    challenges: tuple[str, ...], nonce: str
) -> None:
    assert parameters(*challenges)["nonce"] == nonce


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", nonce="m"',
        'Digest realm="r" nonce="n"',
        'Digest realm="r, nonce="n"',
        'Digest realm="r", nonce="n", qop="future"',
        'Digest realm="r", nonce="n", ' + ", ".join(f"a{n}=1" for n in range(40)),
        UNKNOWN,
    ],
)
def test_a_challenge_we_cannot_answer_is_not_answered(value: str) -> None:
    assert read_challenge(value) is None
    assert answer(value) is None


def test_only_a_401_or_407_is_a_challenge() -> None:
    assert answer(MD5, status=403) is None


def test_a_stale_challenge_says_so() -> None:
    read = read_challenge(challenge("r", "n", stale=True))
    assert read is not None
    assert read.stale


def test_a_user_name_is_hashed_where_the_server_asks_for_it() -> None:
    given = parameters(SHA256 + ", userhash=true")
    assert given["userhash"] == "true"
    assert given["username"] != "bob"
    assert len(given["username"]) == 64


def test_auth_int_covers_the_body() -> None:
    response = Response(
        401, "", Headers([("WWW-Authenticate", SHA256.replace("auth", "auth-int"))])
    )
    answers = {
        answer_challenge(response, request(body=body), "bob", "pass", "c") for body in (b"1", b"2")
    }
    assert len(answers) == 2


def test_a_session_algorithm_binds_the_secret_to_the_nonces() -> None:
    plain = parameters(MD5)["response"]
    session = parameters(MD5 + ", algorithm=MD5-sess")
    assert (session["algorithm"], session["cnonce"]) == ("MD5-SESS", "c0ffee")
    assert session["response"] != plain


USERS = {"bob": "pass"}
NONCES = Nonces(b"a secret of this process")
SOURCE = "192.0.2.1"


def credentials(
    now: float = 1000.0,
    nc: int = 1,
    user: str = "bob",
    password: str = "pass",
    source: str = SOURCE,
    algorithm: str = "SHA-256",
) -> str:
    offered = challenge("r", NONCES.make(now, source), algorithm)
    response = Response(401, "", Headers([("WWW-Authenticate", offered)]))
    given = answer_challenge(response, request(), user, password, "cn", nc)
    assert given is not None
    return given[1]


def judged(value: str | None, now: float = 1000.0, used: dict[str, int] | None = None) -> Verdict:
    return verify(request(value), USERS, "r", NONCES, now, SOURCE, used or {})


def test_right_credentials_are_good_and_tell_their_count() -> None:
    verdict = judged(credentials(nc=3))
    assert (verdict.standing, verdict.username, verdict.nc) == (Standing.GOOD, "bob", 3)


@pytest.mark.parametrize(
    ("later", "standing"),
    [
        (29.0, Standing.GOOD),
        (30.0, Standing.STALE),
        (9999.0, Standing.STALE),
        (-9.0, Standing.STALE),
    ],
)
def test_a_nonce_lives_for_30_seconds(later: float, standing: Standing) -> None:
    assert judged(credentials(), 1000.0 + later).standing is standing


@pytest.mark.parametrize(
    ("nc", "standing"), [(4, Standing.STALE), (5, Standing.STALE), (6, Standing.GOOD)]
)
def test_a_nonce_count_must_rise(nc: int, standing: Standing) -> None:
    nonce = NONCES.make(1000.0, SOURCE)
    assert judged(credentials(nc=nc), used={nonce: 5}).standing is standing


@pytest.mark.parametrize(
    "value",
    [
        credentials(password="other"),
        credentials(user="eve"),
        credentials(user="eve", password=""),
        credentials(algorithm="MD5"),
        credentials().replace('uri="sip:b@h"', 'uri="sip:c@h"'),
        credentials().replace("qop=auth", "qop=auth-int"),
        credentials().replace("nc=00000001", "nc=1"),
        credentials().replace("nc=00000001, ", ""),
        'Digest realm="r"',
        'Digest realm="r", algorithm=SHA-256, nonce="ü", response="ü", nc=ü, qop=auth',
    ],
)
def test_other_credentials_are_wrong(value: str) -> None:
    assert judged(value).standing is Standing.WRONG


@pytest.mark.parametrize(
    "value", [None, "Basic xyz", 'Digest realm="other", nonce="n"', "Digest ,"]
)
def test_credentials_of_another_realm_or_scheme_are_absent(value: str | None) -> None:
    assert judged(value).standing is Standing.ABSENT


def test_credentials_do_not_serve_for_another_method() -> None:
    other = request(credentials(), method="BYE")
    verdict = verify(other, USERS, "r", NONCES, 1000.0, SOURCE, {})
    assert verdict.standing is Standing.WRONG


@pytest.mark.parametrize(("qop", "count"), [("", ""), ("auth-int", "1"), ("auth", "1")])
def test_a_right_proof_without_a_count_that_rises_is_wrong(qop: str, count: str) -> None:
    nonce = NONCES.make(1000.0, SOURCE)
    secret = secret_hash("SHA-256", "bob", "r", "pass")
    right = proof("SHA-256", secret, nonce, (qop, count, "c"), ("INVITE", "sip:b@h", b"v=0"))
    value = (
        f'Digest username="bob", realm="r", nonce="{nonce}", uri="sip:b@h", cnonce="c", '
        f'response="{right}", algorithm=SHA-256, qop={qop or "auth"}, nc={count or "00000001"}'
    )
    assert judged(value).standing is Standing.WRONG


@pytest.mark.parametrize(("body", "standing"), [(b"v=0", Standing.GOOD), (b"v=1", Standing.WRONG)])
def test_auth_int_protects_the_body(body: bytes, standing: Standing) -> None:
    nonce = NONCES.make(1000.0, SOURCE)
    asked = Challenge("r", nonce, "SHA-256", "auth-int")
    value = made_by_client(asked, request(), "bob", "pass", "c")
    verdict = verify(request(value, body=body), USERS, "r", NONCES, 1000.0, SOURCE, {})
    assert verdict.standing is standing


def test_md5_serves_where_the_policy_allows_it() -> None:
    asked = request(credentials(algorithm="MD5"))
    algorithms = ("SHA-256", "MD5")
    verdict = verify(asked, USERS, "r", NONCES, 1000.0, SOURCE, {}, algorithms=algorithms)
    assert verdict.standing is Standing.GOOD


def test_a_right_proof_with_a_nonce_of_another_process_is_asked_for_anew() -> None:
    """A phone that was registered before a restart has not guessed."""
    verdict = verify(request(credentials()), USERS, "r", Nonces(b"x"), 1000.0, SOURCE, {})
    assert verdict.standing is Standing.STALE


def test_a_right_proof_with_a_nonce_of_another_source_is_asked_for_anew() -> None:
    assert judged(credentials(source="192.0.2.2")).standing is Standing.STALE


def test_nonces_of_one_second_are_told_apart_by_their_salt() -> None:
    first, second = (NONCES.make(1000.0, SOURCE, salt) for salt in ("0000000a", "0000000b"))
    assert first != second
    assert NONCES.is_ours(second, SOURCE)
    assert not NONCES.is_ours(first[:20] + second[20:], SOURCE)

from __future__ import annotations

from typing import Any

import pytest

from phonegame.access import Access, Refusal, require_locks
from phonegame.loopback import is_loopback
from phonegame.settings import Settings, SettingsError
from phonegame.twilio.signature import sign
from phonegame.visit import Visit, hide_key
from tests.http_client import basic, bearer

TOKEN = "planted0token"
GAME_KEY, OTHER_GAME_KEY, OPERATOR_KEY = "planted0game0key", "planted0other0key", "planted0operator0key"
LOCKS: dict[str, Any] = {
    "TWILIO_AUTH_TOKEN": TOKEN,
    "game_keys": f"{GAME_KEY},{OTHER_GAME_KEY}",
    "operator_key": OPERATOR_KEY,
}


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, DEEPGRAM_API_KEY="key", **values)


def visit(
    *headers: tuple[str, str],
    host: str = "127.0.0.1:5000",
    path: str = "/",
    query: str = "",
    method: str = "GET",
    client: str = "127.0.0.1",
    server: str = "127.0.0.1",
    scheme: str = "http",
) -> Visit:
    fields = [("host", host), *((name.lower(), value) for name, value in headers)]
    return Visit(
        {
            "type": "http",
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields],
            "client": (client, 40000),
            "server": (server, 5000),
        }
    )


def status(refusal: Refusal | None) -> int | None:
    return refusal.status if refusal else None


class TestStart:
    def test_without_locks_the_outside_is_not_let_in(self) -> None:
        with pytest.raises(SettingsError) as caught:
            require_locks(settings(PROXY_URL="0.0.0.0:5000"))
        faults = caught.value.faults
        assert [fault.partition(":")[0] for fault in faults] == [
            "TWILIO_AUTH_TOKEN",
            "PHONEGAME_GAME_KEYS",
            "PHONEGAME_OPERATOR_KEY",
        ]
        assert all("PROXY_URL is 0.0.0.0:5000" in fault for fault in faults)
        assert "--insecure" in faults[-1]

    @pytest.mark.parametrize("missing", LOCKS)
    def test_each_lock_is_needed(self, missing: str) -> None:
        locks = {name: value for name, value in LOCKS.items() if name != missing}
        with pytest.raises(SettingsError) as caught:
            require_locks(settings(public_url="https://phone.example", **locks))
        (fault,) = caught.value.faults
        assert "PHONEGAME_PUBLIC_URL is https://phone.example" in fault
        assert "planted" not in fault

    @pytest.mark.parametrize(
        "values",
        [{}, {"PROXY_URL": "0.0.0.0:5000", **LOCKS}, {"PROXY_URL": "0.0.0.0:5000", "insecure": True}],
        ids=["at home", "locked", "insecure"],
    )
    def test_otherwise_it_starts(self, values: dict[str, Any]) -> None:
        require_locks(settings(**values))


class TestOutsiders:
    @pytest.mark.parametrize(
        "outsider",
        [
            visit(client="203.0.113.5", server="192.0.2.1"),
            visit(server="192.0.2.1"),
            visit(host="phone.example"),
            visit(host="rebound.example:5000"),
            visit(host="127.0.0.1.evil.example"),
            visit(("X-Forwarded-For", "203.0.113.5")),
            visit(("X-Forwarded-For", "127.0.0.1, 203.0.113.5")),
            visit(("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.5")),
            visit(("X-Forwarded-Host", "phone.example")),
            visit(("X-Forwarded-Host", "localhost, phone.example")),
            visit(("X-Forwarded-Host", "localhost"), ("X-Forwarded-Host", "phone.example")),
            visit(("Forwarded", "for=203.0.113.5")),
            visit(("Via", "1.1 proxy.example")),
            visit(("X-Real-IP", "203.0.113.5")),
            visit(("X-Forwarded-For", "")),
        ],
        ids=[
            "direct",
            "own network",
            "tunnel",
            "rebinding",
            "prefix",
            "proxy",
            "two proxies",
            "a second line behind a made-up one",
            "host",
            "second host",
            "second line of hosts",
            "forwarded",
            "via",
            "real address",
            "nobody",
        ],
    )
    def test_are_refused_while_a_lock_is_missing_and_told_which(self, outsider: Visit) -> None:
        refusal = Access(settings(TWILIO_AUTH_TOKEN=TOKEN)).refuse_outsider(outsider)
        assert refusal is not None
        assert refusal.status == 403
        assert "PHONEGAME_GAME_KEYS, PHONEGAME_OPERATOR_KEY" in refusal.text
        assert Access(settings(**LOCKS)).refuse_outsider(outsider) is None
        assert Access(settings(insecure=True)).refuse_outsider(outsider) is None

    @pytest.mark.parametrize(
        "neighbour",
        [
            visit(),
            visit(host="localhost:5000"),
            visit(host="[::1]:5000", client="::1", server="::1"),
            visit(client="::ffff:127.0.0.1", server="::ffff:127.0.0.1"),
            visit(("X-Forwarded-For", "::1"), ("X-Forwarded-Host", "localhost:8000")),
            visit(host=""),
        ],
        ids=["address", "name", "IPv6", "mapped", "own proxy", "no host"],
    )
    def test_do_not_include_programs_of_this_machine(self, neighbour: Visit) -> None:
        assert Access(settings()).refuse_outsider(neighbour) is None


class TestGames:
    @pytest.mark.parametrize("key", [GAME_KEY, OTHER_GAME_KEY])
    def test_any_of_the_keys_lets_in(self, key: str) -> None:
        access = Access(settings(**LOCKS))
        assert access.refuse_game(visit(bearer(key))) is None
        assert access.refuse_game(visit(("authorization", f"bearer  {key} "))) is None
        assert access.refuse_game(visit(query=f"a=b&key={key}")) is None

    @pytest.mark.parametrize(
        "stranger",
        [
            visit(),
            visit(bearer("")),
            visit(bearer(f"{GAME_KEY},{OTHER_GAME_KEY}")),
            visit(bearer(GAME_KEY.upper())),
            visit(bearer(OPERATOR_KEY)),
            visit(("Authorization", GAME_KEY)),
            visit(bearer("schlüssel")),
            visit(query="key="),
            visit(query=f"xkey={GAME_KEY}"),
            visit(query="&".join(["a=b"] * 2000)),
        ],
    )
    def test_no_other_key_does(self, stranger: Visit) -> None:
        refusal = Access(settings(**LOCKS)).refuse_game(stranger)
        assert refusal is not None
        assert refusal.status == 401
        assert "Authorization: Bearer KEY" in refusal.text
        assert "/game?key=KEY" in refusal.text

    def test_none_is_needed_where_none_is_set(self) -> None:
        assert Access(settings()).refuse_game(visit()) is None

    def test_are_known_again_by_their_key_and_their_address(self) -> None:
        access = Access(settings(**LOCKS))
        names = [
            access.game_known_as(visit(bearer(key)), address)
            for key in (GAME_KEY, OTHER_GAME_KEY)
            for address in ("192.0.2.7", "192.0.2.8")
        ]
        assert len(set(names)) == 4
        assert access.game_known_as(visit(query=f"key={GAME_KEY}"), "192.0.2.7") == names[0]
        assert not any("planted" in name for name in names)

    def test_without_keys_by_their_address(self) -> None:
        access = Access(settings())
        assert access.game_known_as(visit(bearer("a")), "192.0.2.7") == access.game_known_as(visit(), "192.0.2.7")

    @pytest.mark.parametrize(
        ("origin", "values", "let_in"),
        [
            ("http://127.0.0.1:8000", {}, True),
            ("http://localhost:8000", {}, True),
            ("https://evil.example", {}, False),
            ("null", {}, False),
            ("http://127.0.0.1.evil.example", {}, False),
            ("nonsense", {}, False),
            ("http://[::1", {}, False),
            ("https://phone.example", {"public_url": "https://phone.example/calls"}, True),
            ("https://PHONE.example:8443", {"public_url": "https://phone.example"}, True),
            ("https://games.example", {"game_origins": "https://games.example"}, True),
            ("https://Games.example", {"game_origins": "https://games.example"}, True),
            ("http://games.example", {"game_origins": "https://games.example"}, False),
            ("https://evil.example", {"game_origins": "*"}, True),
            ("null", {"game_origins": "null"}, True),
        ],
    )
    def test_web_pages_connect_from_this_host_or_an_allowed_one(
        self, origin: str, values: dict[str, str], let_in: bool
    ) -> None:
        assert status(Access(settings(**values)).refuse_game(visit(("Origin", origin)))) == (None if let_in else 403)

    def test_a_page_of_the_visitor_s_own_machine_is_no_page_of_a_public_server(self) -> None:
        outside = visit(("Origin", "http://localhost:8000"), bearer(GAME_KEY), host="phone.example")
        assert status(Access(settings(**LOCKS)).refuse_game(outside)) == 403


class TestOperator:
    @pytest.mark.parametrize("header", [bearer(OPERATOR_KEY), basic("me", OPERATOR_KEY), basic("", OPERATOR_KEY)])
    def test_comes_in_with_the_key(self, header: tuple[str, str]) -> None:
        assert Access(settings(**LOCKS)).refuse_visitor(visit(header)) is None

    @pytest.mark.parametrize(
        "stranger",
        [
            visit(),
            visit(bearer("")),
            visit(bearer(GAME_KEY)),
            visit(basic(OPERATOR_KEY, "")),
            visit(basic("me", OPERATOR_KEY + "x")),
            visit(("Authorization", "Basic !!!")),
            visit(("Authorization", "Basic /w==")),
            visit(query=f"key={OPERATOR_KEY}"),
        ],
    )
    def test_is_asked_for_the_key(self, stranger: Visit) -> None:
        refusal = Access(settings(**LOCKS)).refuse_visitor(stranger)
        assert refusal is not None
        assert refusal.status == 401
        assert [value.split()[0] for name, value in refusal.headers if name == "WWW-Authenticate"] == [
            "Basic",
            "Bearer",
        ]

    @pytest.mark.parametrize("values", [{}, LOCKS], ids=["no key", "key"])
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            (("Origin", "https://evil.example"), 403),
            (("Origin", "null"), 403),
            (("Origin", ""), 403),
            (("Origin", "http://127.0.0.1:5000"), None),
            (("Origin", "http://127.0.0.1:8000"), 403),
            (("Origin", "http://127.0.0.1"), 403),
            (("Origin", "http://localhost:5000"), 403),
            (("Sec-Fetch-Site", "cross-site"), 403),
            (("Sec-Fetch-Site", "same-site"), 403),
            (("Sec-Fetch-Site", "same-origin"), None),
            (("Sec-Fetch-Site", "none"), None),
        ],
    )
    def test_does_not_place_calls_by_the_form_of_another_page(
        self, values: dict[str, str], header: tuple[str, str], expected: int | None
    ) -> None:
        """Not even of another server on the same host: a browser sends the password along for its pages too."""
        form = visit(header, basic("me", OPERATOR_KEY), method="POST")
        assert status(Access(settings(**values)).refuse_visitor(form)) == expected

    @pytest.mark.parametrize(
        ("origin", "host", "expected"),
        [
            ("https://phone.example", "phone.example", None),
            ("https://PHONE.example", "phone.example:443", None),
            ("https://phone.example:8443", "phone.example:8443", None),
            ("https://phone.example", "127.0.0.1:5000", None),
            ("https://phone.example:8443", "phone.example", 403),
            ("http://phone.example:8000", "phone.example", 403),
            ("https://phone.example:x", "phone.example", 403),
        ],
        ids=["name", "port", "other port", "hidden by a proxy", "neighbour", "plain neighbour", "nonsense"],
    )
    def test_its_own_page_is_known_by_host_and_port(self, origin: str, host: str, expected: int | None) -> None:
        access = Access(settings(public_url="https://phone.example", **LOCKS))
        form = visit(("Origin", origin), basic("me", OPERATOR_KEY), host=host, method="POST")
        assert status(access.refuse_visitor(form)) == expected


class TestTwilio:
    FORM = (("CallSid", "CA1"), ("Digits", ""))

    def test_is_known_by_its_signature_at_the_public_address(self) -> None:
        access = Access(settings(public_url="https://phone.example/calls", **LOCKS))
        signature = sign("https://phone.example/calls/twiml?dial=1", self.FORM, TOKEN)
        genuine = visit(("X-Twilio-Signature", signature), path="/twiml", query="dial=1")
        assert access.refuse_stranger(genuine, self.FORM) is None
        assert status(access.refuse_stranger(genuine, [("CallSid", "CA2")])) == 403

    def test_the_address_that_a_proxy_uses_does_not_matter(self) -> None:
        access = Access(settings(public_url="https://phone.example", **LOCKS))
        local = visit(("X-Twilio-Signature", sign("http://10.0.0.7:5000/twiml", (), TOKEN)), host="10.0.0.7:5000")
        assert status(access.refuse_stranger(local)) == 403

    @pytest.mark.parametrize("scheme", ["https", "wss"])
    def test_without_a_public_address_it_is_the_one_that_was_called(self, scheme: str) -> None:
        websocket = scheme == "wss"
        signature = sign(f"{scheme}://phone.example/twilio", (), TOKEN)
        call = visit(("X-Twilio-Signature", signature), host="phone.example", path="/twilio", scheme=scheme)
        access = Access(settings(**LOCKS))
        assert access.refuse_stranger(call, websocket=websocket) is None
        assert status(access.refuse_stranger(visit(path="/twilio"), websocket=websocket)) == 403

    def test_is_believed_where_there_is_no_token(self) -> None:
        assert Access(settings()).refuse_stranger(visit()) is None

    @pytest.mark.parametrize("websocket", [True, False])
    def test_but_no_web_page_that_a_browser_on_this_machine_shows(self, websocket: bool) -> None:
        """It could open a media stream to a server that somebody tries out, and spend what Deepgram costs."""
        access = Access(settings())
        for origin, expected in {"https://evil.example": 403, "null": 403, "http://localhost:8000": None}.items():
            page = visit(("Origin", origin), method="GET" if websocket else "POST")
            assert status(access.refuse_stranger(page, websocket=websocket)) == expected


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", '"><x', "a:b", "[::1]x"])
def test_a_host_that_is_none_is_not_repeated(host: str) -> None:
    assert visit(host=host).host == ""


@pytest.mark.parametrize(
    ("query", "hidden"),
    [
        ("key=secret", "key=hidden"),
        ("a=b&key=secret&c=d", "a=b&key=hidden&c=d"),
        ("KEY=secret", "key=hidden"),
        ("key=one&key=two", "key=hidden&key=hidden"),
        ("monkey=banana", "monkey=banana"),
        ("a=b&k%65y=secret", "key=hidden"),
        ("", ""),
    ],
)
def test_a_key_is_taken_out_of_the_query_that_a_server_would_log(query: str, hidden: str) -> None:
    scope = {"query_string": query.encode()}
    hide_key(scope)
    assert scope["query_string"].decode() == hidden


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("game.localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nobody binds to it here
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
        (None, False),
    ],
)
def test_is_loopback(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.limits import Admission, ConnectionLimits

ELSEWHERE = "192.0.2.7"
PROXY = "198.51.100.1"


class TestOpenSockets:
    def test_one_address_may_have_so_many(self) -> None:
        limits = ConnectionLimits(3, 1000)
        with ExitStack() as stack:
            outcomes = [stack.enter_context(limits.socket(ELSEWHERE, 0)) for _ in range(5)]
        assert [bool(outcome) for outcome in outcomes] == [True, True, True, False, False]
        assert outcomes[3].admission is Admission.TOO_MANY_SOCKETS

    def test_those_that_have_closed_no_longer_count(self) -> None:
        limits = ConnectionLimits(1, 1000)
        for _ in range(5):
            with limits.socket(ELSEWHERE, 0) as admitted:
                assert admitted

    def test_refused_ones_never_did(self) -> None:
        limits = ConnectionLimits(1, 1000)
        with limits.socket(ELSEWHERE, 0):
            for _ in range(5):
                with limits.socket(ELSEWHERE, 0) as admitted:
                    assert not admitted
        with limits.socket(ELSEWHERE, 0) as admitted:
            assert admitted

    def test_one_that_ends_with_an_error_has_closed_too(self) -> None:
        limits = ConnectionLimits(1, 1000)
        with pytest.raises(RuntimeError), limits.socket(ELSEWHERE, 0):
            raise RuntimeError
        with limits.socket(ELSEWHERE, 0) as admitted:
            assert admitted

    def test_another_address_has_its_own(self) -> None:
        limits = ConnectionLimits(1, 1000)
        with limits.socket(ELSEWHERE, 0), limits.socket("192.0.2.8", 0) as admitted:
            assert admitted

    def test_this_machine_has_no_limit(self) -> None:
        limits = ConnectionLimits(1, 1)
        address = limits.address_of("127.0.0.1")
        with ExitStack() as stack:
            assert all(stack.enter_context(limits.socket(address, 0)) for _ in range(50))

    def test_but_where_it_is_asked_for(self) -> None:
        limits = ConnectionLimits(1, 1000, loopback_exempt=False)
        address = limits.address_of("::1")
        with limits.socket(address, 0), limits.socket(address, 0) as admitted:
            assert not admitted

    def test_each_door_has_its_own(self) -> None:
        limits = ConnectionLimits(1, 1)
        with limits.socket(ELSEWHERE, 0, "/game"), limits.socket(ELSEWHERE, 0, "/twilio") as admitted:
            assert admitted
            with limits.socket(ELSEWHERE, 0, "/game") as another:
                assert not another

    def test_one_that_is_given_back_counts_no_more_though_it_stays_open(self) -> None:
        limits = ConnectionLimits(1, 1)
        with ExitStack() as stack:
            for _ in range(5):
                place = stack.enter_context(limits.socket(ELSEWHERE, 0))
                assert place
                place.give_back(0)
                place.give_back(0)
            assert stack.enter_context(limits.socket(ELSEWHERE, 0))
            assert not stack.enter_context(limits.socket(ELSEWHERE, 0))

    def test_one_that_was_refused_gives_nothing_back(self) -> None:
        limits = ConnectionLimits(1, 1)
        with limits.socket(ELSEWHERE, 0):
            for _ in range(2):
                with limits.socket(ELSEWHERE, 0) as refused:
                    assert not refused
                    refused.give_back(0)


class TestAttempts:
    def attempt(self, limits: ConnectionLimits, now: float) -> Admission:
        with limits.socket(ELSEWHERE, now) as place:
            return place.admission

    def test_one_address_has_so_many_a_minute(self) -> None:
        limits = ConnectionLimits(100, 3)
        outcomes = [self.attempt(limits, 0) for _ in range(5)]
        assert [bool(outcome) for outcome in outcomes] == [True, True, True, False, False]
        assert outcomes[3] is Admission.TOO_MANY_ATTEMPTS
        assert not self.attempt(limits, 19)
        assert self.attempt(limits, 20.1)

    def test_those_refused_for_too_many_sockets_count(self) -> None:
        limits = ConnectionLimits(1, 3)
        with limits.socket(ELSEWHERE, 0):
            outcomes = [self.attempt(limits, 0) for _ in range(3)]
        assert outcomes == [Admission.TOO_MANY_SOCKETS, Admission.TOO_MANY_SOCKETS, Admission.TOO_MANY_ATTEMPTS]

    def test_a_refusal_is_worth_a_line_a_minute(self) -> None:
        limits = ConnectionLimits()
        assert [limits.worth_a_line(ELSEWHERE, "why", now) for now in (0, 0, 59, 61)] == [True, False, False, True]


class TestAddress:
    @pytest.mark.parametrize(
        ("client", "counted"),
        [
            (ELSEWHERE, ELSEWHERE),
            ("::ffff:192.0.2.7", ELSEWHERE),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("127.0.0.1", ""),
            ("127.8.8.8", ""),
            ("::1", ""),
            ("::ffff:127.0.0.1", ""),
            (None, ""),
        ],
    )
    def test_is_counted_as(self, client: str | None, counted: str) -> None:
        assert ConnectionLimits().address_of(client) == counted

    @pytest.mark.parametrize(
        ("forwarded_for", "counted"),
        [
            ([], PROXY),
            (["192.0.2.7"], ELSEWHERE),
            (["made up, 192.0.2.7"], ELSEWHERE),
            (["127.0.0.1, 192.0.2.7"], ELSEWHERE),
            (["10.0.0.1", "192.0.2.7"], ELSEWHERE),
            (["192.0.2.7, 10.1.2.3"], ELSEWHERE),
            (["192.0.2.7:4711"], ELSEWHERE),
            (['"[2001:db8::1]:4711"'], "2001:db8::/64"),
            (["192.0.2.7, garbage"], PROXY),
            ([""], PROXY),
            (["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        ],
    )
    def test_behind_a_trusted_proxy_is_the_nearest_that_is_no_proxy(
        self, forwarded_for: list[str], counted: str
    ) -> None:
        limits = ConnectionLimits(trusted_proxies=[PROXY, "10.0.0.0/8"])
        assert limits.address_of(PROXY, forwarded_for) == counted

    def test_is_not_what_anybody_else_says_it_is(self) -> None:
        assert ConnectionLimits(trusted_proxies=[PROXY]).address_of("198.51.100.2", ["192.0.2.7"]) == "198.51.100.2"

    def test_behind_a_tunnel_of_this_machine_is_the_visitor_s_where_the_tunnel_is_trusted(self) -> None:
        for tunnel in ("127.0.0.1", None):
            assert ConnectionLimits(trusted_proxies=["127.0.0.1"]).address_of(tunnel, [ELSEWHERE]) == ELSEWHERE
        assert ConnectionLimits().address_of("127.0.0.1", [ELSEWHERE]) == ""

    @given(st.one_of(st.none(), st.text()), st.lists(st.text()))
    def test_is_found_whatever_comes(self, client: str | None, forwarded_for: list[str]) -> None:
        limits = ConnectionLimits(trusted_proxies=["0.0.0.0/0", "::/0"])
        limits.address_of(client, forwarded_for)
        limits.address_of("127.0.0.1", forwarded_for)

    def test_a_proxy_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match="nonsense"):
            ConnectionLimits(trusted_proxies=["nonsense"])

"""Which server is asked: a URL's hosts one by one, in both ways that libpq has to name them."""

import pytest

from undersigned.database.hosts import servers

HEAD = "postgresql://undersigned:a%2Fb"


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        (f"{HEAD}@one/db", [f"{HEAD}@one/db"]),
        (f"{HEAD}@one/db?host=%2Ftmp%2Fa+b", [f"{HEAD}@one/db?host=%2Ftmp%2Fa+b"]),
        ("postgresql:///db", ["postgresql:///db"]),
        (
            f"{HEAD}@one:5432,[2001:db8::1]:5433/db?sslmode=require",
            [
                f"{HEAD}@one:5432/db?sslmode=require&target_session_attrs=primary",
                f"{HEAD}@[2001:db8::1]:5433/db?sslmode=require&target_session_attrs=primary",
            ],
        ),
        (
            "postgresql://u@one,two/db?target_session_attrs=any",
            ["postgresql://u@one/db?target_session_attrs=any", "postgresql://u@two/db?target_session_attrs=any"],
        ),
        (
            "postgresql://u@/db?host=%2Ftmp%2Fa,%2Ftmp%2Fb&port=5432",
            [
                "postgresql://u@/db?host=%2Ftmp%2Fa&port=5432&target_session_attrs=primary",
                "postgresql://u@/db?host=%2Ftmp%2Fb&port=5432&target_session_attrs=primary",
            ],
        ),
        (
            "postgresql://u@/db?host=a,b&port=1,2&target_session_attrs=any",
            [
                "postgresql://u@/db?host=a&port=1&target_session_attrs=any",
                "postgresql://u@/db?host=b&port=2&target_session_attrs=any",
            ],
        ),
    ],
)
def test_each_host_has_a_url_of_its_own(url: str, urls: list[str]) -> None:
    assert servers(url).urls == urls
    assert servers(url).options == {}


def test_what_is_for_asyncpg_is_taken_out_of_the_url() -> None:
    asked = servers("postgresql://u@one/db?statement_cache_size=0&sslmode=require")
    assert asked.urls == ["postgresql://u@one/db?sslmode=require"]
    assert asked.options == {"statement_cache_size": 0}


@pytest.mark.parametrize(
    "url", ["postgresql://u@/db?host=a,b&port=1,2,3", "postgresql://u@a/db?statement_cache_size=x"]
)
def test_what_can_not_be_read_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        servers(url)

"""The client as a program uses it: the official SDK's names and variables, errors beside it, and types."""

from base64 import b64encode
from collections.abc import Mapping
from typing import TypedDict, Unpack, assert_type

import pytest

from syncjob import errors, scenario
from syncjob.credentials import JWT, KEY, SECRET
from syncjob.scenario import Scenario, types
from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (KEY, SECRET, JWT, "SCENARIO_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def basic_of(pair: str) -> str:
    return f"Basic {b64encode(pair.encode()).decode()}"


class Given(TypedDict, total=False):
    api_key: str
    api_secret: str
    bearer_auth: str
    base_url: str


def sent(remote: Loopback, **arguments: Unpack[Given]) -> str:
    """The credentials of a request of a client that was made with these arguments."""
    remote.add("one", texts={"one": "text"})
    with Scenario(requests_per_minute=0, attempts=1, **arguments) as client:
        assert client.models.description.retrieve("one").value == "text"
    return remote.headers[-1]["authorization"]


def test_what_is_given_is_what_is_sent(remote: Loopback, environment: pytest.MonkeyPatch) -> None:
    assert sent(remote, api_key="a", api_secret="b", base_url=remote.url) == basic_of("a:b")
    assert sent(remote, bearer_auth="jwt", base_url=remote.url) == "Bearer jwt"


def test_what_is_not_given_is_read_from_the_variables(remote: Loopback, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SCENARIO_BASE_URL", remote.url)
    environment.setenv(JWT, "set")
    assert sent(remote) == "Bearer set"
    environment.setenv(KEY, "c")
    environment.setenv(SECRET, "d")
    assert sent(remote) == basic_of("c:d")  # a key wins over a token, as there
    assert sent(remote, api_key="a") == basic_of("a:d")
    assert sent(remote, bearer_auth="jwt") == "Bearer jwt"
    environment.delenv(SECRET)
    environment.delenv(JWT)
    with pytest.raises(errors.UsageError, match=SECRET):
        Scenario()


def test_nothing_is_read_for_a_handler(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(KEY, "half of a pair")
    environment.setenv("SCENARIO_BASE_URL", "nonsense")
    seen: list[Mapping[str, str]] = []

    def handler(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        seen.append(headers)
        return Answer(200, {}, b'{"models": []}')

    with Scenario(handler=handler) as client:
        assert_type(client.models.get_bulk(model_ids=["one"]), list[types.ModelRow])
    assert "authorization" not in {name.lower() for name in seen[0]}


def test_every_error_of_a_call_is_beside_the_client() -> None:
    exported = {getattr(scenario, name) for name in scenario.__all__} - {Scenario}
    assert exported == {errors.ScenarioError, *errors.ScenarioError.__subclasses__()}

"""What exists, asked of the served stand-in in as few calls as it allows."""

import math
from collections.abc import Iterable, Iterator

from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.credentials import basic
from syncjob.plan.references import Catalogue, Key
from syncjob.remote.lookup import Looked, look_up
from syncjob.scenario import Scenario
from tests.support.loopback import Loopback, json_answer


def ask(remote: Loopback, *keys: Key, stop: Stop | None = None) -> Catalogue:
    stop = stop or Stop()
    with Scenario(basic("key", "secret"), base_url=remote.url, requests_per_minute=0, attempts=1) as client:
        return look_up(client, keys, project_id=None, count=4, stop=stop, breaker=Breaker(stop))


def test_each_id_is_asked_for_once_in_full_batches(remote: Loopback) -> None:
    assets: list[Key] = [("asset", f"a{number}") for number in range(450)]
    models: list[Key] = [("model", f"m{number}") for number in range(120)]
    remote.add_assets(*(id_ for _, id_ in assets[:400]))
    remote.add(*(id_ for _, id_ in models))
    catalogue = ask(remote, *assets, *models, *assets, *models)
    assert remote.counts == {"POST": math.ceil(450 / 200) + math.ceil(120 / 50)}
    assert set(catalogue.entries) == {*assets[:400], *models}
    assert catalogue.failures == {}


def test_a_look_up_is_shown_as_it_goes_on(remote: Loopback) -> None:
    keys: list[Key] = [("model", f"m{number}") for number in range(120)]
    seen: list[tuple[int, int]] = []

    def shown(looked: Iterable[Looked], total: int) -> Iterator[Looked]:
        for each in looked:
            seen.append((len(each[0]), total))
            yield each

    remote.add(*(id_ for _, id_ in keys))
    stop = Stop()
    with Scenario(basic("key", "secret"), base_url=remote.url, requests_per_minute=0, attempts=1) as client:
        look_up(client, keys, project_id=None, count=1, stop=stop, breaker=Breaker(stop), shown=shown)
    assert seen == [(50, 3), (50, 3), (20, 3)]


def test_nothing_to_ask_costs_nothing(remote: Loopback) -> None:
    assert ask(remote) == Catalogue({}, {})
    assert remote.asked == []


def test_what_could_not_be_looked_up_is_a_failure_and_not_missing(remote: Loopback) -> None:
    remote.add("m")
    remote.script = lambda method, target: json_answer(500, b"{}") if "assets" in target else None
    catalogue = ask(remote, ("asset", "a"), ("model", "m"))
    failure = catalogue.failure("asset", "a")
    assert failure is not None
    assert (failure.code, failure.http_status) == ("unavailable", 500)
    assert catalogue.entry("model", "m") is not None


def test_refused_credentials_stop_the_look_up(remote: Loopback) -> None:
    stop = Stop()
    remote.script = lambda method, target: json_answer(401, b"{}")
    catalogue = ask(remote, *(("model", f"m{number}") for number in range(500)), stop=stop)
    assert len(remote.asked) == 1
    assert stop.requested
    assert sorted({failure.code for failure in catalogue.failures.values()}) == ["interrupted", "unauthorized"]
    assert len(catalogue.failures) == 500


def test_failures_with_successes_in_between_are_not_in_a_row(remote: Loopback) -> None:
    stop, asked = Stop(), iter(range(1000))
    remote.script = lambda method, target: json_answer(503, b"{}") if next(asked) % 2 else None
    keys: list[Key] = [("model", f"m{number}") for number in range(2500)]
    with Scenario(basic("key", "secret"), base_url=remote.url, requests_per_minute=0, attempts=1) as client:
        look_up(client, keys, project_id=None, count=1, stop=stop, breaker=Breaker(stop))
    assert len(remote.asked) == 50
    assert stop.reason is None

"""Many ids in few calls, whatever the other side does with those that it does not know; its fake counts."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.errors import Forbidden, NotFound, Rejected, ScenarioError, Unavailable
from syncjob.scenario.bulk import in_bulk
from syncjob.scenario.types import ModelRow


def row(id_: str) -> ModelRow:
    return ModelRow(id=id_, type="custom")


class Catalogue:
    """Some ids exist, some are another's; `refuse` is raised for a batch that holds any but existing ones."""

    def __init__(self, *known: str, foreign: Sequence[str] = (), refuse: type[ScenarioError] | None = None) -> None:
        self.known = set(known)
        self.foreign = set(foreign)
        self.refuse = refuse
        self.batches: list[list[str]] = []
        self.singles: list[str] = []
        self.order: Callable[[list[ModelRow]], list[ModelRow]] = lambda rows: rows

    def ask(self, batch: Sequence[str]) -> Sequence[ModelRow]:
        self.batches.append(list(batch))
        if self.refuse and not self.known.issuperset(batch):
            raise self.refuse("the batch is refused whole")
        return self.order([row(id_) for id_ in batch if id_ in self.known])

    def ask_one(self, id_: str) -> ModelRow:
        self.singles.append(id_)
        if id_ in self.foreign:
            raise Forbidden("HTTP 403")
        if id_ not in self.known:
            raise NotFound("HTTP 404")
        return row(id_)

    def look_up(self, ids: Sequence[str], per_call: int = 4) -> list[str]:
        return [found.id for found in in_bulk(iter(ids), per_call, self.ask, self.ask_one)]

    @property
    def requests(self) -> int:
        return len(self.batches) + len(self.singles)


def test_no_ids_are_no_request() -> None:
    catalogue = Catalogue()
    assert catalogue.look_up([]) == []
    assert catalogue.requests == 0


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (3, [3]), (4, [4]), (5, [4, 1]), (8, [4, 4]), (9, [4, 4, 1])])
def test_batches_are_as_large_as_they_may_be(count: int, sizes: list[int]) -> None:
    ids = [str(number) for number in range(count)]
    catalogue = Catalogue(*ids)
    assert catalogue.look_up(ids) == ids
    assert [len(batch) for batch in catalogue.batches] == sizes
    assert catalogue.singles == []


def test_each_id_is_asked_for_once() -> None:
    catalogue = Catalogue("a", "b")
    assert catalogue.look_up(["b", "a", "b", "a", "b"]) == ["b", "a"]
    assert catalogue.batches == [["b", "a"]]


def test_what_does_not_exist_is_left_out() -> None:
    assert Catalogue("b").look_up(["a", "b", "c"]) == ["b"]


def test_rows_are_matched_by_id_and_not_by_place() -> None:
    catalogue = Catalogue("a", "b", "c")
    catalogue.order = lambda rows: rows[::-1]
    assert catalogue.look_up(["a", "x", "b", "c"]) == ["a", "b", "c"]


def test_rows_that_nobody_asked_for_and_repeated_ones_are_ignored() -> None:
    catalogue = Catalogue("a", "b")
    catalogue.order = lambda rows: [row("stranger"), *rows, *rows]
    assert catalogue.look_up(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("refuse", [Rejected, NotFound])
def test_a_batch_that_is_refused_whole_is_halved_and_settled_by_single_look_ups(refuse: type[ScenarioError]) -> None:
    catalogue = Catalogue("a", "b", "c", refuse=refuse)
    assert catalogue.look_up(["a", "b", "c", "unknown"]) == ["a", "b", "c"]
    assert catalogue.batches[:3] == [["a", "b", "c", "unknown"], ["a", "b"], ["c", "unknown"]]
    assert catalogue.singles[-1] == "unknown"
    assert catalogue.requests <= 6


def test_only_the_refused_batch_is_halved() -> None:
    ids = [str(number) for number in range(8)]
    catalogue = Catalogue(*ids[:-1], refuse=Rejected)
    assert catalogue.look_up(ids) == ids[:-1]
    assert catalogue.batches[0] == ids[:4]
    assert all(set(batch) <= set(ids[4:]) for batch in catalogue.batches[1:])


def test_a_foreign_id_in_a_batch_refused_for_another_reason_is_left_out() -> None:
    catalogue = Catalogue("a", foreign=["foreign"], refuse=Rejected)
    assert catalogue.look_up(["a", "foreign"]) == ["a"]


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_to_be_forbidden_everything_costs_three_requests_at_most(count: int) -> None:
    ids = [str(number) for number in range(count)]
    catalogue = Catalogue(foreign=ids, refuse=Forbidden)
    with pytest.raises(Forbidden):
        catalogue.look_up(ids)
    assert catalogue.requests <= 3


def test_a_forbidden_batch_of_ids_that_may_be_looked_up_is_halved() -> None:
    catalogue = Catalogue("a", "d", refuse=Forbidden)
    assert catalogue.look_up(["a", "b", "c", "d"]) == ["a", "d"]


@pytest.mark.parametrize("error", [Unavailable("HTTP 503"), KeyError("a bug")])
def test_any_other_failure_ends_the_look_up(error: Exception) -> None:
    catalogue = Catalogue()

    def fail(_: Sequence[str]) -> Sequence[ModelRow]:
        raise error

    with pytest.raises(type(error)):
        in_bulk(["a", "b"], 4, fail, catalogue.ask_one)
    assert catalogue.singles == []


def test_a_failure_of_a_single_look_up_ends_all() -> None:
    def fail(_: str) -> ModelRow:
        raise Unavailable("HTTP 503")

    with pytest.raises(Unavailable):
        in_bulk(["unknown"], 4, Catalogue(refuse=Rejected).ask, fail)


IDS = st.lists(st.sampled_from("abcdefghijklmnopq"), max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    IDS, st.sets(st.sampled_from("abcdefghijklmnopq")), st.sampled_from([None, Rejected, NotFound]), st.integers(1, 7)
)
def test_whatever_the_other_side_does_the_rows_are_those_that_exist(
    ids: list[str], known: set[str], refuse: type[ScenarioError] | None, per_call: int
) -> None:
    catalogue = Catalogue(*known, refuse=refuse)
    assert catalogue.look_up(ids, per_call) == [id_ for id_ in dict.fromkeys(ids) if id_ in known]
    assert all(len(batch) <= per_call for batch in catalogue.batches)
    assert len(catalogue.singles) == len(set(catalogue.singles))
    if known.issuperset(ids):
        assert len(catalogue.batches) == -(-len(set(ids)) // per_call)


@pytest.mark.parametrize("ids", [["a", "b", "foreign", "c"], ["foreign", "a"], ["a", "b", "c", "d", "foreign"]])
def test_one_foreign_id_does_not_keep_the_others_from_being_found(ids: list[str]) -> None:
    def ask(batch: Sequence[str]) -> Sequence[ModelRow]:
        if "foreign" in batch:
            raise Forbidden("HTTP 403")
        return [ModelRow(id=id_, type="custom") for id_ in batch]

    def ask_one(id_: str) -> ModelRow:
        return ask([id_])[0]

    found = [row.id for row in in_bulk(ids, 4, ask, ask_one)]
    assert found == [id_ for id_ in ids if id_ != "foreign"]


@pytest.mark.parametrize(
    "refusal",
    [
        Rejected("HTTP 407", http_status=407, ambiguous=True),
        Rejected("HTTP 405", http_status=405),
        Rejected("HTTP 400: <html>", http_status=400, ambiguous=True),  # not the API's own words
    ],
    ids=str,
)
def test_a_refusal_that_says_nothing_of_an_id_is_not_taken_for_its_absence(refusal: Rejected) -> None:
    asked: list[str] = []

    def refuses(id_: object) -> ModelRow:
        asked.append(str(id_))
        raise refusal

    with pytest.raises(Rejected):
        in_bulk(map(str, range(64)), 64, refuses, refuses)  # type: ignore[arg-type]
    assert len(asked) < 10


def test_the_api_s_own_refusal_of_an_id_is_its_absence() -> None:
    def refuses(id_: object) -> ModelRow:
        raise Rejected("HTTP 400: no such id", http_status=400)

    assert in_bulk(("a", "b"), 2, refuses, refuses) == []  # type: ignore[arg-type]

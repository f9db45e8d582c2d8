"""A whole `diff` of descriptions that are in step, beside the client alone and beside scripts that read and compare."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench import stand_in
from bench.clients import SYNCJOB, Client, Cost, Load, measure
from bench.comparing import DIFF, SCRIPT, SCRIPT_AIOHTTP
from bench.processes import receive, running
from bench.reading import text_of
from bench.results import Goal, Section, Table, ratios, spread
from bench.sizes import Size
from bench.workspace import WORKERS, workspace

_LATENCY = 0.02
_TAGS = 105
_HEADER = ("who", "wall s", "CPU ms / description", "peak MiB")
_CLIENTS = (SYNCJOB, DIFF, SCRIPT, SCRIPT_AIOHTTP)
_Costs = Mapping[Client, Sequence[Cost]]


class _Texts(NamedTuple):
    """One kind of text, and what `diff` may cost at most over the two scripts."""

    name: str
    of: Mapping[str, str]
    limits: tuple[float, float]


def compare(size: Size) -> Section:
    ids = [f"model_{number:06d}" for number in range(size.in_step)]
    short = _Texts("600 bytes", {id_: text_of(id_) for id_ in ids}, (0.3, 0.6))
    tagged = _Texts(f"2 KB, {_TAGS} tags", {id_: _tagged(id_) for id_ in ids}, (0.4, 0.7))
    runs = [(texts, _runs(texts.of, size.rounds)) for texts in (short, tagged)]
    title = f"descriptions in step, latency 20 ms, {WORKERS} workers"
    tables = [Table(f"{len(ids):,} {title}, {texts.name}", _HEADER, _rows(costs, len(ids))) for texts, costs in runs]
    over_client = ratios(_cpu(runs[0][1][DIFF]), _cpu(runs[0][1][SYNCJOB]))
    goals = [Goal(f"CPU of `diff` over the client alone, {short.name}", over_client, 1.25)]
    return Section(tables, (*goals, *(goal for texts, costs in runs for goal in _goals(texts, costs))))


def _tagged(id_: str) -> str:
    """Of things that the server does not hold, so that its responses are of the text alone."""
    tags = " ".join(f"{{asset:as_{number:07d}}}" for number in range(_TAGS))
    return f"# {id_}\n\n{tags}"


def _runs(texts: Mapping[str, str], rounds: int) -> _Costs:
    """The costs of each; they take turns, so that a busy machine slows all of them."""
    runs: dict[Client, list[Cost]] = {client: [] for client in _CLIENTS}
    with workspace(texts) as made:
        for _ in range(rounds):
            for client, costs in runs.items():
                with running(stand_in.serve_prepared, stand_in.Catalogue(texts), _LATENCY, None) as server:
                    load = Load(receive(server), made.ids, WORKERS, folder=made.folder)
                    with running(measure, client, load) as reader:
                        costs.append(receive(reader))
    if any(cost.failed for costs in runs.values() for cost in costs):
        raise RuntimeError("something was not read, or is not in step")
    return runs


def _rows(costs: _Costs, items: int) -> list[tuple[str, ...]]:
    return [
        (
            client.name,
            spread([cost.wall for cost in of]),
            spread([1000 * cost.cpu / items for cost in of], digits=3),
            spread([cost.peak_mib for cost in of], digits=0),
        )
        for client, of in costs.items()
    ]


def _goals(texts: _Texts, costs: _Costs) -> Iterator[Goal]:
    for script, limit in zip((SCRIPT, SCRIPT_AIOHTTP), texts.limits, strict=True):
        yield Goal(
            f"CPU of `diff` over {script.name}, {texts.name}", ratios(_cpu(costs[DIFF]), _cpu(costs[script])), limit
        )


def _cpu(costs: Sequence[Cost]) -> Sequence[float]:
    return [cost.cpu for cost in costs]

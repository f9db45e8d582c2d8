"""One client reading descriptions from a stand-in, each in a process of its own."""

from dataclasses import dataclass

from bench import clients, stand_in
from bench.clients import Client, Cost, Load
from bench.limits import Kind
from bench.processes import receive, running

_SENTENCE = "A model for product photos on plain ground, with *soft* light and long shadows. "


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one client; `items` were to be read."""

    items: int
    cost: Cost
    count: stand_in.Count

    @property
    def cpu_ms(self) -> float:
        """Of a request."""
        return 1000 * self.cost.cpu / self.items


def text_of(id_: str) -> str:
    """A description of about 600 bytes."""
    return f"# {id_}\n\n{(_SENTENCE * 7).strip()}"


def sample(client: Client, items: int, workers: int, latency: float, limited: tuple[Kind, int] | None = None) -> Sample:
    """A run against a stand-in of its own, which takes `latency` seconds for an answer.

    `limited` is the limit that it enforces, in requests a minute.
    """
    ids = [f"model_{number:06d}" for number in range(items)]
    catalogue = stand_in.Catalogue({id_: text_of(id_) for id_ in ids})
    with running(stand_in.serve_prepared, catalogue, latency, limited) as server:
        load = Load(receive(server), ids, workers, limited[1] if limited else 0)
        with running(clients.measure, client, load) as reader:
            cost: Cost = receive(reader)
        server.send("count")
        count: stand_in.Count = receive(server)
    return Sample(items, cost, count)

"""The runs, one after another, and what is printed of them; a missed goal is printed and fails nothing."""

import argparse
import os
import platform
from collections.abc import Mapping, Sequence

from bench import clients, results, stand_in
from bench.clients import Client, Cost
from bench.processes import receive, running
from bench.results import Sample
from bench.since import DIFF, since_times
from bench.startup import start_times

_LATENCIES = (0, 20)  # milliseconds
_ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="syncjob's client beside the official SDK")
    parser.add_argument("--items", type=int, default=3000, help="descriptions to read (3000)")
    items = max(parser.parse_args().items, 10)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, scenario-sdk {_sdk_version()}")
    print(f"{items} descriptions of about 600 bytes, {clients.WORKERS} workers; medians of {_ROUNDS} (least..greatest)")
    samples: dict[int, Mapping[Client, Sequence[Sample]]] = {}
    for latency in _LATENCIES:
        samples[latency] = _compare(items, latency)
        rows = [results.client_row(client, runs) for client, runs in samples[latency].items()]
        print(f"\nlatency {latency} ms\n{results.table([results.HEADER, *rows])}", flush=True)
    times = start_times()
    print(f"\n{results.table([('start', 'ms', 'ratio'), *results.start_rows(times)])}")
    since = since_times()
    print(f"\n{results.table([('10,000 files, 100 commits', 'wall s', 'CPU s'), *results.since_rows(since)])}")
    print(f"\n{results.table([goal.row for goal in results.goals(samples, times, since[DIFF][0])])}")


def _compare(items: int, latency: int) -> Mapping[Client, Sequence[Sample]]:
    """The samples of each client; the clients take turns, so that a busy machine slows all of them."""
    samples: dict[Client, list[Sample]] = {client: [] for client in clients.ALL}
    for _ in range(_ROUNDS):
        for client, runs in samples.items():
            runs.append(_sample(client, [f"model_{number:05d}" for number in range(items // client.share)], latency))
    return samples


def _sample(client: Client, ids: Sequence[str], latency: int) -> Sample:
    """One run against a stand-in of its own."""
    seconds = latency / 1000
    with running(stand_in.serve, ids, seconds) as server:
        url: str = receive(server)
        with running(clients.measure, client, url, ids) as reader:
            cost: Cost = receive(reader)
        server.send("count")
        count: stand_in.Count = receive(server)
    ideal = len(ids) * seconds / client.workers
    return Sample(cost.wall, cost.cpu / len(ids), ideal, count.connections, count.requests)


def _sdk_version() -> str:
    import scenario_sdk

    return scenario_sdk.__version__

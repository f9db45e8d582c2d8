"""The charts of docs/charts/, drawn from the figures that docs/benchmarks.md has: the same files for the same figures.

Their ground is transparent, and their colours can be told from a white and from a black page.
"""

from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Minutes, Requests, Spread, by_minute, by_workers, requests_of_tasks

WORDS = "#767c85"
# Of the palette of Okabe and Ito what can be read on both grounds; each client has a mark of its own too.
COLOURS = ("#0a7cc4", "#d55e00", "#00966e", "#b8609a", "#8a7a00")
_MARKS = "osD^v"
_BARS = (("a plain loop", WORDS, 0.2), ("syncjob", COLOURS[0], -0.2))
_LATENCY = 20  # milliseconds
_STYLE = Path(__file__).with_suffix(".mplstyle")


def charts(page: str) -> Mapping[str, str]:
    """The SVG of each chart by its name, from the page of the benchmark."""
    with mpl.rc_context(fname=_STYLE):
        return {name: _svg(draw(page)) for name, draw in _CHARTS.items()}


def _svg(figure: Figure) -> str:
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _cpu_per_request(page: str) -> Figure:
    figures = by_workers(page, "CPU ms / request", _LATENCY)
    return _lines(figures, f"CPU of a read, responses after {_LATENCY} ms", "CPU ms per request")


def _wall_over_ideal(page: str) -> Figure:
    figures = by_workers(page, "wall / ideal", _LATENCY)
    return _lines(figures, f"Time over that of a client that costs nothing, {_LATENCY} ms", "wall time / ideal")


def _lines(figures: Mapping[str, Mapping[int, Spread]], title: str, unit: str) -> Figure:
    """A line for each client, by workers; bars from the least to the greatest of the rounds."""
    figure, axes = _plot(8, 4.2)
    for (client, of), colour, mark in zip(figures.items(), COLOURS, _MARKS, strict=False):
        middle = [each.median for each in of.values()]
        bars = [
            [each.median - each.least for each in of.values()],
            [each.greatest - each.median for each in of.values()],
        ]
        axes.errorbar(list(of), middle, bars, label=client, color=colour, marker=mark, capsize=3)
    workers = sorted({count for of in figures.values() for count in of})
    axes.set_xscale("log", base=2)
    axes.set_xticks(workers, [str(count) for count in workers])
    axes.set(xlabel="workers (reads at once)", ylabel=f"{unit} (less is better)", title=title)
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _requests(page: str) -> Figure:
    tasks: Mapping[str, Requests] = requests_of_tasks(page)
    figure, axes = _plot(8, 0.55 * len(tasks) + 1.2)
    for place, of in enumerate(tasks.values()):
        for value, (who, colour, up) in zip((of.of_a_loop, of.sent), _BARS, strict=True):
            axes.barh(place - up, value, 0.36, color=colour, label=f"{'_' * bool(place)}{who}")
            axes.text(value * 1.1, place - up, f"{value:,.0f}", va="center", fontsize=9)
    axes.set_yticks(range(len(tasks)), list(tasks))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(left=1)
    axes.set(xlabel="requests (logarithmic; less is better)", title="Requests of a run")
    axes.legend(loc="upper right")
    return figure


def _admitted(page: str) -> Figure:
    """A small chart for each limiter: what it allows, what it admitted, and what it refused."""
    limiters = by_minute(page)
    figure = Figure(figsize=(10, 1.9 * -(-len(limiters) // 4) + 0.9), layout="constrained")
    grid = figure.subplots(-(-len(limiters) // 4), 4, sharex=True, sharey=True, squeeze=False)
    for axes, (name, minutes) in zip(grid.flat, limiters.items(), strict=False):
        _minutes(axes, name, minutes)
    figure.supxlabel("minutes since the start of the run", fontsize=11)
    figure.supylabel("requests a minute", fontsize=11)
    lines, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=3)
    return figure


def _minutes(axes: Axes, name: str, minutes: Minutes) -> None:
    edges = list(range(len(minutes.allowed) + 1))
    axes.stairs(minutes.allowed, edges, color=WORDS, linestyle="--", baseline=None, label="left by the limit")
    axes.stairs(minutes.admitted, edges, color=COLOURS[0], linewidth=2, baseline=None, label="admitted")
    axes.stairs(minutes.refused, edges, color=COLOURS[1], fill=True, label="refused (429)")
    axes.set_title(name)


def _plot(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


_CHARTS: Mapping[str, Callable[[str], Figure]] = {
    "cpu-per-request": _cpu_per_request,
    "wall-over-ideal": _wall_over_ideal,
    "requests-per-task": _requests,
    "admitted-over-time": _admitted,
}

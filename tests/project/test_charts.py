"""The charts of the benchmark: what they read from its page, and that they say what they show."""

import re
from itertools import pairwise

import pytest

from bench.figures import Minutes, Requests, Spread, by_minute, by_workers, requests_of_tasks, spread_of
from bench.page import with_part
from bench.results import Goal, Section, Table, markdown, spread
from bench.simulated import ADMITTED, ALLOWED, REFUSED, simulate
from bench.sizes import SIZES
from tests.project.test_docs import ROOT, read


def part(name: str, *tables: Table) -> str:
    text = markdown(Section(tables, [Goal("a goal", [1.0], 2)]))
    return with_part(f"<!-- {name}: generated --><!-- {name}: end -->\n", name, text)


def client(name: str, milliseconds: str) -> tuple[str, str, str]:
    return (name, "1.05", milliseconds)


HEADER = ("client", "wall / ideal", "CPU ms / request")
MINUTES = ("limiter", "1", "2")
PAGE = "\n".join(
    [
        "# Words, and | pipes | in them\n",
        part(
            "clients",
            Table("Latency 20 ms, 1 worker, 100 descriptions", HEADER, [client("syncjob", "0.700 (0.600..0.900)")]),
            Table("Latency 0 ms, 8 workers, 100 descriptions", HEADER, [client("syncjob", "9.000")]),
            Table(
                "Latency 20 ms, 8 workers, 1,000 descriptions",
                HEADER,
                [client("syncjob", "0.300"), client("another <client> & more", "0.500"), client("lone", "1.000")],
            ),
            Table(
                "Latency 20 ms, 64 workers, 1,000 descriptions",
                HEADER,
                [client("syncjob", "0.200"), client("another <client> & more", "1,234.500")],
            ),
        ),
        part(
            "tasks", Table("Whole runs", ("task", "requests", "of a plain loop"), [("1,000: `diff`", "21", "30,000")])
        ),
        part(
            "pace",
            Table(ALLOWED, MINUTES, [("a window", "100", "50")]),
            Table(ADMITTED, MINUTES, [("a window", "99", "50")]),
            Table(REFUSED, MINUTES, [("a window", "0", "7")]),
        ),
    ]
)


@pytest.mark.parametrize("figures", [[1.0], [0.25, 0.5, 1.5], [1_234.5, 9_999.0, 1_000.25]])
def test_a_spread_is_read_as_it_was_written(figures: list[float]) -> None:
    middle, least, greatest = sorted([*figures, *figures])[len(figures)], min(figures), max(figures)
    assert spread_of(spread(figures)) == pytest.approx(Spread(middle, least, greatest))


def test_figures_are_those_of_the_page() -> None:
    assert by_workers(PAGE, "CPU ms / request", 20) == {
        "syncjob": {1: Spread(0.7, 0.6, 0.9), 8: Spread(0.3, 0.3, 0.3), 64: Spread(0.2, 0.2, 0.2)},
        "another <client> & more": {8: Spread(0.5, 0.5, 0.5), 64: Spread(1234.5, 1234.5, 1234.5)},
    }
    assert requests_of_tasks(PAGE) == {"1,000: diff": Requests(21, 30_000)}
    assert by_minute(PAGE) == {"a window": Minutes([100, 50], [99, 50], [0, 7])}


def test_the_page_of_the_benchmark_has_figures_for_each_chart() -> None:
    page = read("docs/benchmarks.md")
    assert by_workers(page, "CPU ms / request", 20)["syncjob"].keys() >= {8, 32, 64}
    assert by_workers(page, "wall / ideal", 20).keys() == by_workers(page, "CPU ms / request", 20).keys()
    assert len(requests_of_tasks(page)) >= 8
    assert len(by_minute(page)) == 8


@pytest.mark.deep
def test_the_simulation_gives_the_figures_that_the_page_has_and_meets_its_goals() -> None:
    section = simulate(SIZES["small"])
    assert markdown(section) in read("docs/benchmarks.md")
    assert {goal.row[0] for goal in section.goals} == {"met"}


def test_the_readme_and_the_page_of_long_runs_show_a_chart() -> None:
    for page, image in (("README.md", "docs/charts/"), ("docs/long-runs.md", "charts/")):
        (path,) = re.findall(rf"!\[[^]]+\]\(({image}[\w-]+\.svg)\)", read(page))
        assert ((ROOT / page).parent / path).read_text("utf-8").rstrip().endswith("</svg>")


@pytest.mark.deep
def test_a_chart_of_given_figures_has_their_labels_and_is_the_same_each_time() -> None:
    from bench.charts import charts

    drawn = charts(PAGE)
    assert charts(PAGE) == drawn
    words = {
        "cpu-per-request": ("syncjob", "another &lt;client&gt; &amp; more", "workers", "CPU ms per request", ">64<"),
        "wall-over-ideal": ("syncjob", "workers", "wall time / ideal"),
        "requests-per-task": ("1,000: diff", ">21<", ">30,000<", "a plain loop", "requests"),
        "admitted-over-time": ("a window", "admitted", "refused (429)", "requests a minute", "minutes since"),
    }
    assert drawn.keys() == words.keys() == {path.stem for path in (ROOT / "docs/charts").iterdir()}
    for name, expected in words.items():
        assert [word for word in expected if word not in drawn[name]] == [], name
        assert "<dc:date>" not in drawn[name]
        assert re.search("(?:href|src)=[\"'](?!#)", drawn[name]) is None, "it loads nothing"


@pytest.mark.deep
def test_every_colour_can_be_told_from_a_white_and_from_a_dark_page() -> None:
    from bench.charts import COLOURS, WORDS

    for colour in (*COLOURS, WORDS):
        for ground in ("#ffffff", "#0d1117"):
            darker, lighter = sorted(map(luminance, (colour, ground)))
            assert (lighter + 0.05) / (darker + 0.05) >= (4 if colour == WORDS else 3), (colour, ground)
    assert all(one != other for one, other in pairwise(sorted(COLOURS)))


def luminance(colour: str) -> float:
    """As WCAG 2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""`python -m bench`: the parts one after another, shown as Markdown, put into docs/benchmarks.md and drawn as charts.

A missed goal is shown and fails nothing.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import comparison, in_step, limited, local, simulated, tasks
from bench.page import with_part
from bench.results import Section, markdown
from bench.sizes import SIZES, Size

_PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_CHARTS = _PAGE.parent / "charts"
_PARTS: Mapping[str, Callable[[Size], Section]] = {
    "clients": comparison.compare,
    "in-step": in_step.compare,
    "tasks": tasks.measure,
    "limit": limited.compare,
    "pace": simulated.simulate,
    "local": local.measure,
}
_PACKAGES = ("httpx", "httpcore", "h11", "msgspec", "scenario-sdk", "aiohttp")


def main() -> None:
    asked = _parser().parse_args()
    for part in asked.parts or _PARTS:
        print(f"\n## {part}\n", flush=True)
        text = _measured(_PARTS[part], asked.size)
        print(text, flush=True)
        if asked.write:
            _PAGE.write_text(with_part(_PAGE.read_text("utf-8"), part, text), "utf-8")
    if asked.write:
        _draw()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="syncjob beside other clients, and its goals")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(_PARTS)}; all if none is named")
    parser.add_argument("--size", choices=SIZES, default="usual", help="a look, a quarter of an hour (usual), or all")
    parser.add_argument("--write", action="store_true", help="also put the tables into docs/benchmarks.md, and draw")
    return parser


def _draw() -> None:
    """All charts, from what the page has now: also from figures of an earlier run."""
    from bench.charts import charts  # loads matplotlib, which nothing that is measured needs

    _CHARTS.mkdir(exist_ok=True)
    for name, svg in charts(_PAGE.read_text("utf-8")).items():
        (_CHARTS / f"{name}.svg").write_text(svg, "utf-8")


def _measured(part: Callable[[Size], Section], size: str) -> str:
    started = time.monotonic()
    section = part(SIZES[size])
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()} on {os.cpu_count()} cores"
        f" (size {size}, {time.monotonic() - started:,.0f} s); {packages}.\n\n{markdown(section)}"
    )

"""The generated parts of docs/benchmarks.md, between markers. Pure."""

import re
from collections.abc import Iterator

from bench.results import Row, Table


def with_part(page: str, name: str, text: str) -> str:
    """The page with the text between the part's markers replaced; raises ValueError if it has none."""
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page has no one place for {name}")
    return pattern.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", page)


def tables(page: str) -> Iterator[Table]:
    """The generated tables of all parts."""
    for text in re.findall(r"<!-- \w+: generated -->(.*?)<!-- \w+: end -->", page, re.DOTALL):
        for title, pipes in re.findall(r"^\*\*(.+)\*\*\n\n((?:\|.*\n?)+)", text, re.MULTILINE):
            header, _, *rows = (_cells(line) for line in pipes.splitlines())
            yield Table(title, header, rows)


def _cells(line: str) -> Row:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))

"""Measured numbers as Markdown tables, ratios and goals. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of each round, whose median should be at most `limit`; without figures it was not measured."""

    name: str
    figures: Sequence[float]
    limit: float
    digits: int = 2

    @property
    def row(self) -> Row:
        """What is shown is what is judged."""
        if not self.figures:
            return ("not measured at this size", self.name, "-", f"at most {self.limit:g}")
        verdict = "met" if round(median(self.figures), self.digits) <= self.limit else "MISSED"
        return (verdict, self.name, spread(self.figures, self.digits), f"at most {self.limit:g}")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header, each as long as it."""

    title: str
    header: Row
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of the benchmark found."""

    tables: Sequence[Table]
    goals: Sequence[Goal] = ()


def markdown(section: Section) -> str:
    tables = list(section.tables)
    if section.goals:
        rows = [goal.row for goal in section.goals]
        tables.append(Table("Goals", ("", "goal", "median (least..greatest)", "wanted"), rows))
    return "\n\n".join(f"**{table.title}**\n\n{_pipes([table.header, *table.rows])}" for table in tables)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the least and the greatest if they differ."""
    middle, least, greatest = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if least == greatest else f"{middle} ({least}..{greatest})"


def ratios(values: Sequence[float], base: Sequence[float]) -> Sequence[float]:
    """Round by round, so that both sides of a ratio met the machine as busy."""
    return [value / other for value, other in zip(values, base, strict=True)]


def _pipes(rows: Sequence[Row]) -> str:
    """Rows of one length as a table with its columns aligned; the first is the header."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

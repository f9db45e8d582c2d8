"""Cases of one rule, of which the first show it and the others confirm it."""

from collections.abc import Iterable
from typing import Any

import pytest


def mostly_deep(cases: Iterable[Any], first: int = 1) -> list[Any]:
    """The first cases for `make test`, and the others for the deep suites."""
    every = list(cases)
    return [*every[:first], *(pytest.param(case, marks=pytest.mark.deep) for case in every[first:])]

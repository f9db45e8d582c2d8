"""The locks hold all that pyproject.toml asks for, since they are installed without looking for dependencies."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS: Mapping[str, list[str]] = PROJECT["dependency-groups"]
BUILD = [*PROJECT["build-system"]["requires"], *GROUPS["build"]]  # nothing is fetched for the build
ASKED = {
    # With what scales pictures: the action installs this lock.
    "requirements.txt": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["images"],
        *BUILD,
    ],
    "requirements-dev.txt": [*PROJECT["project"]["dependencies"], *GROUPS["dev"]],
}

Environment = Mapping[str, str]
ENVIRONMENTS: list[Environment] = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[platform],
        "os_name": "nt" if platform == "win32" else "posix",
    }
    for python, platform in product(("3.11", "3.12", "3.13", "3.14"), ("linux", "darwin", "win32"))
]


@dataclass(frozen=True)
class Pin:
    """A package of a lock: `name==version`, for which systems it is wanted, and what its archives may be."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")

    def holds(self, environment: Environment) -> bool:
        return _holds(self.requirement, environment, "")


def pins(lock: str) -> list[Pin]:
    lines = (line.split() for line in lock.replace("\\\n", " ").splitlines())
    return [
        Pin(
            Requirement(" ".join(word for word in words if not word.startswith("--hash="))),
            tuple(word.removeprefix("--hash=") for word in words if word.startswith("--hash=")),
        )
        for words in lines
    ]


def _holds(requirement: Requirement, environment: Environment, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})


@cache
def _asked_by(package: str) -> tuple[Requirement, ...]:
    """Nothing if it is not installed, as one for Windows."""
    try:
        return tuple(map(Requirement, requires(package) or ()))
    except PackageNotFoundError:
        return ()


def _of_package(requirement: Requirement, environment: Environment) -> Iterator[Requirement]:
    """What a package asks for, with the extras that are wanted."""
    for extra in ("", *requirement.extras):
        yield from (each for each in _asked_by(requirement.name) if _holds(each, environment, extra))


def uncovered(asked: list[str], lock: str, environment: Environment) -> set[str]:
    """Requirements of all kinds that no pin of the lock meets in an environment."""
    held = {pin.name: pin.version for pin in pins(lock) if pin.holds(environment)}
    waiting = [each for text in asked if _holds(each := Requirement(text), environment, "")]
    seen: set[str] = set()
    unmet: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        version = held.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            unmet.add(str(requirement))
        waiting += _of_package(requirement, environment)
    return unmet


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_holds_all_that_is_asked_for_on_every_python_and_system(name: str) -> None:
    for environment in ENVIRONMENTS:
        assert uncovered(ASKED[name], text_of(name), environment) == set(), environment


@pytest.mark.parametrize("name", ASKED)
def test_a_line_that_is_missing_is_found(name: str) -> None:
    held = pins(text_of(name))
    for missing in held:
        lock = "\n".join(str(pin.requirement) for pin in held if pin is not missing)
        assert any(uncovered(ASKED[name], lock, environment) for environment in ENVIRONMENTS), missing.name


def test_a_version_that_a_range_does_not_allow_is_found() -> None:
    lock = text_of("requirements.txt")
    assert uncovered(["click>=8.3,<9"], "click==9.0.0", ENVIRONMENTS[0]) == {"click<9,>=8.3"}
    # Of a package's own range, not the project's.
    assert uncovered(ASKED["requirements.txt"], lock.replace("\nh11==0.16.0", "\nh11==0.13.0"), ENVIRONMENTS[0]) == {
        "h11>=0.16"
    }


@pytest.mark.parametrize("name", ASKED)
def test_every_pin_is_one_version_with_the_hashes_of_its_archives_and_no_index(name: str) -> None:
    lock = text_of(name)
    assert "://" not in lock
    assert "index" not in lock
    held = pins(lock)
    assert len({pin.name for pin in held}) == len(held)
    for pin in held:
        assert str(pin.requirement.specifier) == f"=={pin.version}"
        assert not pin.requirement.extras  # a pip before 23.3 looks for them among all releases
        assert pin.hashes
        assert all(hash_.startswith("sha256:") and len(hash_) == 71 for hash_ in pin.hashes)


def test_what_a_user_gets_is_what_is_tested() -> None:
    """The two locks go into one environment."""
    tested = {pin.name: pin for pin in pins(text_of("requirements-dev.txt"))}
    for pin in pins(text_of("requirements.txt")):
        if pin.name in tested:
            assert (pin.version, pin.hashes) == (tested[pin.name].version, tested[pin.name].hashes)
    only_built_with = {canonicalize_name(Requirement(text).name) for text in BUILD}
    assert {pin.name for pin in pins(text_of("requirements.txt"))} - tested.keys() == only_built_with


def test_every_installation_of_a_lock_looks_for_no_dependencies() -> None:
    for name in ("Makefile", "action.yml"):
        lines = [line for line in text_of(name).splitlines() if "--require-hashes" in line and "install" in line]
        assert len(lines) == 1
        assert "install --no-deps --require-hashes" in lines[0]

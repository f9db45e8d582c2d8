"""No pattern and no function takes more than linear time for text from outside."""

import ast
import gc
import importlib
import json
import pkgutil
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import syncjob
from syncjob import credentials
from syncjob.report.html.prose import blocks
from syncjob.report.markdown.item import _fenced, plain
from syncjob.report.markdown.sentences import prose
from syncjob.scenario import answers
from syncjob.scenario.answers import Answer
from syncjob.text import canonical, code_spans, sanitize, tags

KIB = 1024
SHORT, LONG = 32 * KIB, 1024 * KIB
# Four times the text takes four times as long, or sixteen times if the time grows with the square.
GROWTH = 8.0
LEAST = 0.02  # seconds below which a time is that of the machine

SECRETS = credentials.basic("key-of-the-tests-4711", "secret-of-the-tests-0815").secrets

# What comes near a match again and again; each is repeated, and so is each piece of a pattern of its own.
NASTY = (
    "a", " ", "\t", "\n", "\r", "\u2028", "\ufeff", "`", "``` ", "::", " ::", "\n ::", "##[", "[", "![", "](", "<", ">", "&", ";", "&amp",
    '"', '="', "%", "%3", "%3D", "=", "?", "/", "\\/", "https:", "https://", "https:\\/\\/", "http://a?", "https://a", "X-Amz-", "X-Amz-a",
    "$", "$Id", "$Id:", "$Id$", "$Id: ", "$Id: a ", "git version 1.", "Signature", "Signature=", "Policy", "Key-Pair-Id", "Signature=&", "{", "{ ", "{asset", "{asset:", "{asset: ", "{assets :", "{asset:a", "{model=a",
    '<data class="', '<data class="" value="', '<data class="a" value="b">', "<data", '<a href="', "</data", "-", "_", ".", "0", "1", "9", "1h", "e1", "+",
    "Object missing required field `", " - at `", "api_", "x", "\x1b", "\u202e", "e\u0301", "\U0001f600", "*", "**", "_a", "~~", "|", "| |\n", "> ", "- ", "secret-of-the-tests-081",
)  # fmt: skip


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(syncjob.__path__, "syncjob."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def values(where: str, value: object) -> Iterator[tuple[str, object]]:
    """A value and all within it, by their place."""
    yield where, value
    if isinstance(value, tuple | list):
        for number, inner in enumerate(value):
            yield from values(f"{where}[{number}]", inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from values(f"{where}[{key!r}]", inner)
    elif isinstance(value, type) and value.__module__.startswith("syncjob"):
        for name, inner in list(vars(value).items()):
            yield from values(f"{where}.{name}", None if isinstance(inner, type) else inner)


def patterns() -> Mapping[str, re.Pattern[str]]:
    """Every compiled pattern of the package's modules and classes, by its place; one of bytes as one of text."""
    return {
        where: _of_text(value)
        for module in modules()
        for name, held in vars(module).items()
        if not name.startswith("__")
        for where, value in values(f"{module.__name__.removeprefix('syncjob.')}.{name}", held)
        if isinstance(value, re.Pattern)
    }


def _of_text(pattern: re.Pattern[Any]) -> re.Pattern[str]:
    source = pattern.pattern
    return re.compile(source.decode("ascii"), pattern.flags | re.ASCII) if isinstance(source, bytes) else pattern


def inline() -> Mapping[str, re.Pattern[str]]:
    """Every pattern that is a literal in a call of `re`, by its place."""
    found: dict[str, re.Pattern[str]] = {}
    for path in sorted(Path(syncjob.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
                pattern = node.args[0]
                place = f"{path.name}:{node.lineno}"
                if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
                    found[place] = re.compile(pattern.value)
                else:
                    assert node.func.attr == "compile", f"{place}: a pattern that no test sees"
    return found


# Each once; what Python caches is one object, wherever it is.
PATTERNS = {
    place: found for found, place in {found: place for place, found in {**inline(), **patterns()}.items()}.items()
}


def seconds(work: Callable[[], object]) -> float:
    gc.disable()  # as timeit does: when it walks over what is there says nothing of the work
    try:
        started = time.thread_time()
        work()
        return time.thread_time() - started
    finally:
        gc.enable()


def grows_too_fast(work: Callable[[str], object], piece: str, size: int) -> bool:
    """Whether a text of `size` takes that many times as long as a quarter of it, six times in a row."""
    shorter, longer = piece * (size // 4 // len(piece)), piece * (size // len(piece))
    return all(
        seconds(lambda: work(longer)) > GROWTH * max(seconds(lambda: work(shorter)), LEAST / GROWTH) for _ in range(6)
    )


def check(work: Callable[[str], object], pieces: Iterable[str], size: int) -> None:
    """The two pieces that take longest by a short text of each, repeated up to `size`."""
    slowest = sorted(pieces, key=lambda piece: seconds(lambda: work(piece * (2 * KIB // len(piece)))), reverse=True)[:2]
    for each in sorted({SHORT, size}):  # at a short text first: what grows with the square would take hours
        assert [piece for piece in slowest if grows_too_fast(work, piece, each)] == []


def own_pieces(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The literal runs of a pattern."""
    runs = re.findall(r"[A-Za-z0-9<>\"' :/=%&;-]{2,}", pattern.pattern)
    return tuple({*runs, "".join(runs)} - {""})


def matched_whole() -> frozenset[str]:
    """The names of patterns that are only ever matched with a whole text."""
    calls: defaultdict[str, set[str]] = defaultdict(set)
    package = Path(syncjob.__path__[0])
    for path in package.rglob("*.py"):
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                calls[f"{module}.{node.value.id}"].add(node.attr)
    return frozenset(place for place, used in calls.items() if used == {"fullmatch"})


WHOLE = matched_whole()


def used(place: str) -> Callable[[str], object]:
    """The pattern as it is used: everywhere in a text, or with a whole one, as PyYAML does with each scalar."""
    pattern = PATTERNS[place]
    if place in WHOLE:
        return pattern.fullmatch
    return pattern.match if "yaml_implicit" in place else lambda held: sum(1 for _ in pattern.finditer(held))


def test_the_patterns_are_found() -> None:
    assert {"credentials._URL", "credentials._SIGNATURE", "text.sanitize._COMMAND_LINE", "text.tags._CANDIDATE"} <= set(
        PATTERNS
    )
    assert any(place.startswith("sandbox.api._ROUTES") for place in PATTERNS)
    assert any(place.startswith("config.strict_yaml._Loader.") for place in PATTERNS)
    assert any(place.startswith("words.py:") for place in PATTERNS)
    assert len(PATTERNS) > 20


def pieces_of(place: str) -> Iterable[str]:
    return {*NASTY, *own_pieces(PATTERNS[place])}


@pytest.mark.parametrize("place", PATTERNS)
def test_every_pattern_is_linear(place: str) -> None:
    check(used(place), pieces_of(place), SHORT)


@pytest.mark.deep
@pytest.mark.parametrize("place", PATTERNS)
def test_every_pattern_is_linear_in_a_mebibyte_of_its_worst(place: str) -> None:
    check(used(place), pieces_of(place), LONG)


def reason(held: str) -> object:
    answer = Answer(500, {"content-type": "application/json"}, held.encode("utf-8", "surrogatepass"))
    return answers.failure(answer, SECRETS, is_bearer=False, max_retry_after=1)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "redact": lambda held: credentials.redact(held, SECRETS),
    "visible": sanitize.visible,
    "one_line": sanitize.one_line,
    "shorten": sanitize.shorten,
    "inert": sanitize.inert,
    "json_safe": sanitize.json_safe,
    "tags.find": tags.find,
    "canonical": canonical.canonical,
    "same": lambda held: canonical.same(held, held + "e\u0301"),
    "parse_retry_after": lambda held: answers.parse_retry_after({"retry-after": held, "date": held}),
    "retry-after-ms": lambda held: answers.parse_retry_after({"retry-after-ms": held}),
    "answered_at": lambda held: answers.answered_at({"date": held}),
    "failure": reason,
    "failure, as a reason": lambda held: reason(json.dumps({"reason": held})),
    "failure, after a word": lambda held: reason("wrong " + held),
    "the location of a redirect": lambda held: answers.failure(
        Answer(302, {"location": held}, b""), SECRETS, is_bearer=False, max_retry_after=1
    ),
    "code_spans": code_spans.code_spans,
    "the prose of the page": lambda held: list(blocks(held, lambda kind, id_: f"<data>{id_}</data>")),
    "a fence of the comment": lambda held: list(_fenced(held)),
    "a text of the comment": plain,
    "a sentence of the comment": prose,
}


PARSING = ("code_spans", "the prose of the page")  # all of it in Python: a mebibyte takes most of a minute


@pytest.mark.parametrize("name", sorted({*FUNCTIONS} - {*PARSING}))
def test_every_function_that_text_meets_is_linear(name: str) -> None:
    check(FUNCTIONS[name], NASTY, SHORT)


@pytest.mark.deep
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_linear_in_a_mebibyte_of_its_worst(name: str) -> None:
    check(FUNCTIONS[name], NASTY, LONG if name not in PARSING else 64 * KIB)

"""The rules of docs/architecture.md that imports can break."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "syncjob"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A library or an effect -> the only modules that may import it.
HOMES = {
    "httpx": {
        "scenario/transport.py",
        "scenario/in_process.py",
        "scenario/wire.py",
        "scenario/unanswered.py",
        "scenario/trust.py",
    },
    "httpcore": {"scenario/wire.py", "scenario/link.py", "scenario/stream.py"},
    "socket": {"scenario/stream.py"},
    "tenacity": {"scenario/retry.py"},
    "click": {"__main__.py", *(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("cli/*.py"))},
    "yaml": {"strict_yaml.py"},
    "structlog": {"log.py"},
    "markdown_it": {"markdown.py", "report/html/prose.py"},
    "jinja2": {"report/html/rendering.py"},
    "markupsafe": {"report/html/rendering.py"},
    "subprocess": {"processes.py"},
    "fcntl": {"lock.py"},
    "tempfile": {"files.py"},
    "sqlite3": {"scenario/sandbox/store.py", "spool.py", "memory.py"},
    "signal": {"signals.py"},
    "http": {"scenario/sandbox/server.py"},
}
# What the API package may know of the rest: errors, and four pure modules.
KNOWN_TO_SCENARIO = {
    "syncjob", "syncjob.errors", "syncjob.tags", "syncjob.markdown", "syncjob.display", "syncjob.credentials",
}  # fmt: skip
PURE = {
    "text.py", "tags.py", "markdown.py", "display.py", "problems.py", "existing.py", "references.py", "plan.py", "selection.py",
    "edits.py", "probe/described.py", "probe/pending.py", "probe/texts.py", "matching.py", "normalised.py", "outcome.py", "saved_plan.py", "rollback.py", "runs.py", "pull.py", "unfinished.py", "report/runs.py", "report/model.py", "report/build.py", "report/status.py", "report/text.py", "report/json.py",
    "report/summary.py", "report/doctor.py", "report/markdown.py", "report/annotations.py", "report/planned.py",
    *(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("report/html/*.py")),
    "scenario/types.py", "scenario/answers.py", "scenario/bodies.py", "scenario/window.py", "scenario/sandbox/api.py", "scenario/sandbox/rows.py", "scenario/sandbox/plays.py",
}  # fmt: skip
EFFECTS = {"os", "time", "random", "secrets", "socket", "threading", "subprocess", "shutil", "tempfile", "sys"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also within functions, but for type checking alone."""
    found: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "syncjob"}
    return found


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_library_and_effect_has_one_home(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path)}
    assert {root for root in roots & set(HOMES) if name(path) not in HOMES[root]} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if name(path).startswith("scenario/")], ids=name)
def test_the_api_package_knows_no_files_and_no_plans(path: Path) -> None:
    ours = {module for module in imports(path) if module.split(".")[0] == "syncjob"}
    outside = {module for module in ours if not module.startswith("syncjob.scenario")}
    assert {module for module in outside if not any(_is_within(module, known) for known in KNOWN_TO_SCENARIO)} == set()


def _is_within(module: str, known: str) -> bool:
    return module == known or (known != "syncjob" and module.startswith(known + ".")) or module == "syncjob.__version__"


@pytest.mark.parametrize("path", [PACKAGE / module for module in sorted(PURE)], ids=name)
def test_a_pure_module_imports_no_effect(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path)}
    assert roots & (EFFECTS | set(HOMES) - {"markdown_it", "jinja2", "markupsafe"}) == set()


def test_nothing_imports_in_a_circle() -> None:
    modules = {"syncjob." + name(path)[:-3].replace("/", "."): path for path in MODULES}
    left = {module: imports(path) & set(modules) for module, path in modules.items()}
    while free := {module for module, needs in left.items() if not needs & set(left)}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert left == {}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))

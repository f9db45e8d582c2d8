"""The rules of docs/architecture.md that imports can break."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "syncjob"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A library or an effect -> the only modules that may import it.
HOMES = {
    "httpx": {f"scenario/http/{name}.py" for name in ("transport", "wire", "trust", "pictures")},
    "httpcore": {f"scenario/http/{name}.py" for name in ("wire", "link", "stream", "unanswered")},
    "socket": {"scenario/http/stream.py"},
    "tenacity": {"scenario/retry.py"},
    "click": {"__main__.py", *(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("cli/**/*.py"))},
    "yaml": {"config/strict_yaml.py"},
    "structlog": {"log.py"},
    "markdown_it": {"text/code_spans.py", "report/html/prose.py"},
    "jinja2": {"report/html/rendering.py"},
    "markupsafe": {"report/html/rendering.py"},
    "PIL": {"pictures/fitting.py"},
    "subprocess": {"git/processes.py"},
    "fcntl": {"state/lock.py"},
    "tempfile": {"files/whole.py"},
    "sqlite3": {
        "sandbox/store.py",
        "report/item_store.py",
        "state/memory/cache.py",
        "state/memory/working_copy.py",
        "state/memory/older.py",
    },
    "signal": {"control/signals.py"},
    "http": {"output/loopback.py"},
    "webbrowser": {"output/browser.py"},
}
# Each room may import the rooms below it, and none beside or above it.
FLOORS = (
    {"__main__"},
    {"cli"},
    {"commands", "github"},
    {"remote", "report"},
    {"plan"},
    {"local", "state"},
    {"config", "control", "log", "sandbox"},
    {"git", "output", "scenario"},
    {"credentials", "problems"},
    {"environment", "errors", "files", "hosts", "pictures", "text"},
)
PURE = {
    "problems.py", "environment.py", "hosts.py", "config/base_url.py", "config/schema.py", "git/conversions.py", "local/acknowledged_lines.py", "local/names.py", "local/pages.py", "local/select.py", "local/unfinished.py", "state/constraints.py", "state/past_runs.py",
    "commands/probe/described.py", "commands/probe/pending.py", "sandbox/api.py", "sandbox/records.py", "sandbox/behaviours.py", "github/annotations.py", "github/edits.py", "commands/init/outcome.py",
    "pictures/header.py", "sandbox/drawing.py", "commands/preview/comparing.py", "scenario/media.py", "scenario/http/reach.py", "scenario/types.py", "scenario/answers.py", "scenario/rate_limit.py", "scenario/adaptive.py", "scenario/slow_start.py", "scenario/http/bodies.py",
    *(path.relative_to(PACKAGE).as_posix() for room in ("text", "plan", "plan/pull", "report", "report/html", "report/markdown") for path in PACKAGE.glob(f"{room}/*.py")),
} - {"report/item_store.py"}  # fmt: skip
EFFECTS = {"os", "time", "random", "secrets", "socket", "threading", "subprocess", "shutil", "tempfile", "sys"}


@cache
def imports(path: Path, *, for_types_too: bool = False) -> set[str]:
    """Every module that a file imports, also within functions; those for type checking alone if asked for."""
    found: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types and not for_types_too:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module.split(".")[0] == "syncjob"}
    return found


def room(module: str) -> str:
    return module.removesuffix(".py").split("/")[0]


def rooms_of(path: Path) -> set[str]:
    """The rooms that a module imports from."""
    paths = (module.split(".") for module in imports(path, for_types_too=True))
    return {parts[1] for parts in paths if parts[0] == "syncjob" and len(parts) > 1}


def floor_of(own: str) -> int:
    return next(place for place, floor in enumerate(FLOORS) if own in floor)


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_each_library_and_effect_has_one_home() -> None:
    used = {(root.split(".")[0], name(path)) for path in MODULES for root in imports(path)}
    assert {(root, module) for root, module in used if root in HOMES and module not in HOMES[root]} == set()


def test_a_room_knows_only_what_stands_below_it() -> None:
    known = {(name(path), below) for path in MODULES for below in rooms_of(path)}
    assert {(module, other) for module, other in known if other in not_below(room(module))} == set()
    assert imports(PACKAGE / "__init__.py") == set()


def not_below(own: str) -> set[str]:
    """The other rooms of a floor, and all of those above it."""
    return {known for floor in FLOORS[: floor_of(own) + 1] for known in floor} - {own}


def test_every_room_has_its_floor() -> None:
    assert {room(name(path)) for path in MODULES} - {"__init__"} == {known for floor in FLOORS for known in floor}


def test_the_api_package_knows_no_files_and_no_plans() -> None:
    known = {other for path in PACKAGE.glob("scenario/**/*.py") for other in rooms_of(path)}
    assert known <= {"scenario", "errors", "credentials", "hosts", "text", "__version__"}


def test_a_room_is_not_too_large_to_know() -> None:
    sizes = {name(folder): len(list(folder.glob("*.py"))) for folder in {path.parent for path in MODULES}}
    assert {folder: size for folder, size in sizes.items() if size > 15} == {}  # 14, and its own page


def test_the_map_is_small() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 9
    assert len(FLOORS) <= 11  # no chain of imports is longer, for each goes down


def test_a_module_and_a_function_are_read_at_a_glance() -> None:
    """But for click commands, which have their options as arguments."""
    trees = {name(path): ast.parse(path.read_text("utf-8")) for path in MODULES}
    assert [module for module in trees if len((PACKAGE / module).read_text("utf-8").splitlines()) > 300] == []
    functions = (
        (module, each)
        for module, tree in trees.items()
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and not any("click" in ast.unparse(one) for one in each.decorator_list)
    )
    lengths = {f"{module}:{each.name}": (each.end_lineno or 0) - each.lineno + 1 for module, each in functions}
    assert {place: lines for place, lines in lengths.items() if lines > 25} == {}


def test_what_calls_itself_pure_is_held_to_it() -> None:
    said = {name(path): ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in MODULES}
    assert {module for module, docstring in said.items() if "Pure." in docstring} - PURE == set()


def test_a_pure_module_imports_no_effect() -> None:
    used = {(module, root.split(".")[0]) for module in PURE for root in imports(PACKAGE / module)}
    effects = EFFECTS | set(HOMES) - {"markdown_it", "jinja2", "markupsafe"}
    assert {(module, root) for module, root in used if root in effects} == set()


def test_nothing_imports_in_a_circle() -> None:
    modules = {"syncjob." + name(path)[:-3].replace("/", "."): path for path in MODULES}
    left = {module: imports(path, for_types_too=True) & set(modules) for module, path in modules.items()}
    while free := {module for module, needs in left.items() if not needs & set(left)}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert left == {}


def test_every_module_says_what_it_is() -> None:
    assert [name(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []

"""The page's templates: whatever they are given is escaped, in each of the three ways, and nothing gets around that."""

import re
import subprocess
import sys

import pytest
from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateAssertionError, UndefinedError

from syncjob.report.html import rendering
from syncjob.report.html.escape import escape
from tests.project.test_architecture import MODULES, imports, name

ENVIRONMENT: Environment = rendering._ENVIRONMENT
TEMPLATES = ENVIRONMENT.list_templates()
HOSTILE = '<b a="\'">&\x1b[2J\u202e\n::error::x ##[error]y'
SHOWN = r"&lt;b a=&quot;&#x27;&quot;&gt;&amp;\x1b[2J\u202e" + "\n&#58;&#58;error&#58;&#58;x #&#35;[error]y"


class Foreign:
    """A value that calls itself markup, and is none of ours."""

    def __html__(self) -> str:
        return HOSTILE

    def __str__(self) -> str:
        return HOSTILE


def rendered(source: str) -> str:
    inner, macros = map(ENVIRONMENT.from_string, ("{{ value }}", "{% macro shown(it) %}{{ it }}{% endmacro %}"))
    values = {
        "value": HOSTILE,
        "foreign": Foreign(),
        "inner": inner,
        "macros": macros,
        "markup": rendering.trusted("<i>a</i>"),
    }
    return ENVIRONMENT.from_string(source).render(values)


@pytest.mark.parametrize(
    "source",
    [
        "{{ value }}",
        "{{ foreign }}",
        "{{ {'key': value}.key }}",
        "{{ [value][0] or '' }}",
        "{{ value if value else '' }}",
        "{% for each in [value] %}{{ each }}{% endfor %}",
        "{% set shown = value %}{{ shown }}",
        "{% set shown %}{{ value }}{% endset %}{{ shown }}",
        "{% macro shown(it) %}{{ it }}{% endmacro %}{{ shown(value) }}",
        "{% macro shown() %}{{ caller() }}{% endmacro %}{% call shown() %}{{ value }}{% endcall %}",
        "{% with shown = value %}{{ shown }}{% endwith %}",
        "{% include inner %}",
        "{% from macros import shown %}{{ shown(value) }}",
        "{% autoescape false %}{{ value }}{% endautoescape %}",
        "{{ value|replace('such', '') }}",
        "{{ [value]|place }}",
    ],
)
def test_a_value_is_escaped_in_all_three_ways_wherever_a_template_has_it_from(source: str) -> None:
    assert rendered(source) == SHOWN == escape(HOSTILE)


def test_a_value_in_an_attribute_ends_none_and_a_constant_is_a_value_too() -> None:
    assert rendered('<p title="{{ value }}">') == f'<p title="{SHOWN}">'
    assert rendered(r'{{ "<b>\x1b ::x ##[y" }}') == r"&lt;b&gt;\x1b &#58;&#58;x #&#35;[y"
    assert rendered("{{ 7 }}{{ none }}") == "7None"


def test_markup_goes_in_once_and_a_filter_makes_text_of_it() -> None:
    assert rendered("{{ markup }}{% set again = markup %}{{ again }}") == "<i>a</i><i>a</i>"
    for filtered in ("markup|replace('b', 'c')", "markup|one_line", "[markup]|place"):
        assert rendered(f"{{{{ {filtered} }}}}") == "&lt;i&gt;a&lt;/i&gt;"


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ vlaue }}")


@pytest.mark.parametrize("filter_", ["safe", "e", "escape", "forceescape", "join", "format", "tojson", "urlize"])
def test_no_filter_gives_markup_without_our_escape(filter_: str) -> None:
    with pytest.raises(TemplateAssertionError):
        rendered(f"{{{{ value|{filter_} }}}}")


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_template_gets_around_our_escape(template: str) -> None:
    """Markup that is joined with text is escaped by markupsafe alone, which does one of the three."""
    assert ENVIRONMENT.loader
    tree = ENVIRONMENT.parse(ENVIRONMENT.loader.get_source(ENVIRONMENT, template)[0])
    assert {each.name for each in tree.find_all(nodes.Filter)} <= set(ENVIRONMENT.filters)
    joining = (nodes.Concat, nodes.Add, nodes.Mod, nodes.Mul, nodes.MarkSafe, nodes.MarkSafeIfAutoescape)
    assert list(tree.find_all((*joining, nodes.ScopedEvalContextModifier))) == []
    called = [call.node for call in tree.find_all(nodes.Call)]
    assert {type(each) for each in called} <= {nodes.Name, nodes.Getattr}
    assert {each.attr for each in called if isinstance(each, nodes.Getattr)} <= {"items"}


def test_only_descriptions_and_our_own_files_are_trusted() -> None:
    using = {name(path) for path in MODULES if re.search(r"\btrusted\b", path.read_text("utf-8"))}
    assert {each for each in using if each.startswith("report/html/")} == {
        f"report/html/{module}.py" for module in ("page", "rendering", "sides")
    }


def test_only_a_page_loads_the_template_engine() -> None:
    said = "import sys; from syncjob.__main__ import main\ntry: main()\nfinally: assert 'jinja2' not in sys.modules"
    for arguments in (["--help"], ["diff", "--help"], ["check", "--config", "none.yaml"]):
        done = subprocess.run([sys.executable, "-c", said, *arguments], capture_output=True, text=True, check=False)
        assert "AssertionError" not in done.stderr
    reached = {name(path) for path in MODULES if "jinja2" in imports(path)}
    assert reached == {"report/html/rendering.py"}

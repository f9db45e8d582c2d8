"""The documentation says what the command says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner
from markdown_it import MarkdownIt

import demo
from release import absolute
from syncjob.cli.group import COMMANDS, cli
from syncjob.report.json import schema
from tests.support.workspace import Workspace

ROOT = Path(__file__).parents[2]
HELP = re.compile(r"^```text\n\$ syncjob(?P<command>(?: [a-z]+)?) --help\n(?P<text>.*?)```$", re.MULTILINE | re.DOTALL)


def help_texts() -> list[tuple[str, str, str]]:
    return [
        (path.name, found["command"].strip(), found["text"])
        for path in (ROOT / "README.md", ROOT / "docs" / "interface.md")
        for found in HELP.finditer(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize(
    ("page", "command", "text"), help_texts(), ids=[f"{page} {command}" for page, command, _ in help_texts()]
)
def test_help_texts_are_what_the_command_prints(page: str, command: str, text: str) -> None:
    printed = CliRunner().invoke(cli, [*command.split(), "--help"], prog_name="syncjob", terminal_width=80)
    assert text == printed.output


def test_every_command_has_its_help_text_in_the_documentation() -> None:
    assert {command for _, command, _ in help_texts()} == {"", *COMMANDS}


def test_the_published_schema_is_that_of_the_report() -> None:
    assert json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8")) == json.loads(json.dumps(schema()))


def test_the_demo_prints_what_the_readme_shows(workspace: Workspace) -> None:
    shown = re.search(r"```text\n\$ syncjob diff\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert shown
    repository = Workspace(workspace.folder / "demo")
    demo.main(repository.folder)
    printed = [repository.run(command).out for command in ("diff", "sync", "sync")]
    parts = re.split(r"\n\$ syncjob sync\n", shown.group(1))
    for part, output in zip(parts, printed, strict=True):
        for piece in part.split("…\n"):
            assert piece.strip("\n") in output


@pytest.mark.parametrize(("name", "short_help"), COMMANDS.items())
def test_the_list_of_commands_says_what_each_command_says(name: str, short_help: str) -> None:
    command = cli.get_command(Context(cli), name)
    assert command is not None
    assert command.get_short_help_str(100) == short_help


def test_make_clean_keeps_what_cannot_be_made_anew(tmp_path: Path) -> None:
    state = tmp_path / ".syncjob"
    kept = [state / name for name in (".gitignore", "runs/run.jsonl", "production.learnt.json")]
    gone = [state / name for name in ("sandbox.sqlite3", "sandbox.sqlite3-wal", "demo/config.yaml")]
    for path in (*kept, *gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    subprocess.run(["make", "-f", ROOT / "Makefile", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert [path.exists() for path in (*kept, *gone)] == [True] * 3 + [False] * 3


def test_a_release_s_readme_leads_to_its_repository_and_changes_nothing_else() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    made = absolute(text, "owner/models", "c" * 40)
    html = MarkdownIt("commonmark").render(made)
    addresses = re.findall(r'(?:href|src|srcset)="([^"]*)"', html)
    assert len(addresses) > 20
    assert {address for address in addresses if not address.startswith("https://")} == set()
    pictures = re.findall(r'(?:src|srcset)="([^"]*)"', html)
    assert {address.rpartition("/docs/")[0] for address in pictures} == {
        f"https://raw.githubusercontent.com/owner/models/{'c' * 40}"
    }
    pages = [address for address in addresses if f"/owner/models/blob/{'c' * 40}/" in address]
    assert len(pages) + len(pictures) + text.count("](https:") == len(addresses)
    for address in {*pages, *pictures}:
        assert (ROOT / address.partition("c" * 40)[2].partition("#")[0].removeprefix("/")).is_file()
    back = re.sub(rf"https://(?:raw\.githubusercontent\.com|github\.com)/owner/models/(?:blob/)?{'c' * 40}/", "", made)
    assert back == text


def test_code_and_other_hosts_stay_as_they_are() -> None:
    text = "[a](https://x.example) [b](#top) [c](mailto:a@b)\n\n```sh\n[d](e.md)\n```\n\n![f\ng](h.png) [i](j.md#k)\n"
    assert absolute(text, "o/r", "s") == text.replace("h.png", "https://raw.githubusercontent.com/o/r/s/h.png").replace(
        "j.md", "https://github.com/o/r/blob/s/j.md"
    )

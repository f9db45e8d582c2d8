"""An id that does not exist is answered with the one that may be meant, of those that a run knows."""

import pytest

from syncjob.local.document import parse
from syncjob.local.names import name_of
from syncjob.plan.references import Catalogue, Entry, model_unknown, problems_of
from syncjob.plan.suggestions import Suggestions
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


def catalogue(*keys: str) -> Catalogue:
    entries = (
        Entry("model" if kind == "m" else "asset", id_, None, None) for kind, _, id_ in (k.partition(":") for k in keys)
    )
    return Catalogue({entry.key: entry for entry in entries})


def hint(text: str, known: Catalogue, *filed: str) -> str:
    document = parse("own", "own.md", text.encode())
    problems, _ = problems_of(document.text, document.tags, None, known)
    (problem,) = Suggestions(map(name_of, filed)).to(problems, document.tags, "own", known)
    return problem.message.partition("credentials")[2]


@pytest.mark.parametrize(
    ("text", "known", "filed", "said"),
    [
        ("{model:ngnix}", ["m:nginx", "m:other"], [], "; did you mean {model:nginx}?"),
        ("{model:ngnix}", [], ["nginx", "ngnix"], "; did you mean {model:nginx}?"),
        ("{asset:asset_GTrL3mq5}", ["a:asset_GTrL3mq4", "m:asset_GTrL3mq5"], [], "; did you mean {asset:asset_GTrL3mq4}?"),
        ("{asset:nginxx}", ["m:nginx"], ["nginx"], ""),
        ("{model:mysql}", ["m:nginx"], ["postgres"], ""),
        ("`{model:ngnix}`", ["m:nginx"], [], " (in code, so it may be text)"),
        ("{model:" + "x" * 200 + "}", ["m:" + "x" * 199], [], ""),
    ],
)  # fmt: skip
def test_a_tag_is_answered_with_an_id_of_its_kind(text: str, known: list[str], filed: list[str], said: str) -> None:
    assert hint(text, catalogue(*known), *filed) == said


def test_a_files_own_model_may_be_one_that_is_listed_and_a_readme_is_none() -> None:
    suggestions = Suggestions(["nginx.md"], ["flux.1-dev.md"])
    (found,) = suggestions.to([model_unknown()], (), "flux1-dev", Catalogue())
    assert found.message.endswith("; did you mean flux.1-dev.md?")
    (none,) = suggestions.to([model_unknown()], (), "ngnix", Catalogue())
    assert none == model_unknown()
    (page,) = suggestions.to([model_unknown()], (), "README", Catalogue())
    assert page.message.endswith("; if it is a page about this folder, move it out of the folder")


def test_only_so_many_wrong_ids_of_a_run_are_looked_for() -> None:
    known = catalogue(*(f"m:model_{number:04}" for number in range(2_000)))
    text = " ".join(f"{{model:modle_{number:04}}}" for number in range(200))
    document = parse("own", "own.md", text.encode())
    problems, _ = problems_of(document.text, document.tags, None, known)
    found = Suggestions().to(problems, document.tags, "own", known)
    said = ["did you mean {model:model_" in problem.message for problem in found]
    assert said == [True] * 20 + [False] * 180


def test_a_run_names_what_may_be_meant(workspace: Workspace, remote: Loopback) -> None:
    remote.add("nginx", "redis", texts={"nginx": "text"})
    workspace.held({"nginx": "text", "redis": "see {model:ngnix}"})
    for command in (("diff",), ("check", "--remote")):
        (problem,) = workspace.json(*command).item("redis")["problems"]
        assert (problem["code"], problem["message"].endswith("did you mean {model:nginx}?")) == ("model-missing", True)


def test_a_page_about_the_folder_is_told(workspace: Workspace, remote: Loopback) -> None:
    remote.add("nginx", texts={"nginx": "text"})
    workspace.held({"nginx": "text", "README": "# About", "readme.de": "# Wovon"})
    ended = workspace.json("check")
    told = {item["model_id"]: [problem["code"] for problem in item["problems"]] for item in ended.report["items"]}
    assert (ended.status, told) == (1, {"nginx": [], "README": ["file-name"], "readme.de": ["file-name"]})
    for command in (("diff",), ("check", "--remote")):
        (problem,) = workspace.json(*command).item("README")["problems"]
        assert (problem["code"], "move it out of the folder" in problem["message"]) == ("model-unknown", True)
    remote.add("README")
    assert workspace.json("check", "--remote").item("README")["problems"] == []

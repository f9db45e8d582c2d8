"""A renamed file that is refused keeps the description of its old name on Scenario."""

import unicodedata

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.mark.parametrize("new", ["nowhere", "no model"])
@pytest.mark.parametrize("options", [(), ("--since", "HEAD~1")])
def test_prune_deletes_no_description_whose_text_is_in_a_refused_file(
    workspace: Workspace, remote: Loopback, options: tuple[str, ...], new: str
) -> None:
    texts = {"one": "te\u0301xt one", "two": "text two", "three": "text three"}
    remote.add(*texts, texts={**texts, "one": unicodedata.normalize("NFC", texts["one"])})
    workspace.held(texts)
    workspace.git("mv", "descriptions/one.md", f"descriptions/{new}.md")
    workspace.git("rm", "--quiet", "descriptions/two.md")
    workspace.commit()
    ended = workspace.json("sync", "--prune", "--keep-going", *options)
    one = ended.item("one")
    assert (ended.status, one["action"], one["status"]) == (1, "conflict", "refused")
    (problem,) = one["problems"]
    assert problem["code"] == "renamed"
    assert problem["message"].startswith(f"its text is now in descriptions/{new}.md, which is refused: ")
    assert ended.item("two")["status"] == "applied"
    assert remote.sandbox.description("one")
    assert not remote.sandbox.description("two")


def test_the_text_of_a_conflict_is_kept_too_and_that_of_a_good_file_is_not(
    workspace: Workspace, remote: Loopback
) -> None:
    texts = {"one": "text one", "two": "text two"}
    remote.add(*texts, "there", "edited", texts={**texts, "edited": "an edit"})
    workspace.held(texts)
    workspace.git("mv", "descriptions/one.md", "descriptions/edited.md")
    workspace.git("mv", "descriptions/two.md", "descriptions/there.md")
    workspace.commit()
    ended = workspace.json("sync", "--prune", "--keep-going")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["renamed"]
    assert (ended.item("there")["status"], ended.item("two")["status"]) == ("applied", "applied")
    assert remote.sandbox.description("one") == "text one"

"""A text that a server stores in another form: a pull adopts it, and a rollback undoes what became of it."""

import shutil

import pytest

from syncjob.commands.run import Options
from tests.remote.test_normalised import FORMS, TEXT, storing, written
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


def text_on(remote: Loopback) -> str:
    answer = remote.sandbox.handle("GET", "/v1/models/one/description", {"authorization": "Bearer any"}, b"")
    return answer.body.decode()


@pytest.mark.parametrize("has_journal", [True, False])
@pytest.mark.parametrize("is_merge", [False, True])
def test_it_is_adopted_and_a_rollback_undoes_it(
    workspace: Workspace, remote: Loopback, has_journal: bool, is_merge: bool
) -> None:
    workspace.expect_no_lag()
    run = written(workspace, remote, FORMS["blank lines"])
    state, aside = workspace.folder / ".syncjob", workspace.folder.parent / "aside"
    if not has_journal:  # as on another machine
        shutil.move(state, aside)
    notes = ["adopted"] if is_merge else []
    assert told(pull(workspace, Options(merge=is_merge)))["one"] == ("update", "applied", notes)
    stored = FORMS["blank lines"](TEXT)
    assert (workspace.descriptions / "one.md").read_text() == f"{stored}\n"
    workspace.commit()
    assert told(diff(workspace))["one"] == ("unchanged", "unchanged", [])
    if not has_journal:
        shutil.rmtree(state, ignore_errors=True)
        shutil.move(aside, state)
    storing(remote, lambda text: text)
    workspace.write("one", f"{stored} And more.")
    workspace.commit()
    second = sync(workspace)
    assert told(second)["one"] == ("update", "applied", [])
    assert told(rollback(workspace, second.run))["one"] == ("update", "applied", [])
    assert told(rollback(workspace, run))["one"] == ("update", "applied", [])
    assert '"old"' in text_on(remote)


def test_a_file_that_has_moved_on_from_the_text_that_was_sent_stays(workspace: Workspace, remote: Loopback) -> None:
    workspace.expect_no_lag()
    written(workspace, remote, FORMS["blank lines"])
    workspace.write("one", f"{TEXT} And more.")
    workspace.commit()
    assert told(pull(workspace))["one"] == ("unchanged", "unchanged", ["ahead"])
    assert told(pull(workspace, Options(merge=True)))["one"] == ("unchanged", "unchanged", ["ahead"])
    assert told(diff(workspace))["one"] == ("update", "planned", [])


def test_an_edit_of_a_stored_form_is_merged_over_the_text_that_was_sent(workspace: Workspace, remote: Loopback) -> None:
    workspace.expect_no_lag()
    written(workspace, remote, FORMS["blank lines"])
    workspace.write("one", TEXT.replace('A "title"', 'The "title"'))
    workspace.commit()
    remote.script = lambda method, target: None
    remote.add("one", texts={"one": FORMS["blank lines"](TEXT).replace("The end.", "The end, edited.")})
    assert told(pull(workspace, Options(merge=True)))["one"] == ("update", "applied", ["merged"])
    text = (workspace.descriptions / "one.md").read_text()
    assert text.startswith('The "title"')
    assert text.endswith("The end, edited.\n")

"""A server that stores texts in another form, or only parts of them: what is reported, and what later runs make of it."""

import html
import json
import shutil
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob.commands.run import Options
from syncjob.scenario.answers import Answer
from syncjob.text.canonical import canonical, same, sha256
from syncjob.text.normalised import is_same_but_for_form, kin_of, what_became
from tests.remote.test_write_ends import results
from tests.support.cases import mostly_deep
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

TEXT = 'A "title" & more\n\n\nSome   words, ﬁne ones.\n\nThe end.'

FORMS: dict[str, Callable[[str], str]] = {
    "spaces": lambda text: " ".join(text.split(" ")).replace("   ", " "),
    "blank lines": lambda text: text.replace("\n\n\n", "\n\n"),
    "entities": lambda text: html.escape(text),
    "compatibility": lambda text: unicodedata.normalize("NFKC", text),
}
PARTS: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[:20],
    "cut with dots": lambda text: text[:20] + "\u2026",
    "gone": lambda text: "",
    "dropped": lambda text: text.replace("& more", ""),
}


def storing(remote: Loopback, stores: Callable[[str], str]) -> None:
    """The stand-in stores another text than it is sent, and answers what it then holds."""

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        body = next(body for how, where, body in reversed(remote.asked) if (how, where) == (method, target))
        sent = json.loads(body)["description"]
        changed = json.dumps({"description": stores(sent or "") or None}).encode()
        return remote.sandbox.handle(method, target, {"authorization": "Bearer any"}, changed)

    remote.script = script


def written(workspace: Workspace, remote: Loopback, stores: Callable[[str], str]) -> str:
    """The run that sent TEXT over "old" to a server that stores it so."""
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", TEXT)
    workspace.commit()
    storing(remote, stores)
    report = sync(workspace)
    remote.asked.clear()
    (item,) = report.items
    lost = stores in PARTS.values()
    if lost:
        assert (item.status, item.error and item.error.code, report.exit_code) == ("failed", "remote-normalised", 1)
    else:
        problems = [(problem.code, problem.severity) for problem in item.problems]
        assert (item.status, problems, report.exit_code) == ("applied", [("remote-normalised", "warning")], 0)
    result = results(workspace)["one"]
    assert (result["effect"], result["stored_sha256"]) == ("written", sha256(canonical(stores(TEXT))))
    return report.run


@pytest.mark.parametrize("name", mostly_deep(FORMS))
def test_a_text_in_another_form_is_in_step_for_later_runs(workspace: Workspace, remote: Loopback, name: str) -> None:
    written(workspace, remote, FORMS[name])
    for report in (sync(workspace), diff(workspace), sync(workspace, Options(overwrite_remote_edits=True))):
        assert told(report)["one"] == ("unchanged", "unchanged", [])
        assert report.exit_code == 0
    assert remote.counts["PUT"] == 0
    workspace.write("one", "Another text.")
    assert told(sync(workspace))["one"] == ("update", "applied", [])


@pytest.mark.parametrize("name", PARTS)
def test_a_text_of_which_a_part_is_kept_is_failed_and_can_be_undone(
    workspace: Workspace, remote: Loopback, name: str
) -> None:
    run = written(workspace, remote, PARTS[name])
    remote.script = lambda method, target: None
    assert told(rollback(workspace, run))["one"] == ("update" if name != "gone" else "create", "applied", [])
    assert remote.sandbox.description("one") == "old"


@pytest.mark.deep
@pytest.mark.parametrize("name", [name for name in PARTS if name != "gone"])
def test_a_part_is_never_called_in_step(workspace: Workspace, remote: Loopback, name: str) -> None:
    written(workspace, remote, PARTS[name])
    for report in (sync(workspace), diff(workspace)):
        assert told(report)["one"] == ("invalid", "refused", ["remote-normalised"])
        assert report.exit_code == 1
    assert remote.counts["PUT"] == 0
    again = sync(workspace, Options(overwrite_remote_edits=True))
    assert told(again)["one"] == ("update", "failed", ["remote-edited", "write-uncertain", "protocol"])
    remote.script = lambda method, target: None
    workspace.write("one", "All kept.")
    assert told(sync(workspace))["one"] == ("update", "applied", [])


def test_a_deletion_that_leaves_a_text_is_no_success(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("two", "stays")
    (workspace.descriptions / "one.md").unlink()
    storing(remote, lambda text: text or "No description yet.")
    report = sync(workspace, Options(since="HEAD", prune=True))
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited", "write-uncertain"])
    assert told(report)["two"] == ("create", "applied", [])


def test_twenty_texts_of_which_a_part_is_kept_end_the_run(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(40)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, TEXT)
    storing(remote, PARTS["cut"])
    report = sync(workspace, workers=2)
    assert report.exit_code == 4
    assert 20 <= remote.counts["PUT"] < 40


@pytest.mark.parametrize("name", mostly_deep([*FORMS, "cut", "cut with dots"], first=2))
def test_elsewhere_the_message_says_what_happened_and_how_to_go_on(
    workspace: Workspace, remote: Loopback, name: str
) -> None:
    written(workspace, remote, (FORMS | PARTS)[name])
    commit = workspace.git("rev-parse", "HEAD")[:10]
    shutil.rmtree(workspace.folder / ".syncjob" / "runs")
    workspace.write("one", "Another text.")
    report = sync(workspace)
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited"])
    (item,) = report.items
    message = item.problems[0].message
    text = f"the text of commit {commit}"
    cut = f"Scenario has only the beginning of {text}: the end was deleted there, or cut when it was stored."
    assert (f"Scenario stores {text} in another form." if name in FORMS else cut) in message
    assert "`syncjob pull --merge one`" in message
    (workspace.descriptions / "one.md").write_text(TEXT)
    assert pull(workspace).exit_code == 0
    workspace.commit()
    remote.script = lambda method, target: None
    assert told(diff(workspace))["one"] == ("unchanged", "unchanged", [])
    workspace.write("one", "Another text.")
    assert told(sync(workspace))["one"] == ("update", "applied", [])


def test_a_change_of_form_alone_is_written_once(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": FORMS["spaces"](TEXT)})
    workspace.held({"one": FORMS["spaces"](TEXT)})
    workspace.write("one", TEXT)
    workspace.commit()
    storing(remote, FORMS["spaces"])
    assert told(sync(workspace))["one"] == ("update", "applied", ["remote-normalised"])
    for report in (sync(workspace), diff(workspace)):
        assert told(report)["one"] == ("unchanged", "unchanged", [])
    assert remote.counts["PUT"] == 1


def test_an_edit_of_somebody_is_still_one(workspace: Workspace, remote: Loopback) -> None:
    written(workspace, remote, FORMS["spaces"])
    remote.sandbox.put("one", FORMS["spaces"](TEXT) + " And more.")
    assert told(sync(workspace))["one"] == ("conflict", "refused", ["remote-edited"])
    remote.sandbox.put("one", TEXT.upper())
    report = sync(workspace)
    (item,) = report.items
    assert "not in git's history" in item.problems[0].message


def test_the_form_of_an_earlier_write_is_forgotten_with_a_later_one(workspace: Workspace, remote: Loopback) -> None:
    written(workspace, remote, FORMS["spaces"])
    form = remote.sandbox.description("one")
    remote.script = lambda method, target: None
    workspace.write("one", "Another text.")
    assert sync(workspace, lag=0).exit_code == 0
    workspace.commit()
    remote.sandbox.put("one", form)  # somebody pastes it
    assert told(sync(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])


def test_a_lost_answer_to_a_write_that_is_stored_in_another_form_is_ours(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", TEXT)

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            remote.sandbox.put("one", FORMS["spaces"](TEXT))
            raise ConnectionAbortedError
        return None

    remote.script = script
    assert told(sync(workspace))["one"] == ("update", "applied", ["remote-normalised"])
    assert results(workspace)["one"]["effect"] == "written"


@pytest.mark.parametrize(
    ("sent", "stored", "became"),
    [
        ("a b", "a b", "same"),
        ("e\u0301", "é", "same"),
        ("a  b\n\n\nc", "a b\n\nc", "form"),
        ("a & b", "a &amp; b", "form"),
        ("a &amp; b", "a & b", "form"),
        ("ﬁ", "fi", "form"),
        ("**bold**", "__bold__", "form"),
        ("* one\n* two", "- one\n- two", "form"),
        ("words", "WORDS", "form"),
        ("text", "text and more", "form"),
        ("some text", "some", "less"),
        ("some text", "", "less"),
        ("some long text", "some lo...", "less"),
        ("some long text", "some\u2026", "less"),
        ("a 🦊 b", "a b", "less"),
        ("<b>a</b>", "a", "less"),
        ("a <script>x</script> b", "a b", "less"),
        ("see https://example.com/page", "see [link]", "other"),
        ("one\ntwo", "onetwo", "other"),
        ("some text", "another one", "other"),
        ("some text", "another one, and longer than that text", "other"),
        ("a text of some length", "gone", "other"),
        ("a text of some length", "some length", "less"),
        ("\U0001f98a", "a fox", "other"),
        ("", "No description yet.", "other"),
        ("Title\n=====\n\nText", "# Title\n\nText", "form"),
    ],
)
def test_what_a_text_has_become(sent: str, stored: str, became: str) -> None:
    assert what_became(sent, stored) == became


def test_a_beginning_is_shorter_and_the_rest_is_not_nothing() -> None:
    assert what_became("some text", "some") == "less"
    assert what_became("some text and more", "some text...") == "less"
    assert what_became("some text", "some text") == "same"
    assert what_became("some  text ", "some text") == "form"
    assert not kin_of("")("some text")
    assert not kin_of("...")("some text")
    assert not kin_of("other")("some text")
    assert kin_of("some")("some text")
    assert kin_of("some text...")("some text and more")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(canonical), st.data())
def test_taking_anything_out_is_never_only_another_form(text: str, data: st.DataObject) -> None:
    words = text.split()
    if not words:
        return
    place = data.draw(st.integers(0, len(words) - 1))
    kept = " ".join(words[:place] + words[place + 1 :])
    if not is_same_but_for_form(text, kept):
        assert what_became(text, canonical(kept)) == "less"
    assert what_became(text, " ".join(words)) in ("same", "form")


def test_large_texts_are_compared_in_no_time() -> None:
    for piece in ("a", "&", "&amp;", " \n", "e\u0301", "\ufdfa", "_", "\u0301\u0323"):
        text = piece * (100_000 // len(piece.encode()))
        same(text, text[::-1])
        what_became(text, text[: len(text) // 2] + "x")
        kin_of(text + "x")(text)

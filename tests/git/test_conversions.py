"""What git would check out counts: idents, line ends and encodings are its own doing, and nobody's edit."""

import shutil

import pytest

from syncjob.git.conversions import checked_out
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

BLOB = "0123456789" * 4


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one")
    workspace.write("one", "text one")
    return workspace


def check_out(workspace: Workspace) -> None:
    """What a fresh clone has: every file as git writes it."""
    (workspace.descriptions / "one.md").unlink()
    workspace.git("checkout", "--quiet", "--", "descriptions/one.md")


def test_a_description_with_an_ident_is_updated_again_and_again(in_step: Workspace, remote: Loopback) -> None:
    (in_step.folder / ".gitattributes").write_text("*.md ident\n")
    in_step.git("init", "--quiet", "--initial-branch=main")
    for text in ("second $Id$ and $Id: x $", "third $Id$"):
        in_step.write("one", text)
        in_step.commit()
        check_out(in_step)
        ended = in_step.json("sync")
        assert (ended.status, ended.item("one")["status"]) == (0, "applied"), ended.out
        held = remote.sandbox.description("one")
        assert held.startswith(text.partition(" ")[0])
        assert "$Id: " in held
    remote.sandbox.put("one", "third $Id: somebody $")
    assert in_step.json("sync").item("one")["action"] == "conflict"


def test_an_ident_that_is_one_no_more_or_only_now_is_no_conflict(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "first $Id$")
    in_step.commit()
    assert in_step.run("sync").status == 0
    (in_step.folder / ".gitattributes").write_text("*.md ident\n")
    in_step.commit()
    check_out(in_step)
    assert in_step.run("sync").status == 0
    assert "$Id: " in remote.sandbox.description("one")
    (in_step.folder / ".gitattributes").unlink()
    in_step.write("one", "first $Id$")
    in_step.commit()
    assert in_step.run("sync").status == 0
    assert remote.sandbox.description("one") == "first $Id$"


@pytest.mark.parametrize("attributes", ["*.md eol=crlf", "*.md working-tree-encoding=ISO-8859-1"])
def test_line_ends_and_encodings_are_no_edits(in_step: Workspace, remote: Loopback, attributes: str) -> None:
    (in_step.folder / ".gitattributes").write_text(f"{attributes}\n")
    # As ISO-8859-1 these bytes are other characters, and git holds those.
    for text in ("line é\nfirst\n", "line é\nsecond\n"):
        in_step.write("one", text)
        in_step.commit()
        check_out(in_step)
        ended = in_step.json("sync")
        assert (ended.status, ended.item("one")["status"]) == (0, "applied"), ended.out
    assert remote.sandbox.description("one") == "line é\nsecond"


def test_an_encoding_that_is_none_of_a_description_hides_no_edit(in_step: Workspace, remote: Loopback) -> None:
    in_step.commit()
    (in_step.folder / ".git" / "info" / "attributes").write_text("*.md working-tree-encoding=UTF-16\n")
    remote.sandbox.put("one", "edited on Scenario")
    ended = in_step.json("diff")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")


def test_pull_takes_what_git_converts_for_committed(in_step: Workspace, remote: Loopback) -> None:
    (in_step.folder / ".gitattributes").write_text("*.md ident eol=crlf\n")
    in_step.write("one", "a\nb $Id$\n")
    in_step.commit()
    check_out(in_step)
    assert b"\r\n" in (in_step.descriptions / "one.md").read_bytes()
    remote.sandbox.put("one", "edited on Scenario")
    assert in_step.run("pull", "one").status == 0
    assert (in_step.descriptions / "one.md").read_text() == "edited on Scenario\n"


IDENTS = [
    "$Id$", "$Id:$", "$Id: $", "$Id: abc $", "$Id: a b $", "$Id:a$", "$Id: x  $", "$Id:  $", "$Id", "$Id:", "$Id: a\n$",
    "$Idx$ $Id$", "$$Id$$", "$Id: a b $Id$ c", "$Id: a b c $Id: d $", "x $Id$ y $Id: z $\n$Id: q", "no ident", "$id$",
    "$I$Id$", "$Id: a b $ $Id$", "$Id$Id$Id$", "$Id: a\tb $", "$Id:a b$ $Id$", "$$Id$$ and $Id$ and $$$Id: x $",
]  # fmt: skip


@pytest.mark.parametrize("more", ["", " eol=crlf"])  # git expands them in a stream, or in memory if lines change too
def test_idents_are_those_that_git_itself_expands(in_step: Workspace, more: str) -> None:
    in_step.git("init", "--quiet", "--initial-branch=main")
    for number, text in enumerate(IDENTS):
        in_step.write(f"m{number}", text)
    in_step.commit()  # before the attribute, so that each text is kept as it is
    (in_step.folder / ".git" / "info").mkdir(exist_ok=True)
    (in_step.folder / ".git" / "info" / "attributes").write_text(f"*.md ident{more}\n")
    shutil.rmtree(in_step.descriptions)
    in_step.git("checkout", "--quiet", "--", ".")
    for number, text in enumerate(IDENTS):
        blob = in_step.git("rev-parse", f"HEAD:descriptions/m{number}.md").strip()
        written = (in_step.descriptions / f"m{number}.md").read_bytes().replace(b"\r\n", b"\n")
        assert written in checked_out(text.encode(), blob, None), text


def test_what_git_would_write_in_another_encoding() -> None:
    assert list(checked_out("é".encode(), BLOB, "latin-1")) == ["é".encode(), b"\xe9"]
    assert list(checked_out("€".encode(), BLOB, "latin-1")) == ["€".encode()]
    assert list(checked_out(b"\xff", BLOB, "latin-1")) == [b"\xff"]
    for none in ("no-such-encoding", "zip", "base64", "", "\0"):
        assert list(checked_out(b"text", BLOB, none)) == [b"text"]

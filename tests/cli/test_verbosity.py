"""How much a command says on stderr, and the list of models that --stat makes of a diff."""

import pytest
from click import UsageError

from syncjob.cli.group import settings_of
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.mark.parametrize(
    ("verbose", "quiet", "level"), [(0, False, "warning"), (1, False, "info"), (3, False, "debug"), (0, True, "error")]
)
def test_verbose_and_quiet_are_levels_of_the_log(verbose: int, quiet: bool, level: str) -> None:
    given = {"config": None, "profile": None, "log_format": "auto", "log_level": "warning", "no_pager": False}
    assert settings_of(verbose=verbose, quiet=quiet, **given).log_level == level  # type: ignore[arg-type]
    if quiet:
        with pytest.raises(UsageError, match="drop one of the two"):
            settings_of(verbose=1, quiet=True, **given)  # type: ignore[arg-type]


def test_quiet_says_nothing_but_the_output_and_stat_is_a_list(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old\n\nline"})
    workspace.held({"one": "old\n\nline"})
    workspace.write("one", "new\n\nline\n\nmore\n")
    workspace.commit()
    ended = workspace.run("-q", "diff", "--stat", "--output", "said")
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    first, *_, last = (workspace.folder / "said").read_text().splitlines()
    assert first == "update       +3    -1  one (Name of one)"
    assert last.startswith("Plan: ")
    assert workspace.run("diff", "--stat", "--format", "json").status == 2

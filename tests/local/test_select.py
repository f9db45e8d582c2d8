"""What SELECT chooses."""

from pathlib import Path

import pytest

from syncjob.errors import UsageError
from syncjob.local.select import select

IDS = ("Flux", "a[1]", "flux.1-dev", "flux.1-pro", "model_a", "x.md")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The descriptions folder; the current folder is its parent."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    made = tmp_path / "descriptions"
    made.mkdir()
    return made


def chosen(folder: Path, *patterns: str, ids: tuple[str, ...] = IDS) -> list[str]:
    return sorted(name[:-3] for name in select([f"{id_}.md" for id_ in ids], patterns, folder))


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        ((), list(IDS)),
        (("model_a",), ["model_a"]),
        (("flux.1-pro", "Flux"), ["Flux", "flux.1-pro"]),
        (("model_a", "model_a", "model_*"), ["model_a"]),
        (("*",), list(IDS)),
        (("flux*",), ["flux.1-dev", "flux.1-pro"]),
        (("flux.1-???",), ["flux.1-dev", "flux.1-pro"]),
        (("[Ff]lux",), ["Flux"]),
        (("flux.1-[!d]*",), ["flux.1-pro"]),
        (("x.md",), ["x.md"]),
        (("a[1]",), ["a[1]"]),
        (("descriptions/model_a.md",), ["model_a"]),
        (("./other/../descriptions/model_a.md",), ["model_a"]),
        (("descriptions/x.md.md",), ["x.md"]),
        (("descriptions/flux.1-dev.md", "model_?"), ["flux.1-dev", "model_a"]),
    ],
)
def test_patterns_choose_by_id_glob_or_path_in_the_given_order(
    folder: Path, patterns: tuple[str, ...], ids: list[str]
) -> None:
    assert chosen(folder, *patterns) == ids


def test_an_absolute_path_and_one_over_a_link_name_the_file(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert chosen(folder, str(folder / "model_a.md")) == ["model_a"]
    assert chosen(folder, "link/model_a.md") == ["model_a"]


def test_a_path_is_read_from_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert chosen(folder, "model_a.md") == ["model_a"]
    with pytest.raises(UsageError):
        chosen(folder, "descriptions/model_a.md")


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("flux.1-deb", "; did you mean flux.1-dev?"),
        ("descriptions/modl_a.md", "; did you mean model_a?"),
        ("other/model_a.md", "; did you mean model_a?"),
        ("descriptions/model_a", "; did you mean model_a?"),
        ("zzz*", ""),
        ("FLUX*", ""),
        ("", ""),
    ],
)
def test_a_pattern_that_names_nothing_is_refused_with_the_nearest_id(folder: Path, pattern: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(folder, "model_a", pattern)
    message = str(refused.value)
    assert message.startswith(f"no description matches {pattern!r} ")
    assert message.endswith(f"the path of a file){hint}")


def test_a_link_that_leads_to_itself_names_no_file(folder: Path) -> None:
    (folder.parent / "loop").symlink_to("loop")
    with pytest.raises(UsageError):
        chosen(folder, "loop/model_a.md")


def test_a_file_name_is_compared_with_the_ids_less_its_suffix(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"; did you mean ab\?$"):
        chosen(folder, "descriptions/xab.md", ids=("ab",))


def test_a_pattern_is_shown_so_that_nothing_in_it_acts(folder: Path) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(folder, "\x1b[31m\n::error::")
    assert str(refused.value).isprintable()


def test_all_files_of_one_id_are_chosen(folder: Path) -> None:
    both = ["x.MD", "x.md"]
    assert select(both, ["x"], folder) == set(both)
    assert select(both, ["descriptions/x.md"], folder) == {"x.md"}


def test_a_pattern_may_name_nothing_where_more_names_are_to_come(folder: Path) -> None:
    assert select(["x.md"], ["x", "y"], folder, must_match=False) == {"x.md"}

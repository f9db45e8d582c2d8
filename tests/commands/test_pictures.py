"""`diff --format html` shows the pictures of what the texts refer to, and is a page whatever their servers do."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncjob.sandbox.records import asset_row
from tests.support.image_files import HTML, SVG, bomb, image
from tests.support.loopback import Loopback
from tests.support.raw_server import Scripted, answer, routed
from tests.support.workspace import KEY, SECRET, Workspace

CARD = re.compile(r"<figure.*?</figure>", re.DOTALL)
PNG, OTHER = image(), image(size=(30, 40))
SIGNED = "Expires=1&Signature=the-signature"
PLAYS = {
    "/good": answer(PNG),
    "/other": answer(OTHER),
    "/redirect": answer(b"", "location: http://127.0.0.1:1/secret-host", status="302 Found"),
    "/endless": answer(b"", length=10_000_000_000),
    "/svg": answer(SVG, "content-type: image/png"),
    "/html": answer(HTML, "content-type: image/png"),
    "/bomb": answer(bomb(60_000, 60_000)),
}


@pytest.fixture
def cdn() -> Iterator[Scripted]:
    with routed(PLAYS) as served:
        yield served


def asset(cdn: Scripted, id_: str, path: str, privacy: str = "public", **more: object) -> dict[str, object]:
    address = f"http://127.0.0.1:{cdn.port}{path}?{SIGNED}"
    return {**asset_row(id_, f"Name of {id_}", privacy=privacy), "thumbnail": {"assetId": id_, "url": address}, **more}


def cards(page: str) -> dict[str, list[str]]:
    """The cards of a page by the ids of their assets."""
    found: dict[str, list[str]] = {}
    for card in CARD.findall(page):
        found.setdefault(re.findall(r"<code>(.*?)</code>", card)[0], []).append(card)
    return found


def shown(card: str) -> bytes:
    (data,) = re.findall(r'src="data:image/png;base64,([^"]*)"', card)
    return b64decode(data)


def made(workspace: Workspace, *arguments: str, **environment: str) -> str:
    """The page of a diff; whatever it holds, no address, signature or credential is said anywhere."""
    ended = workspace.run(
        "--log-level", "debug", "diff", "--format", "html", "--output", "page.html", "--report", "report.json",
        *arguments, **environment,
    )  # fmt: skip
    assert ended.status == 0, ended.err
    page = (workspace.folder / "page.html").read_text("utf-8")
    said = page + ended.out + ended.err + (workspace.folder / "report.json").read_text("utf-8")
    for secret in ("the-signature", "/good", "/svg", "secret-host", KEY, SECRET):
        assert secret not in said
    return page


def swapped(workspace: Workspace, remote: Loopback) -> None:
    """A model whose text shows another picture than before, and one that stays."""
    workspace.held({"m": "# M\n\n{asset:old} {asset:same}"})
    remote.add("m", texts={"m": "# M\n\n{asset:old} {asset:same}"})
    workspace.write("m", "# M\n\n{asset:new} {asset:same} `{asset:in_code}`")
    workspace.commit()


def test_a_swapped_picture_is_seen_before_and_after(workspace: Workspace, remote: Loopback, cdn: Scripted) -> None:
    swapped(workspace, remote)
    remote.sandbox.add_assets([asset(cdn, "old", "/good"), asset(cdn, "new", "/other"), asset(cdn, "same", "/good")])
    page = made(workspace)
    assert [list(map(shown, found)) for found in map(cards(page).get, ("old", "new", "same")) if found] == [
        [PNG], [OTHER], [PNG],
    ]  # fmt: skip
    (row,) = (row for row in page.split('<div class="row ')[1:] if "<code>old</code>" in row and "<figure" in row)
    before, after = row.split('<div class="cell after">')
    assert list(cards(before)) == ["old"]
    assert next(iter(cards(after))) == "new"
    assert "in_code" not in cards(page)
    assert "default-src 'none'; img-src data:; style-src" in page
    assert remote.counts == {"GET": 1, "POST": 2}  # as without pictures
    assert all("authorization" not in head.lower() for head in cdn.heads)
    assert len(cdn.heads) == 3


def test_a_hostile_server_of_pictures_gets_nothing_into_the_page(
    workspace: Workspace, remote: Loopback, cdn: Scripted
) -> None:
    ids = [path.removeprefix("/") for path in PLAYS]
    text = " ".join(f"{{asset:{id_}}}" for id_ in [*ids, "local", "audio"])
    remote.add("m")
    workspace.write("m", text)
    workspace.commit()
    remote.sandbox.add_assets(asset(cdn, id_, f"/{id_}") for id_ in ids)
    local: dict[str, Any] = {"thumbnail": {"assetId": "local", "url": "https://10.0.0.1/secret-host"}}
    remote.sandbox.add_assets([asset(cdn, "local", "", **local), asset_row("audio", privacy="public", kind="audio")])
    page = made(workspace)
    reasons = {id_: re.findall(r"No picture: (.*?)</p>", found[0]) for id_, found in cards(page).items()}
    assert reasons == {
        "good": [],
        "other": [],
        "redirect": ["its server redirects."],
        "endless": ["its file is larger than 4 MiB."],
        "svg": ["what was sent is not a PNG, JPEG, GIF, WebP or AVIF image."],
        "html": ["what was sent is not a PNG, JPEG, GIF, WebP or AVIF image."],
        "bomb": ["the image is too large to be opened safely."],
        "local": ["its address is not a public one."],
        "audio": ["Scenario has no preview of it."],
    }
    assert page.count("<img") == 2
    assert b64encode(SVG).decode()[:20] not in page
    assert "alert(1)" not in page


@pytest.mark.parametrize(
    ("arguments", "environment", "private", "public"),
    [
        ((), {"SYNCJOB_DIFF_IMAGES": "never"}, None, None),
        ((), {"GITHUB_ACTIONS": "true"}, False, True),
        (("--images", "all"), {"GITHUB_ACTIONS": "true"}, True, True),
    ],
)
def test_private_pictures_stay_out_of_what_strangers_may_see(
    workspace: Workspace,
    remote: Loopback,
    cdn: Scripted,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    private: bool | None,
    public: bool | None,
) -> None:
    remote.add("m")
    workspace.write("m", "{asset:mine} {asset:ours}")
    workspace.commit()
    remote.sandbox.add_assets([asset(cdn, "mine", "/good", "private"), asset(cdn, "ours", "/other")])
    page = made(workspace, *arguments, **environment)
    assert {id_: "<img" in found[0] for id_, found in cards(page).items()} == (
        {} if private is None else {"mine": private, "ours": public}
    )
    assert len(cdn.heads) == (private or 0) + (public or 0)
    if private is None:
        assert "img-src" not in page


def test_other_formats_fetch_no_picture(workspace: Workspace, remote: Loopback, cdn: Scripted) -> None:
    swapped(workspace, remote)
    remote.sandbox.add_assets([asset(cdn, "old", "/good"), asset(cdn, "new", "/other"), asset(cdn, "same", "/good")])
    assert "the-signature" not in workspace.json("diff", "--images", "all").out
    assert cdn.heads == []


def test_the_embedded_stand_in_has_pictures_of_its_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.configure("http://127.0.0.1:9")
    workspace.write("flux.1-dev", "{asset:asset_1gHMbHjSjWYLyAnd7ZxzPkcQ}")
    workspace.commit()
    page = workspace.run("--profile", "sandbox", "diff", "--format", "html").out
    assert page.count("<img") == 1  # of what Scenario holds: a conflict's file is not looked up

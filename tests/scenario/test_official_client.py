"""The official client and ours against one served stand-in: each reads what the other wrote, to the character.

The official client's types know no null, so a description is removed by ours alone.
"""

import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from scenario_sdk import BaseModel, DefaultHttpxClient, NotFoundError
from scenario_sdk import Scenario as Official

from syncjob import errors
from syncjob.credentials import basic
from syncjob.scenario import Scenario
from tests.support.loopback import Loopback
from tests.support.workspace import KEY, SECRET

# Asks for things that are there, for one that is not, and for one that is no tag at all.
TAGS = ("{asset:asset_known}", "{model:other}", "{asset:asset_none}", "{model:none}", "{ asset:asset_known }")

TEXTS = {
    "plain": "# A model\n\nIts text.\n",
    "empty": "",
    "no final newline": "one\ntwo",
    "blank lines at the end": "one\n\n\n",
    "CRLF": "one\r\ntwo\r\n",
    "CR": "one\rtwo\r",
    "white space around": " \t one \t \n\u00a0",
    "nothing but white space": " \n\t\n ",
    "emoji": "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f",
    "NFC": unicodedata.normalize("NFC", "\u00c5ngstr\u00f6m \u1e69"),
    "NFD": unicodedata.normalize("NFD", "\u00c5ngstr\u00f6m \u1e69"),
    "not in any normal form": "s\u0307\u0323 \u212b",
    "the last code points": "\ufffd\uffff\U0010ffff",
    "BOM": "\ufeffone",
    "line and paragraph separators": "one\u2028two\u2029three\u0085four\x0bfive\x0csix",
    "bidi": "\u202eevil\u202c \u2066isolated\u2069",
    "controls": "".join(map(chr, range(0x20))) + "\x7f\x80\x9f",
    "NUL": "\0one\0two\0",
    "a lone quote": '"',
    "a lone backslash": "\\",
    "what looks escaped": r"\u0041 \n \" \\ \ud800 %41 &amp; ${HOME}",
    "JSON": '{"description": null}',
    "tag at the start": TAGS[0] + " end",
    "tag at the end": "start " + TAGS[1],
    "tag alone": TAGS[0],
    "tags all over": "a {asset:asset_known}{model:other}\n" + "\n".join(TAGS) + "\nb" + "".join(TAGS) + "`" + TAGS[0] + "`",
    "tags a thousand times": "".join(TAGS) * 1_000,
    "broken tags": "{asset:} {asset:asset_known {model:../other} {asset:{asset:asset_known}}",
    "200 KB": "a line of text, 32 bytes long.\r\n" * 6_400,
    "200 KB of emoji": "\U0001f600" * 51_200,
}  # fmt: skip
EACH_TEXT = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@pytest.fixture
def ours(remote: Loopback) -> Iterator[Scenario]:
    with Scenario(basic(KEY, SECRET), base_url=remote.url, requests_per_minute=0, attempts=1) as client:
        yield client


@pytest.fixture
def official(remote: Loopback) -> Iterator[Official]:
    with Official(
        api_key=KEY,
        api_secret=SECRET,
        base_url=remote.url,
        max_retries=0,
        http_client=DefaultHttpxClient(trust_env=False),
        _strict_response_validation=True,
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def catalogue(remote: Loopback) -> None:
    remote.add("one", "other")
    remote.add_assets("asset_known")


def seen_by_ours(value: msgspec.Struct) -> object:
    return _without_none(msgspec.to_builtins(value))


def seen_by_official(value: BaseModel) -> object:
    return _without_none(value.model_dump(mode="json", by_alias=True))


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_none(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [_without_none(member) for member in value]
    return value


@EACH_TEXT
def test_ours_reads_what_the_official_client_wrote(ours: Scenario, official: Official, text: str) -> None:
    written = official.models.description.update("one", description=text).description
    read = ours.models.description.retrieve("one")
    assert written.value == read.value == text
    assert seen_by_official(written) == seen_by_ours(read)


@EACH_TEXT
def test_the_official_client_reads_what_ours_wrote(ours: Scenario, official: Official, text: str) -> None:
    written = ours.models.description.update("one", text)
    read = official.models.description.retrieve("one").description
    assert written.value == read.value == text
    assert seen_by_ours(written) == seen_by_official(read)


def test_both_see_the_same_references(ours: Scenario, official: Official) -> None:
    text = " ".join(TAGS)
    ours.models.description.update("one", text)
    mine = ours.models.description.retrieve("one")
    theirs = official.models.description.retrieve("one").description
    assert [asset.id for asset in mine.assets] == [asset.id for asset in theirs.assets] == ["asset_known"]
    assert [model.id for model in mine.models] == [model.id for model in theirs.models] == ["other"]
    assert mine.assets[0].properties.size == theirs.assets[0].properties.size
    assert mine.assets[0].url == theirs.assets[0].url


def test_what_ours_removed_is_gone_for_both(ours: Scenario, official: Official) -> None:
    official.models.description.update("one", description="text")
    assert ours.models.description.update("one", None).value == ""
    assert official.models.description.retrieve("one").description.value == ""
    assert ours.models.description.retrieve("one").value == ""


def test_both_read_models_in_bulk_alike(ours: Scenario, official: Official, remote: Loopback) -> None:
    ids = [f"model_{number}" for number in range(40)]
    remote.add(*ids)
    asked = [*reversed(ids), "unknown", "one"]
    mine = ours.models.get_bulk(asked)
    theirs = official.models.get_bulk(model_ids=asked).models
    assert [model.id for model in mine] == [*reversed(ids), "one"]
    assert [seen_by_ours(model) for model in mine] == [seen_by_official(model) for model in theirs]


def test_both_read_assets_in_bulk_alike(ours: Scenario, official: Official, remote: Loopback) -> None:
    ids = [f"asset_{number}" for number in range(199)]
    remote.add_assets(*ids)
    asked = [*ids, "asset_known"]
    mine = ours.assets.get_bulk(asked)
    theirs = official.assets.get_bulk(asset_ids=asked).assets
    assert [asset.id for asset in mine] == asked
    assert [seen_by_ours(asset) for asset in mine] == [seen_by_official(asset) for asset in theirs]


@pytest.mark.parametrize("page_size", [1, 3, 500])
def test_both_list_all_pages_alike(ours: Scenario, official: Official, remote: Loopback, page_size: int) -> None:
    remote.add("public_1", "public_2", "public_3", privacy="public")
    for privacy in ("private", "public"):
        mine = list(ours.models.list(page_size=page_size, privacy=privacy))
        theirs = list(official.models.list(page_size=page_size, privacy=privacy))
        assert len(mine) == (3 if privacy == "public" else 5)
        assert [seen_by_ours(model) for model in mine] == [seen_by_official(model) for model in theirs]


def test_both_read_single_records_alike(ours: Scenario, official: Official, remote: Loopback) -> None:
    bulk_only = ours.models.get_bulk(["one"])[0]
    assert seen_by_ours(bulk_only) == seen_by_official(official.models.retrieve("one").model)
    assert seen_by_ours(ours.assets.get_bulk(["asset_known"])[0]) == seen_by_official(
        official.assets.retrieve("asset_known").asset
    )


Call = tuple[Callable[[Scenario], object], Callable[[Official], object]]
CALLS: list[Call] = [
    (
        lambda ours: ours.models.description.retrieve("one"),
        lambda official: official.models.description.retrieve("one"),
    ),
    (
        lambda ours: ours.models.description.retrieve("one", original_assets=True, project_id="proj 1&2"),
        lambda official: official.models.description.retrieve("one", original_assets=True, project_id="proj 1&2"),
    ),
    (
        lambda ours: ours.models.description.update(
            "one", 'a "text"\n\u2028', original_assets=True, project_id="proj_1"
        ),
        lambda official: official.models.description.update(
            "one", description='a "text"\n\u2028', original_assets=True, project_id="proj_1"
        ),
    ),
    (
        lambda ours: ours.models.get_bulk(["one", "other"], project_id="proj_1"),
        lambda official: official.models.get_bulk(model_ids=["one", "other"], project_id="proj_1"),
    ),
    (
        lambda ours: ours.assets.get_bulk(["asset_known"]),
        lambda official: official.assets.get_bulk(asset_ids=["asset_known"]),
    ),
    (
        lambda ours: list(ours.models.list(page_size=7, status="trained", project_id="proj_1")),
        lambda official: list(official.models.list(page_size=7, status="trained", project_id="proj_1")),
    ),
]


@pytest.mark.parametrize(("call", "official_call"), CALLS)
def test_both_send_the_same_request(
    ours: Scenario,
    official: Official,
    remote: Loopback,
    call: Callable[[Scenario], object],
    official_call: Callable[[Official], object],
) -> None:
    call(ours)
    official_call(official)
    assert len(remote.asked) == 2
    (method, target, body), (their_method, their_target, their_body) = remote.asked
    assert (method, urlsplit(target).path) == (their_method, urlsplit(their_target).path)
    assert parse_qs(urlsplit(target).query) == parse_qs(urlsplit(their_target).query)
    assert (msgspec.json.decode(body or b"null")) == (msgspec.json.decode(their_body or b"null"))
    assert remote.headers[0]["authorization"] == remote.headers[1]["authorization"]
    assert remote.headers[0].get("content-type") == remote.headers[1].get("content-type")


def test_both_fail_alike_for_an_unknown_model(ours: Scenario, official: Official) -> None:
    with pytest.raises(errors.NotFound, match="Model unknown not found"):
        ours.models.description.retrieve("unknown")
    with pytest.raises(NotFoundError, match="Model unknown not found"):
        official.models.description.retrieve("unknown")

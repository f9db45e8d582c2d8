"""The schema of config.yaml for editors: it is what a run takes, and the file of this repository names it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from syncjob.config.config import load
from syncjob.config.schema import schema
from syncjob.errors import UsageError

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "config.schema.json"


def validator() -> Draft7Validator:
    Draft7Validator.check_schema(schema())
    return Draft7Validator(schema())


def test_the_published_schema_is_that_of_the_config() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == json.loads(json.dumps(schema()))


def test_the_first_line_of_this_repositorys_config_names_the_schema_for_editors() -> None:
    text = (ROOT / "config.yaml").read_text("utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / named).resolve() == PUBLISHED
    validator().validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "profiles",
    [
        {},
        {"p": {}},
        {"p": {"base_url": 1}},
        {"p": {"base_url": "https://host/v1", "htp": {}}},
        {"p": {"base_url": "https://host/v1", "http": {"workers": 0}}},
        {"p": {"base_url": "https://host/v1", "safety": {"max_change_percent": 101}}},
        {"p": {"base_url": "https://host/v1", "safety": {"max_deletes": None}}},
        {"p": {"base_url": "https://host/v1", "http": {"share": 0.5}, "safety": {"max_deletes": 0}}},
        {"p": {"base_url": "sandbox:", "project_id": None, "original_assets": True}},
    ],
)
def test_an_editor_says_no_to_what_a_run_refuses(tmp_path: Path, profiles: dict[str, Any]) -> None:
    value = {"profile": "p", "profiles": profiles}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(value), "utf-8")
    try:
        load(path, None, {})
        is_taken = True
    except UsageError:
        is_taken = False
    assert validator().is_valid(value) == (is_taken or profiles == {})  # that a profile is there, no schema can say

"""The values of the API, held against the API page in machine form: nothing missing, nothing closed."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from syncjob.scenario import types

PAGE = Path(__file__).parents[2] / "docs" / "openapi.yaml"

STRUCTS = {
    "DescriptionAsset": types.DescriptionAsset,
    "DescriptionModel": types.DescriptionModel,
    "Description": types.Description,
    "DescriptionEnvelope": types.DescriptionEnvelope,
    "AssetProperties": types.AssetProperties,
    "Asset": types.Asset,
    "AssetMetadata": types.AssetMetadata,
    "QualityGate": types.QualityGate,
    "Model": types.Model,
    "ModelBulkItem": types.ModelRow,
    "AssetRef": types.AssetRef,
    "ModelList": types.ModelPage,
    "ModelBulkResponse": types.ModelBulk,
    "AssetBulkResponse": types.AssetBulk,
}
BOTH = pytest.mark.parametrize(("name", "struct"), STRUCTS.items(), ids=STRUCTS)


@cache
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PAGE.read_text("utf-8"))["components"]["schemas"]
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference; of an open vocabulary, its open half."""
    while "$ref" in schema:
        schema = schemas()[schema["$ref"].rpartition("/")[2]]
    return resolved(schema["anyOf"][-1]) if "anyOf" in schema else schema


def sample(schema: dict[str, Any], *, whole: bool) -> Any:
    """A value of a schema, with all members or the required ones alone; vocabularies hold new words."""
    schema = resolved(schema)
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {"any": {"type": "number"}})
        required = schema.get("required", [])
        return {name: sample(member, whole=whole) for name, member in members.items() if whole or name in required}
    if kind == "array":
        return [sample(schema["items"], whole=whole)]
    return {"string": "a word of tomorrow", "number": 1.5, "boolean": True, None: {"any": ["thing"]}}[kind]


def encoded(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


@BOTH
def test_a_type_has_every_member_of_its_schema_and_no_other(name: str, struct: type[msgspec.Struct]) -> None:
    fields = msgspec.structs.fields(struct)
    assert sorted(field.encode_name for field in fields) == sorted(schemas()[name]["properties"])


@BOTH
def test_the_required_members_are_those_of_the_schema(name: str, struct: type[msgspec.Struct]) -> None:
    required = [field.encode_name for field in msgspec.structs.fields(struct) if field.required]
    assert sorted(required) == sorted(schemas()[name]["required"])


@BOTH
def test_a_record_with_every_member_is_read_and_none_is_lost(name: str, struct: type[msgspec.Struct]) -> None:
    whole = sample(schemas()[name], whole=True)
    value = msgspec.json.decode(encoded(whole), type=struct)
    assert encoded(value) == encoded(whole)


@BOTH
def test_the_required_members_alone_are_enough_and_unknown_ones_are_ignored(
    name: str, struct: type[msgspec.Struct]
) -> None:
    least = sample(schemas()[name], whole=False)
    value = msgspec.json.decode(encoded(least), type=struct)
    assert msgspec.json.decode(encoded({**least, "aMemberOfTomorrow": {"deep": [None]}}), type=struct) == value
    for field in msgspec.structs.fields(struct):
        assert field.required is not (getattr(value, field.name) is None)


@BOTH
def test_each_required_member_is_missed_by_its_name(name: str, struct: type[msgspec.Struct]) -> None:
    least = sample(schemas()[name], whole=False)
    for member in schemas()[name]["required"]:
        without = {other: value for other, value in least.items() if other != member}
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{member}`"):
            msgspec.json.decode(encoded(without), type=struct)


@BOTH
def test_a_member_of_another_type_is_refused(name: str, struct: type[msgspec.Struct]) -> None:
    whole = sample(schemas()[name], whole=True)
    wrong = {"string": 7, "number": "7", "boolean": "true", "object": [], "array": {}}
    for member, schema in schemas()[name]["properties"].items():
        kind = resolved(schema).get("type")
        if kind:
            with pytest.raises(msgspec.ValidationError, match=rf"\$\.{member}`"):
                msgspec.json.decode(encoded({**whole, member: wrong[kind]}), type=struct)


@pytest.mark.parametrize(
    ("name", "members"),
    [("DescriptionAsset", {"kind", "privacy", "source"}), ("DescriptionModel", {"type", "privacy"})],
)
def test_the_vocabularies_of_a_description_are_open(name: str, members: set[str]) -> None:
    record = sample(schemas()[name], whole=False)
    read = msgspec.to_builtins(msgspec.json.decode(encoded(record), type=STRUCTS[name]))
    assert {read[member] for member in members} == {"a word of tomorrow"}


def test_a_value_never_changes() -> None:
    for struct in STRUCTS.values():
        assert struct.__struct_config__.frozen
    assert hash(types.AssetRef(asset_id="a", url="u")) == hash(types.AssetRef(asset_id="a", url="u"))


def test_a_description_may_be_null_inside() -> None:
    read = msgspec.json.decode(b'{"assets": [], "models": [], "value": null}', type=types.Description)
    assert read == types.Description(assets=(), models=(), value=None)

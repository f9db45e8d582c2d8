"""Whole model and asset records from the few facts that matter. Pure."""

from collections.abc import Mapping
from typing import Any

SIGNATURE = "sandbox"
_TYPES = {
    "image": ("image/png", "png"),
    "video": ("video/mp4", "mp4"),
    "audio": ("audio/mpeg", "mp3"),
    "3d": ("model/gltf-binary", "glb"),
}
_CREATED = "2026-01-05T09:00:00.000Z"
_COMMON: Mapping[str, Any] = {
    "authorId": "user_sandbox", "ownerId": "proj_sandbox", "collectionIds": [], "tags": [],
    "createdAt": _CREATED, "updatedAt": _CREATED,
}  # fmt: skip


def model_row(
    model_id: str, name: str | None = None, *, type_: str = "flux.1-lora", privacy: str = "private"
) -> dict[str, Any]:
    """A model as a listing holds it."""
    row = {
        "id": model_id, **_COMMON, "capabilities": ["txt2img"], "custom": type_ == "custom", "exampleAssetIds": [],
        "privacy": privacy, "source": "scenario", "status": "trained", "trainingImagesNumber": 0, "type": type_,
    }  # fmt: skip
    return row if name is None else {**row, "name": name}


def asset_row(
    asset_id: str, name: str | None = None, *, privacy: str = "private", kind: str = "image"
) -> dict[str, Any]:
    """An asset; its URL is signed, as the real ones are, and leads nowhere."""
    mime_type, ending = _TYPES[kind]
    return {
        "id": asset_id, **_COMMON, "editCapabilities": ["UPSCALE"], "kind": kind, "mimeType": mime_type,
        "metadata": {"kind": kind, "type": "inference-txt2img", "name": name or asset_id},
        "privacy": privacy, "properties": {"size": 482_113, "width": 1024, "height": 1024},
        "source": "txt2img", "status": "success",
        "url": f"https://cdn.sandbox.invalid/assets/{asset_id}.{ending}?Expires=1796000000&Signature={SIGNATURE}",
    }  # fmt: skip


def sample(number: int) -> tuple[dict[str, Any], str]:
    """A model that only fills the catalogue, and its description."""
    name = f"Sample {number}"
    text = f"# {name}\n\nA model of the stand-in, to try syncjob with.\n\n- Guidance: {number % 7 + 2}"
    return model_row(f"model_sample-{number:03}", name), text


def thumbnail_of(asset_id: str, host: str) -> dict[str, str]:
    """Where a small picture of an asset is, on the stand-in itself."""
    address = f"http://{host}/pictures/{asset_id}.png?Expires=1796000000&Signature={SIGNATURE}"
    return {"assetId": asset_id, "url": address}

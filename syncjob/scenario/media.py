"""What an asset is, and where its picture can be fetched. Pure."""

from dataclasses import dataclass, field

from syncjob.scenario.types import DescriptionAsset


@dataclass(frozen=True, slots=True)
class Media:
    """What an asset is: image, video, audio, 3d and so on; `address` is signed, so it is never shown nor stored."""

    kind: str
    mime_type: str
    address: str | None = field(default=None, repr=False)


def media_of(asset: DescriptionAsset) -> Media:
    """With the smallest picture that Scenario has of it; only an image is its own."""
    small = asset.thumbnail or asset.preview
    own = asset.url if asset.kind == "image" or asset.mime_type.startswith("image/") else None
    return Media(asset.kind, asset.mime_type, small.url if small else own)

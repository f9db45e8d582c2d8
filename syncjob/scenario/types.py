"""What the API sends, as frozen values: every property of docs/openapi.yaml, camelCase on the wire.

Enumerations are open: `kind`, `privacy`, `source`, `type` and `classification` are plain texts,
because their lists grow from release to release. Unknown members are ignored. A missing required
member is refused with its path. Timestamps are ISO 8601 texts, as sent.
"""

from typing import Any

from msgspec import Struct, field

Number = int | float
Json = dict[str, Any]


class _Wire(Struct, frozen=True, rename="camel", kw_only=True):
    """Base of all: camelCase on the wire, snake_case here."""


class AssetRef(_Wire, frozen=True):
    """Another asset, with a signed URL that expires."""

    asset_id: str
    url: str


class CameraKeyframe(_Wire, frozen=True):
    position: tuple[Number, ...]
    target: tuple[Number, ...]
    fov: Number | None = None


class Transcription(_Wire, frozen=True):
    text: str


class AssetProperties(_Wire, frozen=True):
    """Technical facts of a file; which are present depends on its kind. `size` is in bytes."""

    size: Number
    animation_frame_count: Number | None = None
    bitrate: Number | None = None
    bone_count: Number | None = None
    camera_mode: str | None = None
    camera_trajectory: tuple[CameraKeyframe, ...] | None = None
    channels: Number | None = None
    char_count: Number | None = None
    classification: str | None = None
    codec_name: str | None = None
    description: str | None = None
    dimensions: tuple[Number, ...] | None = None
    duration: Number | None = None
    face_count: Number | None = None
    format: str | None = None
    frame_rate: Number | None = None
    has_animations: bool | None = None
    has_full_preview: bool | None = None
    has_normals: bool | None = None
    has_skeleton: bool | None = None
    has_uvs: bool | None = field(name="hasUVs", default=None)
    height: Number | None = None
    nb_frames: Number | None = None
    preview: str | None = None
    sample_rate: Number | None = None
    transcription: Transcription | None = None
    vertex_count: Number | None = None
    width: Number | None = None
    word_count: Number | None = None


class DescriptionAsset(_Wire, frozen=True):
    """An asset that a description refers to. `url` is signed and expires: never store or show it."""

    id: str
    author_id: str
    kind: str
    mime_type: str
    owner_id: str
    privacy: str
    properties: AssetProperties
    source: str
    url: str
    original_file_url: str | None = None
    original_mime_type: str | None = None
    preview: AssetRef | None = None
    thumbnail: AssetRef | None = None


class DescriptionModel(_Wire, frozen=True):
    id: str
    privacy: str
    type: str
    author_id: str | None = None
    name: str | None = None
    owner_id: str | None = None
    short_description: str | None = None


class Description(_Wire, frozen=True):
    """A model's Markdown, as stored, with what its tags refer to.

    `value` is None or "" if the model has no description: which of the two is not documented.
    """

    assets: tuple[DescriptionAsset, ...]
    models: tuple[DescriptionModel, ...]
    value: str | None


class DescriptionEnvelope(_Wire, frozen=True):
    description: Description


class MaybeDescription(_Wire, frozen=True):
    """The same of an API that is known to answer null for no description, which is not documented."""

    description: Description | None


class AssetMetadata(_Wire, frozen=True):
    """How an asset came to be; the members that a description sync may want."""

    kind: str
    type: str
    name: str | None = None
    file_name: str | None = None
    size: Number | None = None
    width: Number | None = None
    height: Number | None = None
    parent_id: str | None = None
    root_parent_id: str | None = None
    original_asset_id: str | None = None
    source_project_id: str | None = None
    parent_job_id: str | None = None
    inference_id: str | None = None
    model_id: str | None = None
    base_model_id: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: Any = None
    thumbnail: Any = None


class QualityGate(_Wire, frozen=True):
    computed_at: str
    status: str
    version: str
    overall_score: Number | None = None
    ai_quality_score: Number | None = None
    brief_compliance_score: Number | None = None
    applied_brief_ids: tuple[str, ...] | None = None
    sensitivity: str | None = None
    verdict: str | None = None
    error: str | None = None
    details: Json | None = None


class Asset(DescriptionAsset, frozen=True, rename="camel", kw_only=True):
    collection_ids: tuple[str, ...]
    created_at: str
    edit_capabilities: tuple[str, ...]
    metadata: AssetMetadata
    status: str
    tags: tuple[str, ...]
    updated_at: str
    automatic_captioning: str | None = None
    deleted_at: str | None = None
    description: str | None = None
    embedding: tuple[Number, ...] | None = None
    first_frame: AssetRef | None = None
    last_frame: AssetRef | None = None
    is_hidden: bool | None = None
    nsfw: tuple[str, ...] | None = None
    output_index: Number | None = None
    quality_gate: QualityGate | None = None


class AssetBulk(_Wire, frozen=True):
    assets: tuple[Asset, ...]


class Concept(_Wire, frozen=True):
    model_id: str
    scale: Number
    model_epoch: str | None = None


class ComplianceMetadata(_Wire, frozen=True):
    sub_processor: str | None = None
    model_provider: str | None = None
    license_terms: str | None = None
    data_processing_comment: str | None = None
    maintainer: str | None = None
    enterprise_status: str | None = None


class ModelRow(_Wire, frozen=True):
    """A model as a bulk read holds it, without its long description; only `id` and `type` are sure to be there."""

    id: str
    type: str
    privacy: str | None = None
    capabilities: tuple[str, ...] | None = None
    collection_ids: tuple[str, ...] | None = None
    created_at: str | None = None
    custom: bool | None = None
    example_asset_ids: tuple[str, ...] | None = None
    source: str | None = None
    status: str | None = None
    tags: tuple[str, ...] | None = None
    training_images_number: Number | None = None
    updated_at: str | None = None
    author_id: str | None = None
    owner_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    short_description: str | None = None
    access_restrictions: Number | None = None
    class_: Json | None = field(name="class", default=None)
    compliance_metadata: ComplianceMetadata | None = None
    compliant_model_ids: tuple[str, ...] | None = None
    concepts: tuple[Concept, ...] | None = None
    deleted_at: str | None = None
    disable_refund: bool | None = None
    epoch: str | None = None
    epochs: tuple[Json, ...] | None = None
    inputs: tuple[Json, ...] | None = None
    job_id: str | None = None
    model_keyword: str | None = None
    negative_prompt_embedding: str | None = None
    prompt_embedding: str | None = None
    parameters: Json | None = None
    parent_model_id: str | None = None
    performance_stats: Json | None = None
    soft_deletion_on: str | None = None
    thumbnail: AssetRef | None = None
    training_image_pairs: tuple[Json, ...] | None = None
    training_images: tuple[Json, ...] | None = None
    training_progress: Json | None = None
    training_stats: Json | None = None
    ui_config: Json | None = None


class Model(ModelRow, frozen=True, rename="camel", kw_only=True):
    """The full record of a model, as a listing holds it: more is sure to be there."""

    capabilities: tuple[str, ...]
    collection_ids: tuple[str, ...]
    created_at: str
    custom: bool
    example_asset_ids: tuple[str, ...]
    privacy: str
    source: str
    status: str
    tags: tuple[str, ...]
    training_images_number: Number
    updated_at: str


class ModelPage(_Wire, frozen=True):
    models: tuple[Model, ...]
    next_pagination_token: str | None = None


class ModelBulk(_Wire, frozen=True):
    models: tuple[ModelRow, ...]


class AssetEnvelope(_Wire, frozen=True):
    asset: Asset


class ModelEnvelope(_Wire, frozen=True):
    model: ModelRow

"""How a text gets to Scenario and back, as a drawing."""

from pictures.camera import Camera

_WIDTH, _HEIGHT = 990, 300
_BOX = (200, 84)
# What stands in a box, and the place of its upper left corner.
_BOXES = (
    ("You edit", "a file for each model, descriptions/ID.md", 20, 30),
    ("Pull request", "shows what a merge would change", 270, 30),
    ("Merge", "syncjob sync writes what changed", 520, 30),
    ("Scenario", "the description people read", 770, 30),
    ("Every night", "syncjob diff finds what was edited there", 520, 190),
    ("Pull request back", "syncjob pull brings the edit to git", 270, 190),
)
# Arrows as SVG paths, from box to box.
_ARROWS = (
    "M220 72 H262", "M470 72 H512", "M720 72 H762",
    "M870 114 V232 H728", "M520 232 H478", "M270 232 H120 V122",
)  # fmt: skip
_PAGE = """<!doctype html><meta charset="utf-8"><style>
:root {{ --ink: #1f2328; --soft: #59636e; --paper: #fff; --rule: #8c959f; --mark: #0969da; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #f0f6fc; --soft: #9198a1; --paper: #0d1117; --rule: #656c76; --mark: #4493f8; }} }}
body {{ margin: 0; background: var(--paper); }}
.box {{ position: absolute; width: {width}px; height: {height}px; box-sizing: border-box; border: 1.5px solid var(--rule); border-radius: 8px;
  padding: 10px 12px; font: 13px/1.4 "DejaVu Sans", sans-serif; color: var(--soft); overflow-wrap: anywhere; }}
.box b {{ display: block; font-size: 15px; color: var(--ink); }}
svg {{ position: absolute; left: 0; top: 0; }}
path {{ fill: none; stroke: var(--mark); stroke-width: 2; }} marker path {{ fill: var(--mark); stroke: none; }}
</style>
<svg width="{whole}" height="{high}"><defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7"
orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>{arrows}</svg>{boxes}"""


def take(camera: Camera) -> None:
    """Writes flow-light.png and flow-dark.png."""
    arrows = "".join(f'<path d="{way}" marker-end="url(#tip)"/>' for way in _ARROWS)
    boxes = "".join(
        f'<div class="box" style="left:{left}px;top:{top}px"><b>{title}</b>{words}</div>'
        for title, words, left, top in _BOXES
    )
    width, height = _BOX
    html = _PAGE.format(width=width, height=height, whole=_WIDTH, high=_HEIGHT, arrows=arrows, boxes=boxes)
    camera.keep("flow", html, _WIDTH, _HEIGHT)

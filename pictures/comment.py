"""The comment on a pull request, roughly as GitHub shows it."""

from markdown_it import MarkdownIt

from pictures.camera import Camera

_PAGE = """<!doctype html><meta charset="utf-8"><style>
:root {{ color-scheme: light dark; --ink: #1f2328; --paper: #fff; --rule: #d1d9e0; --code: #818b981f; --link: #0969da; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #f0f6fc; --paper: #0d1117; --rule: #3d444d; --code: #656c7633; --link: #4493f8; }}
}}
body {{ margin: 0; padding: 24px; background: var(--paper); color: var(--ink); font: 14px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; }}
main {{ border: 1px solid var(--rule); border-radius: 6px; padding: 4px 20px 12px; }}
h1, h2, h3 {{ line-height: 1.25; }} h2 {{ border-bottom: 1px solid var(--rule); padding-bottom: .3em; }}
code {{ font: 85%/1.4 "DejaVu Sans Mono", monospace; background: var(--code); padding: .2em .4em; border-radius: 6px; }}
pre {{ background: var(--code); padding: 12px; border-radius: 6px; overflow: auto; }} pre code {{ background: none; padding: 0; }}
table {{ border-collapse: collapse; }} td, th {{ border: 1px solid var(--rule); padding: 6px 13px; }}
a {{ color: var(--link); }} summary {{ cursor: pointer; }}
</style><main>{comment}</main>"""


def take(camera: Camera, markdown: str) -> None:
    """Writes comment-light.png and comment-dark.png."""
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    camera.keep("comment", _PAGE.format(comment=rendered), 860)

"""A terminal, as it goes: diff, sync and its question, and a sync that finds nothing to do."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from pictures import terminal
from pictures.camera import Camera

_WIDTH, _HEIGHT = 900, 620
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px 20px; background: #12161c; height: {height}px; overflow: hidden; box-sizing: border-box;
  display: flex; flex-direction: column; justify-content: flex-end; }}
pre {{ margin: 0; font: 13px/1.45 "DejaVu Sans Mono", monospace; color: #d6dde6; white-space: pre-wrap; }}
</style><pre>{lines}</pre>"""
# How long each is shown, in milliseconds.
_TYPED, _READ = 900, 4500
_COLOURS = 32


def take(camera: Camera, repository: Path) -> None:
    """Writes terminal.gif, which plays once."""
    texts = list(_screens(repository))
    shots = (camera.shot(_html(text), _WIDTH, _HEIGHT).resize((_WIDTH, _HEIGHT)) for text, _ in texts)
    frames = [shot.quantize(_COLOURS, dither=Image.Dither.NONE) for shot in shots]
    lasts = [milliseconds for _, milliseconds in texts]
    frames[0].save(
        camera.folder / "terminal.gif", save_all=True, append_images=frames[1:], duration=lasts, optimize=True
    )


def _screens(repository: Path) -> Iterator[tuple[str, int]]:
    """What is on the screen after each step, and for how long."""
    screen = ""
    steps = ((("diff",), ()), (("sync",), (b"y\n",)), (("sync",), ()))
    for arguments, answers in steps:
        screen += f"\x1b[1m$ syncjob {' '.join(arguments)}\x1b[0m\n"
        yield screen, _TYPED
        screen += terminal.shown(repository, *arguments, answers=answers)
        yield screen, _READ


def _html(screen: str) -> str:
    console = Console(record=True, width=terminal.COLUMNS, file=StringIO())
    console.print(Text.from_ansi(screen), soft_wrap=True)
    lines = console.export_html(theme=MONOKAI, code_format="{code}", inline_styles=True)
    return _PAGE.format(height=_HEIGHT, lines=lines)

"""A terminal, as it goes: the list, one model, sync and its question, and a list with nothing left to do."""

from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from pictures import terminal
from pictures.camera import Camera

_WIDTH, _HEIGHT = 900, 620
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px 20px; background: #12161c; }}
pre {{ margin: 0; font: 13px/1.45 "DejaVu Sans Mono", monospace; color: #d6dde6; white-space: pre-wrap; }}
span[style*="background-color"] {{ color: #12161c; }}
</style><pre>{lines}</pre><script>scrollTo(0, document.body.scrollHeight)</script>"""
# Background, text; black, red, green, yellow, blue, magenta, cyan, white.
_THEME = TerminalTheme(
    (18, 22, 28), (214, 221, 230),
    [(26, 30, 36), (255, 123, 114), (126, 231, 135), (255, 190, 100),
     (121, 192, 255), (210, 168, 255), (86, 212, 221), (214, 221, 230)],
)  # fmt: skip
# How long each is shown, in milliseconds.
_TYPED, _READ = 900, 4500
_STEPS = (("diff", "--stat"), ("diff", "I3fUkYcTSY-PEkhvYMDvSQ"), ("sync",), ("diff", "--stat"))
_QUESTION = "[y/N]: "
_COLOURS = 64


def take(camera: Camera, repository: Path) -> None:
    """Writes terminal.gif, which plays once."""
    texts = list(_screens(repository))
    shots = [camera.shot(_html(text), _WIDTH, _HEIGHT).resize((_WIDTH, _HEIGHT)) for text, _ in texts]
    frames = _reduced(shots)
    lasts = [milliseconds for _, milliseconds in texts]
    frames[0].save(
        camera.folder / "terminal.gif", save_all=True, append_images=frames[1:], duration=lasts, optimize=True
    )


def _reduced(shots: Sequence[Image.Image]) -> Sequence[Image.Image]:
    """With the same few colours in all of them, of which rare ones, such as red, are not left out."""
    together = Image.new("RGB", (_WIDTH, _HEIGHT * len(shots)))
    for place, shot in enumerate(shots):
        together.paste(shot, (0, _HEIGHT * place))
    palette = together.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    return [shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot in shots]


def _screens(repository: Path) -> Iterator[tuple[str, int]]:
    """What is on the screen after each step, and for how long."""
    screen = ""
    for arguments in _STEPS:
        screen += f"\x1b[1m$ syncjob {' '.join(arguments)}\x1b[0m\n"
        yield screen, _TYPED
        before, question, after = terminal.shown(repository, *arguments, answers=(b"y\n",)).partition(_QUESTION)
        if question:
            yield screen + before + question, _READ
        screen += before + question + after
        yield screen, _READ


def _html(screen: str) -> str:
    console = Console(record=True, width=terminal.COLUMNS, file=StringIO())
    console.print(Text.from_ansi(screen), soft_wrap=True)
    lines = console.export_html(theme=_THEME, code_format="{code}", inline_styles=True)
    return _PAGE.format(lines=lines)

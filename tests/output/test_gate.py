"""The gate of stdout and stderr by itself: whatever is written, only what is ours acts."""

import io
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TextIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.output import gate
from syncjob.output.gate import Bar, Gate
from syncjob.output.outlet import Outlet
from syncjob.text.sanitize import json_safe, printable, visible
from tests.output.test_streams import full_pipe

OURS = re.compile("\x1b\\[(?:[0-27]|3[1-6])m")
ANY_TEXT = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b[]031;m?hHJK\r\x9b"))


def written(
    tmp_path: Path, write: Callable[[Gate], object], *, encoding: str = "utf-8", is_in_step: bool = False
) -> bytes:
    with (tmp_path / "written").open("wb") as file:
        stream = Gate(file.fileno(), encoding, is_in_step=is_in_step)
        write(stream)
        stream.flush()
    return (tmp_path / "written").read_bytes()


@given(ANY_TEXT)
@settings(deadline=None)
def test_of_all_sequences_our_colours_alone_pass(text: str) -> None:
    shown = printable(text, is_colored=True)
    assert visible(OURS.sub("", shown)) == OURS.sub("", shown)
    assert printable(text, is_colored=False) == visible(text)


@given(ANY_TEXT)
@settings(deadline=None)
def test_what_renderers_have_made_visible_passes_as_it_is(text: str) -> None:
    assert printable(visible(text), is_colored=False) == visible(text)
    encoded = json_safe(json.dumps(text, ensure_ascii=False))
    assert printable(encoded, is_colored=True) == encoded


def test_a_sequence_that_comes_in_pieces_does_not_act(tmp_path: Path) -> None:
    def write(stream: Gate) -> None:
        for part in "\x1b]0;x\x07::error::x ##[error]y":
            stream.write(part)

    assert written(tmp_path, write) == rb"\x1b]0;x\x07::error::x ##[error]y"
    assert b"##[" not in written(tmp_path, write, is_in_step=True)


def test_what_is_ours_acts_and_hides_no_cursor(tmp_path: Path) -> None:
    def write(stream: Gate) -> None:
        stream.write("begun ")
        stream.own("\r\x1b[K")
        Bar(cast("TextIO", stream)).write("\r\x1b[?25l[##]")
        Bar(cast("TextIO", stream)).write("\x1b[?25h\n")

    assert written(tmp_path, write) == b"begun \r\x1b[K\r[##]\n"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", rb"\xe9"), ("latin-1", b"\xe9"), ("utf-16", "é".encode())])
def test_the_terminals_own_encoding_is_spoken_but_for_machine_formats(
    tmp_path: Path, encoding: str, shown: bytes
) -> None:
    def write(stream: Gate) -> None:
        stream.write("é")
        with gate.as_utf_8(cast("TextIO", stream)):
            stream.write("é")
        stream.write("é")

    assert written(tmp_path, write, encoding=encoding) == shown + "é".encode() + shown


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    def write(stream: Gate) -> None:
        def say(name: str) -> None:
            for _ in range(200):
                stream.write(name * 50 + "\n")

        threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lines = written(tmp_path, write).decode().splitlines()
    assert len(lines) == 800
    assert all(len(line) == 50 and len(set(line)) == 1 for line in lines)


def test_a_reader_that_has_gone_is_a_failure_and_no_exception() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = Gate(writer, "utf-8", is_in_step=False)
    gate.bound(stream)
    assert stream.write("x\n") == 2
    stream.flush()
    assert isinstance(gate.failure_of(stream), BrokenPipeError)
    assert stream.write("y\n") == 2
    stream.flush()
    os.close(writer)


def test_a_word_from_a_signal_handler_waits_for_nobody() -> None:
    with full_pipe() as pipe:
        for outlet in (Outlet(pipe), Outlet(pipe, is_bounded=True)):
            outlet.offer(b"word")
            outlet.bound()
            outlet.offer(b"word")
            assert outlet.failure is None


def test_a_stream_that_is_thrown_away_when_modules_are_gone_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    stream = gate.Gate(writer, "utf-8", is_in_step=False)
    monkeypatch.setattr(gate, "printable", None)
    stream.close()  # as Python does at its end
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        assert said.read() == b""


@pytest.mark.parametrize(
    ("environment", "on_a_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "", "NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_environment_says_whether_there_are_colours(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], on_a_terminal: bool, elsewhere: bool
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    watched = io.StringIO()
    watched.isatty = lambda: True  # type: ignore[method-assign]
    assert (gate.is_colorful(watched), gate.is_colorful(io.StringIO())) == (on_a_terminal, elsewhere)


class Watched(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_message_is_folded_at_blanks_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    message = f"{' '.join(['word'] * 20)}\nnext {' '.join(['step'] * 20)}"
    said = []
    monkeypatch.setenv("COLUMNS", "40")
    for stream in (io.StringIO(), Watched()):
        monkeypatch.setattr(sys, "stderr", stream)
        gate.tell(message)
        said.append(stream.getvalue())
    assert said[0] == f"syncjob: {message.replace(chr(10), chr(10) + '  ')}\n"
    assert max(map(len, said[1].splitlines())) <= 40
    assert said[1].split() == said[0].split()

"""`python -m syncjob` and the `syncjob` command: every way out becomes an exit status and a message."""

import gc
import os
import sys

from syncjob import __version__

TYPE_CHECKING = False  # that of typing takes as long to load as all the rest of --version
if TYPE_CHECKING:
    from typing import TextIO


def main() -> None:
    """Runs the command line and exits; no traceback reaches a user."""
    if sys.argv[1:] == ["--version"]:
        # Without click, which takes three times as long to load as Python to start.
        print(f"syncjob {__version__}")
        return
    # While modules load nothing becomes garbage, and to look for it takes a tenth of the start.
    gc.disable()
    try:
        status = _run()
    except KeyboardInterrupt:
        status = 130
    _flush(sys.stderr)
    _leave(status)


def _leave(status: int) -> None:
    """Exits; at once where a thread still waits for something: Python would crash on a lock that it holds."""
    threading = sys.modules.get("threading")
    if threading and threading.active_count() > 1:
        _flush(sys.stdout)
        os._exit(status)
    sys.exit(status)


def _flush(stream: "TextIO | None") -> None:
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        _drop(stream.fileno())


def _run() -> int:
    from syncjob.errors import SyncjobError, UsageError

    try:
        _prepare_streams()
        return _invoke()
    except UsageError as error:
        return _say(str(error), 2)
    except SyncjobError as error:
        return _say(str(error), 1)
    except BrokenPipeError:
        # Whoever read stdout has gone: `syncjob diff | head` ends quietly, but not with success.
        _drop(sys.stdout.fileno())
        return 1
    except OSError as error:
        _drop(sys.stdout.fileno())
        return _say(f"cannot go on: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}", 1)
    except Exception as error:
        return _say(_internal(error), 1)


def _invoke() -> int:
    import click

    from syncjob.cli.group import cli

    # What is loaded stays to the end; no collection need walk over it, and the one at the exit takes an eighth of --help.
    gc.freeze()
    try:
        return cli.main(prog_name="syncjob", standalone_mode=False) or 0
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        if isinstance(error, click.NoSuchOption) and any(error.option_name in known.opts for known in cli.params):
            return _say(f"{error.option_name} stands before the command: syncjob {error.option_name} … COMMAND", 2)
        return error.exit_code


def _prepare_streams() -> None:
    """Whatever is printed can be encoded; without stdout there would be no product, so no run begins."""
    from syncjob import runner
    from syncjob.errors import UsageError

    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  open to the end
    if sys.stdout is None:
        raise UsageError("stdout is closed; redirect it to a file or to /dev/null")
    if runner.is_on(os.environ):
        sys.stdout, sys.stderr = runner.Inert.around(sys.stdout), runner.Inert.around(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _say(message: str, status: int) -> int:
    from syncjob.display import visible

    print(f"syncjob: {visible(message)}", file=sys.stderr)
    return status


def _drop(descriptor: int) -> None:
    """Python writes what is left in a buffer at its end; to a full disk that would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _internal(error: Exception) -> str:
    """One line about a fault of syncjob's own, without values that may be secret."""
    import traceback
    from pathlib import Path

    from syncjob import credentials
    from syncjob.errors import SyncjobError

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    try:
        known = credentials.from_environment(os.environ)
        what = credentials.redact(f"{type(error).__name__}: {error}", known)
    except SyncjobError:
        what = type(error).__name__
    return f"internal error, please report it with this line: {what} ({place}, syncjob {__version__})"


if __name__ == "__main__":
    main()

"""`python -m syncjob` and the `syncjob` command: every way out becomes an exit status and a message."""

import sys

from syncjob import __version__


def main() -> None:
    """Runs the command line and exits; no traceback reaches a user."""
    if sys.argv[1:] == ["--version"]:
        # Without click, which takes three times as long to load as Python to start.
        print(f"syncjob {__version__}")
        return
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(_run())


def _run() -> int:
    import click

    from syncjob.cli import cli
    from syncjob.errors import SyncjobError, UsageError

    try:
        return cli.main(prog_name="syncjob", standalone_mode=False) or 0
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UsageError as error:
        return _say(str(error), 2)
    except SyncjobError as error:
        return _say(str(error), 1)
    except BrokenPipeError:
        return _without_reader()
    except OSError as error:
        return _say(f"cannot go on: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}", 1)
    except Exception as error:
        return _say(_internal(error), 1)


def _say(message: str, status: int) -> int:
    from syncjob.display import visible

    print(f"syncjob: {visible(message)}", file=sys.stderr)
    return status


def _without_reader() -> int:
    """Whoever read stdout has gone: `syncjob diff | head` ends quietly, but not with success."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _internal(error: Exception) -> str:
    """One line about a fault of syncjob's own, without values that may be secret."""
    import os
    import traceback
    from pathlib import Path

    from syncjob import credentials

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    what = credentials.redact(f"{type(error).__name__}: {error}", credentials.from_environment(os.environ))
    return f"internal error, please report it with this line: {what} ({place}, syncjob {__version__})"


if __name__ == "__main__":
    main()

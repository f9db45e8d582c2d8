"""`python -m syncjob` and the `syncjob` command: every way out becomes an exit status and a message."""

import gc
import os
import sys

from syncjob import __version__


def main() -> None:
    """Runs the command line and exits; no traceback reaches a user."""
    if sys.argv[1:] == ["--version"]:
        # Without click, which takes three times as long to load as Python to start.
        sys.exit(_print_version())
    # While modules load nothing becomes garbage, and to look for it takes a tenth of the start.
    gc.disable()
    try:
        status = _run()
    except KeyboardInterrupt:
        status = 130
    _leave(_with_what_was_lost(status))


def _leave(status: int) -> None:
    """Exits; at once if a thread still waits for something: Python would crash on a lock that it holds."""
    sys.stderr.flush()
    threading = sys.modules.get("threading")
    if threading and threading.active_count() > 1:
        os._exit(status)
    sys.exit(status)


def _print_version() -> int:
    try:
        os.write(1, f"syncjob {__version__}\n".encode())
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(f"syncjob: {_unwritable(error)}", file=sys.stderr)
        return 1
    return 0


def _run() -> int:
    from syncjob.errors import SyncjobError, UsageError, in_words

    try:
        _prepare_streams()
        return _invoke()
    except UsageError as error:
        return _say(str(error), 2)
    except SyncjobError as error:
        return _say(str(error), 1)
    except OSError as error:
        return _say(f"cannot continue: {in_words(error)}", 1)
    except Exception as error:
        from syncjob.output.internal import told

        return _say(told(error), 1)


def _with_what_was_lost(status: int) -> int:
    """The exit status, no success if stdout could not be written: `syncjob diff | head` ends quietly, but not with 0."""
    from syncjob.output.gate import failure_of

    if sys.stdout is None:
        return status
    sys.stdout.flush()
    failure = failure_of(sys.stdout)
    if failure and not isinstance(failure, BrokenPipeError | TimeoutError):
        _say(_unwritable(failure), status)
    return status or (1 if failure else 0)


def _unwritable(failure: OSError) -> str:
    return f"cannot write to stdout: {failure.strerror}"


def _invoke() -> int:
    import click

    from syncjob.cli.group import cli, explained

    asked = os.environ.get("_SYNCJOB_COMPLETE")

    # What is loaded stays to the end; no collection need walk over it, and the one at the exit takes an eighth of --help.
    gc.freeze()
    try:
        if asked:
            from syncjob.cli import completion

            return completion.respond(cli, asked)
        return cli.main(prog_name="syncjob", standalone_mode=False) or 0
    except click.Abort:
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _say(explained(error), error.exit_code)


def _prepare_streams() -> None:
    """Whatever is printed goes through a gate; without stdout nothing would show, so no run begins."""
    from syncjob.environment import is_step
    from syncjob.errors import UsageError
    from syncjob.output.gate import Gate

    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # else the next file that is opened would be taken for stdin, stdout or stderr
            os.open(os.devnull, os.O_RDWR)
    is_in_step = is_step(os.environ)
    sys.stderr = Gate(2, getattr(sys.stderr, "encoding", "utf-8"), is_in_step=is_in_step)
    if sys.stdout is None:
        raise UsageError("stdout is closed; redirect it to a file or to /dev/null")
    sys.stdout = Gate(1, sys.stdout.encoding, is_in_step=is_in_step)


def _say(message: str, status: int) -> int:
    from syncjob.output.gate import tell

    tell(message)
    return status


if __name__ == "__main__":
    main()

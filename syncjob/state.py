"""The state folder `.syncjob/`: made when it is first needed, and ignored by git on its own."""

from pathlib import Path

from syncjob.errors import UsageError


def state_folder(path: Path) -> Path:
    """The folder, made with owner-only access where it is missing; raises UsageError where it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True)
        # Only in a folder of our own: SYNCJOB_STATE_DIR may name one that holds other things.
        (path / ".gitignore").write_text("*\n", encoding="utf-8")
    except FileExistsError:
        return path
    except OSError as error:
        raise UsageError(
            f"cannot make the state folder {path}: {error.strerror}; SYNCJOB_STATE_DIR names another"
        ) from error
    return path


def sandbox_file(path: Path) -> Path:
    """Where the stand-in of a state folder keeps its data; the folder is made where it is missing."""
    return state_folder(path) / "sandbox.sqlite3"


def runs_folder(path: Path) -> Path:
    """Where a state folder keeps the journals of runs; made where it is missing."""
    folder = state_folder(path) / "runs"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder of journals {folder}: {error.strerror}") from error
    return folder

"""The journals of the earlier runs of one project."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.state import journal
from syncjob.state.journal import Begin, Record


def of_project(
    config: Config, *, but: str = "", since: float | None = None
) -> Iterator[tuple[Path, Begin, Iterator[Record]]]:
    """Each journal of the project, oldest first: its path, its first record, and the others up to any damage.

    A folder that cannot be listed has none. Left out are the run `but`, and journals that nobody has written to
    `since`, in seconds of the epoch.
    """
    runs: list[str] = []
    with suppress(UsageError):
        runs = journal.run_ids(config.state_dir)
    for run in reversed(runs):
        path = journal.path_of(config.state_dir, run)
        records = _readable(config, run) if run != but and not _is_older(path, since) else iter(())
        begin = next(records, None)
        if isinstance(begin, Begin) and begin.target == config.target:
            yield path, begin, records


def _is_older(path: Path, since: float | None) -> bool:
    with suppress(OSError):
        return since is not None and path.stat().st_mtime < since
    return True


def _readable(config: Config, run: str) -> Iterator[Record]:
    with suppress(UsageError, OSError):  # a damaged journal hides itself alone
        yield from journal.read(config.state_dir, run)

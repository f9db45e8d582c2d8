"""The items of a report on their way: in a file that SQLite keeps for itself, so that a long run's are never in memory."""

import errno
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice

import msgspec

from syncjob.report.model import Item, is_plain

# By number and not by path: names of files that are shown alike are not the same file.
_TABLE = """CREATE TABLE items (
    number INTEGER PRIMARY KEY, slice INTEGER, model_id TEXT, path TEXT, is_plain INTEGER, item BLOB
)"""
_ROW = "(?, ?, ?, ?, ?, ?)"
_ROWS = 100  # in one statement: after each the interpreter is somebody else's
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Item)


class _Database:
    """Closed with its last reader."""

    def __init__(self) -> None:
        # Without a name it is a temporary file, and gone with the connection. Nothing in it need outlast a crash.
        # One thread uses it, but whichever looks for garbage after a run that broke off may be the one to close it.
        self.connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _TABLE):
            self.connection.execute(statement)

    def __del__(self) -> None:
        self.connection.close()


class Items(Collection[Item]):
    """Items of a spool, sorted by model id, from one number of a slice to another."""

    def __init__(self, database: _Database, first: int = 0, last: int = 2**62) -> None:
        self._database = database
        self._slices = (first, last)

    def __iter__(self) -> Iterator[Item]:
        query = "SELECT item FROM items WHERE slice BETWEEN ? AND ? ORDER BY model_id, path, number"
        for (item,) in self._database.connection.execute(query, self._slices):
            yield _DECODER.decode(item)

    def notable(self) -> Iterator[Item]:
        """Those among them of which more is to be said than that they are in step."""
        query = "SELECT item FROM items WHERE slice BETWEEN ? AND ? AND NOT is_plain ORDER BY model_id, path, number"
        for (item,) in self._database.connection.execute(query, self._slices):
            yield _DECODER.decode(item)

    def __len__(self) -> int:
        query = "SELECT count(*) FROM items WHERE slice BETWEEN ? AND ?"
        (count,) = self._database.connection.execute(query, self._slices).fetchone()
        return int(count)

    def __contains__(self, item: object) -> bool:
        return any(item == other for other in self)


class Spool(Items):
    """All items. To be used by one thread."""

    def __init__(self) -> None:
        super().__init__(_Database())
        self._count = 0

    def add(self, items: Sequence[Item], slice_: int) -> int:
        """Adds items to a slice; returns the number of the first, each of the others has the next. Raises OSError."""
        first = self._count
        self._count += len(items)
        self.put(items, slice_, first)
        return first

    def put(self, items: Sequence[Item], slice_: int, first: int) -> None:
        """Puts items in the place of those with the numbers from `first` on. Raises OSError."""
        connection = self._database.connection
        rows = (_row(number, slice_, item) for number, item in enumerate(items, first))
        try:
            connection.execute("BEGIN")
            while some := list(islice(rows, _ROWS)):
                statement = f"INSERT OR REPLACE INTO items VALUES {', '.join([_ROW] * len(some))}"  # noqa: S608  no value
                connection.execute(statement, list(chain.from_iterable(some)))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            message = f"no room for the report ({error}); `syncjob runs` shows what was written"
            raise OSError(errno.ENOSPC, message) from error

    def of(self, slice_: int) -> Items:
        """The items of one slice."""
        return Items(self._database, slice_, slice_)


def _row(number: int, slice_: int, item: Item) -> tuple[object, ...]:
    return number, slice_, item.model_id, item.path, is_plain(item), _ENCODER.encode(item)


def notable(items: Collection[Item]) -> Iterator[Item]:
    """Those of which more is to be said than that they are in step; of a long run's nearly all are not even looked at."""
    return items.notable() if isinstance(items, Items) else (item for item in items if not is_plain(item))

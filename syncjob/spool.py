"""The items of a report on their way: in a file that SQLite keeps for itself, so that a long run's are never in memory."""

import errno
import sqlite3
from collections.abc import Collection, Iterable, Iterator

import msgspec

from syncjob.report.model import Item

_TABLE = "CREATE TABLE items (slice INTEGER, model_id TEXT, path TEXT, item BLOB, PRIMARY KEY (model_id, path))"
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Item)


class _Database:
    """Closed with the last who reads from it."""

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
        query = "SELECT item FROM items WHERE slice BETWEEN ? AND ? ORDER BY model_id, path"
        for (item,) in self._database.connection.execute(query, self._slices):
            yield _DECODER.decode(item)

    def __len__(self) -> int:
        query = "SELECT count(*) FROM items WHERE slice BETWEEN ? AND ?"
        (count,) = self._database.connection.execute(query, self._slices).fetchone()
        return int(count)

    def __contains__(self, item: object) -> bool:
        return any(item == other for other in self)


class Spool(Items):
    """All items; of one model and path the last that was put. To be used by one thread."""

    def __init__(self) -> None:
        super().__init__(_Database())

    def put(self, items: Iterable[Item], slice_: int) -> None:
        """Adds items to a slice, in place of those that stand for the same. Raises OSError."""
        rows = ((slice_, item.model_id, item.path, _ENCODER.encode(item)) for item in items)
        connection = self._database.connection
        try:
            connection.execute("BEGIN")
            connection.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            message = f"no room for the report ({error}); what was written stands in `syncjob runs`"
            raise OSError(errno.ENOSPC, message) from error

    def of(self, slice_: int) -> Items:
        """The items of one slice."""
        return Items(self._database, slice_, slice_)

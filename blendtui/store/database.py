"""The store's file: opening it, its schema's version, and values as JSON."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TypeVar

import msgspec

from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind

VERSION = 8

PATIENCE = 10.0
"""Seconds that a connection waits for another one's lock."""

_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode


def open_store(path: Path) -> sqlite3.Connection:
    """Open the store for reading and writing, and make it if it isn't there.

    WAL lets faces read while the engine writes. A commit reaches the disk's cache (NORMAL): it
    survives a killed process, and a power cut costs at most the last commits, never the file.

    Raises:
        Failure: STORE_UNREADABLE where the file is no store, or one of another version;
            STATE_UNWRITABLE where it can't be made or opened.
    """
    with translated(path):
        _make_private(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        try:
            _make_ready(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _make_private(path: Path) -> None:
    """Make the file, for the user alone; those that SQLite puts beside it have the same rights.

    One that is there is not opened: to close it again would end the locks that SQLite has on it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error


def _make_ready(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, VERSION):
        raise sqlite3.DatabaseError("it was written by another version of blendtui")
    if found == 0:
        tables = resources.files("blendtui.store").joinpath("schema.sql").read_text()
        connection.executescript(
            f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {VERSION}; COMMIT;"
        )


def _use_wal(connection: sqlite3.Connection) -> None:
    """Have the file written ahead, however many open a new one at the same moment.

    Each of them holds the file shared and wants it alone, so SQLite refuses all at once, without
    the connection's own patience (measured: 55 of 1,200 openings, four at a time).
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises for the store's file into what a user can be told about."""
    try:
        yield
    except sqlite3.OperationalError as error:  # no room, no right to write, locked for long
        raise Failure.of(FaultKind.STATE_UNWRITABLE, path=path, reason=error) from error
    except sqlite3.DatabaseError as error:
        raise Failure.of(FaultKind.STORE_UNREADABLE, path=path, reason=error) from error


def to_json(value: object) -> str:
    """Write a value for a *_json column."""
    return _encode(value).decode()


def from_json(text: str, kind: type[_T]) -> _T:
    """Read a value from a *_json column."""
    return msgspec.json.decode(text, type=kind)


def fault_to_json(fault: Fault | None) -> str | None:
    """Write a fault for a column that may be empty."""
    return None if fault is None else to_json(fault)


def fault_from_json(text: str | None) -> Fault | None:
    """Read a fault from a column that may be empty."""
    return None if text is None else from_json(text, Fault)

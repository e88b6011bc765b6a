"""The store's file: opening it, its schema's version, and values as JSON."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path
from typing import TypeVar

import msgspec

from blendtui.farm.faults import Fault

VERSION = 1

_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode


def open_store(path: Path) -> sqlite3.Connection:
    """Open the store for reading and writing, and make it if it isn't there.

    WAL lets faces read while the engine writes. A commit reaches the disk's cache (NORMAL): it
    survives a killed process, and a power cut costs at most the last commits, never the file.

    Raises:
        sqlite3.DatabaseError: the file is no store, or one of another version.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, VERSION):
        connection.close()
        raise sqlite3.DatabaseError(f"{path} was written by another version of blendtui")
    if found == 0:
        connection.executescript(resources.files("blendtui").joinpath("schema.sql").read_text())
        connection.execute(f"PRAGMA user_version = {VERSION}")
    return connection


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

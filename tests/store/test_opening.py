"""Any number of faces and an engine may open a store at once, also one that isn't there yet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blendtui.store.database import VERSION, open_store

OPENERS = 8


def test_a_new_store_is_opened_by_many_at_the_same_moment(tmp_path: Path) -> None:
    for number in range(100):
        start = threading.Barrier(OPENERS)

        def opened(path: Path = tmp_path / f"{number}.db", start: threading.Barrier = start) -> int:
            start.wait()
            connection = open_store(path)
            connection.execute("SELECT count(*) FROM job").fetchone()
            found: int = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.close()
            return found

        with ThreadPoolExecutor(OPENERS) as pool:
            all_of_them = [pool.submit(opened) for _ in range(OPENERS)]
            assert {one.result() for one in all_of_them} == {VERSION}

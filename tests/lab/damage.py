"""Damage to files on a host: a folder deleted, a picture altered, a log cut, an order halved."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.hosts import Host
from tests.lab.lab import Lab

if TYPE_CHECKING:
    from tests.lab.kinds import Fault

HALVES = (b'{"do":"frame","fra', b'{"do":"frame","frame":7,"try":', b'{"')
"""Orders as far as they were written."""

PATIENCE = 4.0
"""Seconds to wait for something that can be damaged."""


def delete_work_dir(lab: Lab, fault: Fault) -> bool:
    """Remove the whole folder, under a Blender that renders."""
    folder = lab.hosts[fault.host].work_dir
    was_there = folder.exists()
    for _ in range(20):  # Blender goes on writing meanwhile
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
    return was_there


def alter_output(lab: Lab, fault: Fault) -> bool:
    """Cut a rendered file short, or change a byte of it, before anybody has collected it."""
    host = lab.hosts[fault.host]
    host.cable.unplug()
    try:
        found = _first(host.outputs)
        if found is None:
            return False
        data = bytearray(found.read_bytes())
        if fault.choice % 2:
            data[len(data) // 2] ^= 0xFF
        else:
            data = data[: len(data) // 2]
        found.write_bytes(data)
        return True
    except FileNotFoundError:
        return False
    finally:
        host.cable.plug()


def cut_log(lab: Lab, fault: Fault) -> bool:
    """Cut a log in the middle of its last lines, as a file system does after the current failed."""
    host = lab.hosts[fault.host]
    log = _first(lambda: [run / "log" for run in host.runs() if _size(run / "log") > 1000])
    if log is None:
        return False
    with contextlib.suppress(OSError):
        os.truncate(log, _size(log) - (20, 150, 700)[fault.choice % 3])
        return True
    return False


def halve_order(lab: Lab, fault: Fault) -> bool:
    """Leave half an order at the end of a file of orders, as a lost connection does."""
    host = lab.hosts[fault.host]
    orders = _first(lambda: _orders(host))
    if orders is None:
        return False
    try:
        handle = os.open(orders, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return False
    with os.fdopen(handle, "ab") as file:
        file.write(HALVES[fault.choice % 3])
    return True


def _orders(host: Host) -> list[Path]:
    return [run / "orders" for run in host.runs() if _size(run / "orders") > 0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _first(find: Callable[[], list[Path]]) -> Path | None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found[-1]
        time.sleep(0.02)
    return None

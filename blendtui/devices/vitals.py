"""How a device is while it works: load, memory, GPUs, free disk. A script, and reading it; pure.

The script goes on by itself and costs the device some milliseconds each time. It is the device's
lowest priority, and nobody waits for it: where a part of it hangs, such as a driver's own program
or a file system that is gone, there is no word any more and nothing else happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

EVERY = 10
"""Seconds between two looks."""

VITALS = r"""
LC_ALL=C; export LC_ALL
renice -n 10 -p $$ >/dev/null 2>&1
look() {
    echo "cores $(getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu)"
    if [ -r /proc/meminfo ]; then
        echo "load $(cat /proc/loadavg)"
        sed -n 's/^\([A-Z][A-Za-z]*\): *\([0-9]*\) kB$/mem \1 \2/p' /proc/meminfo | head -n 12
    else
        echo "load $(sysctl -n vm.loadavg | tr -d '{}')"
        echo "total $(sysctl -n hw.memsize)"
        vm_stat | sed -n \
            -e 's/.*page size of \([0-9]*\) bytes.*/page \1/p' \
            -e 's/^Pages active: *\([0-9]*\)\.$/pages \1/p' \
            -e 's/^Pages wired down: *\([0-9]*\)\.$/pages \1/p' \
            -e 's/^Pages occupied by compressor: *\([0-9]*\)\.$/pages \1/p'
        ioreg -r -d 1 -w 0 -c IOAccelerator 2>/dev/null |
            sed -n 's/.*"Device Utilization %"=\([0-9]*\).*/gpu \1 -/p'
    fi
    df -Pk "$1" 2>/dev/null |
        sed -n '2,$s/.*[^0-9]\([0-9][0-9]*\)  *[0-9][0-9]*%.*/free \1/p' | tail -n 1
    if command -v nvidia-smi >/dev/null; then
        nvidia-smi --query-gpu=utilization.gpu,temperature.gpu --format=csv,noheader,nounits \
            2>/dev/null | sed -e 's/^/gpu /' -e 's/,/ /'
    fi
    for busy in /sys/class/drm/card*/device/gpu_busy_percent; do
        [ -r "$busy" ] || continue
        heat=-
        for one in "${busy%/*}"/hwmon/hwmon*/temp1_input; do
            [ ! -r "$one" ] || heat=$(sed 's/[0-9][0-9][0-9]$//' "$one" 2>/dev/null)
        done
        echo "gpu $(cat "$busy" 2>/dev/null) $heat"
    done
}
while :; do
    look "$1" 2>/dev/null
    echo end || exit
    sleep "$2" </dev/null >/dev/null 2>&1 || exit
done
"""
"""$1 the work_dir, $2 the seconds between two looks. Prints names and values, and "end" after
each look."""

_LINE_AT_MOST = 200
_LINES_AT_MOST = 64
_BYTES = 2**60
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a device is; None is what it can't tell.

    `load` is that of the last minute; memory and free disk space are in bytes. `gpu_use` is the
    mean of all its cards, from 0 to 1; `gpu_temperature` that of the hottest, in degrees Celsius.
    """

    load: float | None = None
    cores: int | None = None
    memory_used: int | None = None
    memory_total: int | None = None
    gpu_use: float | None = None
    gpu_temperature: float | None = None
    disk_free: int | None = None


class VitalsReader:
    """Reads what VITALS prints, in any pieces; keeps little of what is too much."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._rest = b""

    def feed(self, data: bytes) -> list[Vitals]:
        """Give the looks that are complete with this piece."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LINE_AT_MOST]
        return list(self._looks(lines))

    def _looks(self, lines: list[bytes]) -> Iterator[Vitals]:
        for line in lines:
            text = line[:_LINE_AT_MOST].decode("ascii", "replace").strip()
            if text == "end":
                yield read_vitals(self._lines)
                self._lines.clear()
            elif len(self._lines) < _LINES_AT_MOST:
                self._lines.append(text)


def read_vitals(lines: list[str]) -> Vitals:
    """Read one look. What is beyond belief is left out."""
    words = [line.split() for line in lines]
    told = {one[0]: one[1] for one in words if len(one) > 1}
    memory = {one[1]: one[2] for one in words if len(one) == 3 and one[0] == "mem"}
    total, used = _linux_memory(memory) if memory else _mac_memory(told, words)
    cards = [one for one in words if one[:1] == ["gpu"]]
    uses = [_number(one[1:2], 0, 100) for one in cards]
    heats = [_number(one[2:3], -50, 300) for one in cards]
    known_uses = [use for use in uses if use is not None]
    free = _whole(told.get("free"))
    return Vitals(
        load=_number([told.get("load", "")], 0, 1e6),
        cores=_whole(told.get("cores"), 1, 1 << 20),
        memory_used=used if total is not None and used is not None and used <= total else None,
        memory_total=total,
        gpu_use=sum(known_uses) / len(known_uses) / 100 if known_uses else None,
        gpu_temperature=max((heat for heat in heats if heat is not None), default=None),
        disk_free=None if free is None else min(free * 1024, _BYTES),
    )


def _linux_memory(told: dict[str, str]) -> tuple[int | None, int | None]:
    """Give total and used bytes; what can be had at any time counts as free."""
    total = _whole(told.get("MemTotal"), 1)
    parts = ("MemAvailable",) if "MemAvailable" in told else ("MemFree", "Buffers", "Cached")
    sizes = [_whole(told.get(name)) for name in parts]
    if total is None:
        return None, None
    free = None if None in sizes else sum(size for size in sizes if size is not None)
    used = None if free is None else max(total - free, 0) * 1024
    return total * 1024, used


def _mac_memory(told: dict[str, str], words: list[list[str]]) -> tuple[int | None, int | None]:
    """Give total and used bytes: pages that are active, wired or compressed are in use."""
    page = _whole(told.get("page"), 1, 1 << 24)
    pages = [_whole(one[1]) for one in words if len(one) > 1 and one[0] == "pages"]
    known = [count for count in pages if count is not None]
    used = page * sum(known) if page is not None and known else None
    return _whole(told.get("total"), 1), used


def _whole(text: str | None, least: int = 0, most: int = _BYTES) -> int | None:
    found = _number([text or ""], least, most)
    return None if found is None else int(found)


def _number(words: list[str], least: float, most: float) -> float | None:
    if not words or not _NUMBER.fullmatch(words[0]):
        return None
    value = float(words[0])
    return value if least <= value <= most else None

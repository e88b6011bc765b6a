"""What `probe.py` asks a device, in POSIX sh and in Blender's Python; reading the answers.

Everything here holds on Linux as on macOS; an answer that a system lacks is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

NO_BLENDER = 127

_HOME = r"""
home() {
    case $1 in
        '~') printf '%s\n' "$HOME" ;;
        '~/'*) printf '%s\n' "$HOME/${1#'~/'}" ;;
        *) printf '%s\n' "$1" ;;
    esac
}
"""

FACTS = (
    _HOME
    + r"""
LC_ALL=C; export LC_ALL
umask 077
work=$(home "$1")
echo "system $(uname -sm)"
echo "cores $(getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu)"
if [ -r /proc/meminfo ]; then
    sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory_kib \1/p' /proc/meminfo
else
    echo "memory $(sysctl -n hw.memsize)"
fi
if told=$(mkdir -p "$work" 2>&1 && { : >"$work/.writable-$$"; } 2>&1); then
    rm -f "$work/.writable-$$"
    echo "writable yes"
else
    echo "refused $told" | tr '\n' ' '
    echo
fi
df -Pk "$work" 2>/dev/null |
    sed -n '2,$s/.*[^0-9]\([0-9][0-9]*\)  *[0-9][0-9]*%.*/free_kib \1/p' | tail -n 1
[ -z "$2" ] || [ ! -d "$2" ] || echo "mounted yes"
exit 0
"""
)
"""$1 work_dir, $2 share_mount (empty: none). Prints a name and its value a line."""

CLOCK = "LC_ALL=C date +%s.%N"
"""Prints the seconds since 1970; macOS before 15 prints a letter in place of the fraction."""

BLENDERS = (
    _HOME
    + r"""
LC_ALL=C; export LC_ALL
tell() {
    stamp=
    [ -z "$1" ] || stamp=$(ls -iLldn -- "$1" 2>/dev/null |
        { read -r inode _ _ _ _ size month day time _; echo "$inode $size $month $day $time"; })
    printf '%s\0%s\0' "$1" "$stamp"
}
if [ $# -gt 0 ]; then
    for name in "$@"; do tell "$(command -v "$(home "$name")")"; done
    exit 0
fi
for found in "$(command -v blender)" /opt/blender*/blender /opt/blender/*/blender \
    /usr/local/bin/blender /usr/local/blender*/blender /usr/bin/blender /snap/bin/blender \
    "$HOME"/blender*/blender "$HOME"/.local/bin/blender \
    /Applications/Blender*.app/Contents/MacOS/Blender \
    "$HOME"/Applications/Blender*.app/Contents/MacOS/Blender
do
    if [ -f "$found" ] && [ -x "$found" ]; then tell "$found"; fi
done
exit 0
"""
)
"""The arguments are the commands that devices.toml names; without any, the usual places are looked
through. Prints a path (empty for a command that isn't there) and what tells its file from a later
one, each ended by a NUL."""

CARDS = r"""
LC_ALL=C; export LC_ALL
if command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=memory.total,name --format=csv,noheader,nounits 2>/dev/null |
        sed -n 's/^ *\([0-9][0-9]*\), *\(.*\)$/mib \1 \2/p'
fi
for memory in /sys/class/drm/card*/device/mem_info_vram_total; do
    [ -r "$memory" ] || continue
    name=$(cat "${memory%/*}/product_name" 2>/dev/null)
    echo "bytes $(cat "$memory" 2>/dev/null) ${name:-AMD graphics card}"
done
exit 0
"""
"""Prints the memory and the name of each graphics card whose driver tells it, one a line."""

VERSION = _HOME + 'blender=$(home "$1"); shift; exec "$@" "$blender" --version </dev/null'
"""$1 Blender, then the words that stand before it."""

GPUS = (
    _HOME
    + r"""
blender=$(home "$1"); expression=$2; shift 2
exec "$@" "$blender" -b --factory-startup -noaudio --python-expr "$expression" </dev/null
"""
)
"""$1 Blender, $2 GPU_EXPRESSION, then the words that stand before Blender."""

_MARK = "blendtui-gpus:"
_DRAWN = "blendtui-eevee:"
# Asks Cycles itself: the preferences' own list keeps cards that were seen once and are gone. Then
# EEVEE draws a picture, the smallest that there is; where it can't, Blender itself often ends.
GPU_EXPRESSION = f"""
import json
found = []
try:
    import _cycles
    for kind in ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI"):
        try:
            devices = _cycles.available_devices(kind)
        except Exception:
            continue
        found += [[d[1], d[0]] for d in devices if d[1] == kind]
except ImportError:
    pass
print()
print({_MARK!r} + json.dumps(found), flush=True)
import os, tempfile
import bpy
scene = bpy.context.scene
for engine in ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"):
    try:
        scene.render.engine = engine
    except TypeError:
        continue
scene.render.resolution_x = scene.render.resolution_y = 8
scene.eevee.taa_render_samples = 1
with tempfile.TemporaryDirectory() as folder:
    scene.render.filepath = os.path.join(folder, "eevee.png")
    bpy.ops.render.render(write_still=True)
    print()
    print({_DRAWN!r} + json.dumps(os.path.getsize(scene.render.filepath) > 0), flush=True)
"""

_VERSION_LINE = re.compile(rb"^Blender (\d{1,3}\.\d{1,3}(?:\.\d{1,3})?[^\s()]{0,16})", re.MULTILINE)
_CARD = re.compile(r"(mib|bytes) (\d{1,15}) (\S.*)", re.ASCII)
_NAME_AT_MOST = 100
_NUMBER = re.compile(rb"(\d+)(\.\d+)?")


def read_facts(output: bytes) -> dict[str, str]:
    """Read what FACTS printed; a line without a value is left out."""
    lines = output.decode("utf-8", "replace").splitlines()
    pairs = (line.split(" ", 1) for line in lines if " " in line)
    return {name: value.strip() for name, value in pairs if value.strip()}


def read_size(facts: dict[str, str], name: str) -> int | None:
    """Read a size in bytes, which some systems give in KiB."""
    for key, unit in ((name, 1), (f"{name}_kib", 1024)):
        if facts.get(key, "").isdigit():
            return int(facts[key]) * unit
    return None


def read_clock(output: bytes) -> float | None:
    """Read what CLOCK printed; without a fraction, the middle of that second."""
    match = _NUMBER.match(output.strip())
    if match is None:
        return None
    return int(match[1]) + (float(match[2]) if match[2] else 0.5)


def read_places(output: bytes) -> list[tuple[str, str]]:
    """Read what BLENDERS printed: paths, each with its stamp; empty where there is none."""
    words = output.decode("utf-8", "surrogateescape").split("\0")
    return list(zip(words[:-1:2], words[1:-1:2], strict=False))


def read_cards(output: bytes) -> list[tuple[str, int]]:
    """Read what CARDS printed: name, and bytes of memory."""
    lines = output.decode("utf-8", "replace").splitlines()
    found = [_CARD.fullmatch(line.strip()) for line in lines]
    units = {"mib": 2**20, "bytes": 1}
    return [(one[3][:_NAME_AT_MOST], int(one[2]) * units[one[1]]) for one in found if one]


def read_version(output: bytes) -> str | None:
    """Read Blender's version from its output; None where it says none."""
    match = _VERSION_LINE.search(output)
    return match[1].decode("ascii", "replace") if match else None


def read_gpus(output: bytes) -> list[tuple[str, str]] | None:
    """Read kind and name of each GPU; None where Blender gave no answer."""
    for line in _marked(output, _MARK):
        try:
            return msgspec.json.decode(line, type=list[tuple[str, str]])
        except msgspec.DecodeError:
            continue
    return None


def has_drawn(output: bytes) -> bool:
    """Whether EEVEE has made its picture."""
    return any(line.strip() == b"true" for line in _marked(output, _DRAWN))


def _marked(output: bytes, word: str) -> Iterator[bytes]:
    for line in output.splitlines():
        _, mark, rest = line.partition(word.encode())
        if mark:
            yield rest

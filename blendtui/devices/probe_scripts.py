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
printf '%s\0' "$(command -v "$(home "$1")")"
for found in /opt/blender*/blender /usr/bin/blender \
    /usr/local/bin/blender /usr/local/blender*/blender /snap/bin/blender "$HOME"/blender*/blender \
    /Applications/Blender*.app/Contents/MacOS/Blender \
    "$HOME"/Applications/Blender*.app/Contents/MacOS/Blender
do
    if [ -f "$found" ] && [ -x "$found" ]; then printf '%s\0' "$found"; fi
done
"""
)
"""$1 the command that devices.toml names. Prints paths, each ended by a NUL, first that command's
(empty where there is none)."""

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
# Asks Cycles itself: the preferences' own list keeps cards that were seen once and are gone.
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
"""

_VERSION_LINE = re.compile(rb"^Blender (\d+\.\d+(?:\.\d+)?[^\s()]*)", re.MULTILINE)
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


def read_paths(output: bytes) -> tuple[str, list[str]]:
    """Read what BLENDERS printed: the configured one (maybe empty), and the others, each once."""
    own, *others = output.decode("utf-8", "surrogateescape").split("\0")
    return own, [path for path in dict.fromkeys(others) if path not in ("", own)]


def read_version(output: bytes) -> str | None:
    """Read Blender's version from its output; None where it says none."""
    match = _VERSION_LINE.search(output)
    return match[1].decode("ascii", "replace") if match else None


def read_gpus(output: bytes) -> list[tuple[str, str]] | None:
    """Read kind and name of each GPU; None where Blender gave no answer."""
    for line in _marked(output):
        try:
            return msgspec.json.decode(line, type=list[tuple[str, str]])
        except msgspec.DecodeError:
            continue
    return None


def _marked(output: bytes) -> Iterator[bytes]:
    for line in output.splitlines():
        _, mark, rest = line.partition(_MARK.encode())
        if mark:
            yield rest

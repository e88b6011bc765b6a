"""A zip that holds itself: whoever unpacks zips within zips never comes to an end.

Deflate knows two things: give these bytes, and repeat the last ones. The program below, in these
two words, gives out a text before itself, itself, and a text behind itself.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from itertools import product

_UNIT = 5
"""Bytes of a stored block's head."""
_LENGTHS = [(3, 10, 0), (11, 18, 1), (19, 34, 2), (35, 66, 3), (67, 114, 4)]


class _Bits:
    def __init__(self) -> None:
        self.bits: list[int] = []

    def number(self, value: int, count: int) -> None:
        """Add a number, its lowest bit first."""
        self.bits += [value >> at & 1 for at in range(count)]

    def code(self, value: int, count: int) -> None:
        """Add a Huffman code, its highest bit first."""
        self.bits += [value >> at & 1 for at in reversed(range(count))]

    def data(self) -> bytes:
        rows = [self.bits[at : at + 8] for at in range(0, len(self.bits), 8)]
        return bytes(sum(bit << at for at, bit in enumerate(row)) for row in rows)


def _give(count: int) -> bytes:
    """Write "give the `count` bytes that follow": a stored block's head."""
    return b"\0" + struct.pack("<HH", count, count ^ 0xFFFF)


def _match(bits: _Bits, length: int, distance: int) -> None:
    low, _, extra = next(one for one in _LENGTHS if one[0] <= length <= one[1])
    code = {0: 257 + length - 3, 1: 265, 2: 269, 3: 273, 4: 277}[extra]
    code += (length - low) >> extra if extra else 0
    bits.code(code - 256, 7)
    bits.number((length - low) & ((1 << extra) - 1), extra)
    more = max((distance - 1).bit_length() - 2, 0)
    bits.code(2 * more + ((distance - 1) >> more), 5)
    bits.number((distance - 1) & ((1 << more) - 1), more)


@cache
def _repeat(count: int, size: int | None = None, last: bool = False) -> bytes:
    """Write "repeat the last `count` bytes" as blocks that end where a byte does."""
    for parts, empty, one in product((1, 2, 3), range(8), range(3, 115)):
        rest = count - one
        lengths = [one, *(rest // (parts - 1) for _ in range(parts - 1))] if parts > 1 else [one]
        lengths[-1] += count - sum(lengths)
        if not all(3 <= length <= 114 for length in lengths):
            continue
        bits = _Bits()
        for block in range(empty + 1):
            bits.number(int(last and block == empty), 1)
            bits.number(1, 2)
            for length in lengths if block == 0 else ():
                _match(bits, length, count)
            bits.code(0, 7)
        if len(bits.bits) % 8 == 0 and size in (None, len(bits.bits) // 8):
            return bits.data()
    raise AssertionError(f"{count} bytes cannot be repeated in {size}")


def _nothing() -> bytes:
    """Write two blocks that give nothing, in six bytes."""
    bits = _Bits()
    bits.number(0, 1)
    bits.number(1, 2)
    bits.code(0, 7)
    bits.number(0, 6)
    return bits.data() + struct.pack("<HH", 0, 0xFFFF)


def _packed(before: bytes, behind: bytes) -> bytes:
    """Write the program that gives out `before`, itself and `behind`."""
    give = _give(len(before) + _UNIT)
    # The sizes are such that both give 24 bytes: then one way to repeat them does for all.
    again, repeat, nothing = _repeat(len(before) + _UNIT, 9), _repeat(24, 7), _nothing()
    four, one, two = _give(24), _give(len(again)), _give(_UNIT)
    end, size = b"", -1
    while len(end) != size:
        size = len(end)
        end = _repeat(size + len(behind), last=True)
    final = _give(len(end) + len(behind))
    steps = [
        give, before + give, again,  # gives all up to here but `again`
        one, again, two, one, four, again + two + one + four, repeat,  # but `repeat`
        four, (repeat + four) * 2, repeat,  # gives one `four` more than there is
        four, repeat + nothing * 2 + final, repeat,  # gives one `final` more, and what is before
        nothing, nothing, final, end + behind, end,
    ]  # fmt: skip
    return b"".join(steps)


def zip_quine(name: str = "me.zip") -> bytes:
    """Make a zip whose only file, of this name, is the zip itself, with a right checksum."""
    raw = name.encode()

    def whole(checksum: int, packed: int, size: int) -> tuple[bytes, bytes, bytes]:
        facts = struct.pack("<HHHHIIIHH", 0, 8, 0, 33, checksum, packed, size, len(raw), 0)
        before = b"PK\x03\x04" + struct.pack("<H", 20) + facts + raw
        central = b"PK\x01\x02" + struct.pack("<HH", 20, 20) + facts
        central += struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw
        at = len(before) + packed
        behind = central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), at, 0)
        return before, _packed(before, behind), behind

    before, program, behind = whole(0, 0, 0)
    packed, size = len(program), len(before) + len(program) + len(behind)

    def written(checksum: int) -> bytes:
        return b"".join(whole(checksum, packed, size))

    # The checksum of a text in which it stands itself: each of its bits changes the same bits of
    # it wherever the others are, so it comes out of 32 equations.
    base = zlib.crc32(written(0))
    columns = [zlib.crc32(written(1 << bit)) ^ base ^ (1 << bit) for bit in range(32)]
    return written(_solved(columns, base))


def _solved(columns: list[int], wanted: int) -> int:
    """Find which of the columns give `wanted` together."""
    basis: dict[int, tuple[int, int]] = {}
    for bit, column in enumerate(columns):
        value, made = column, 1 << bit
        while value:
            high = value.bit_length()
            if high not in basis:
                basis[high] = (value, made)
                break
            value, made = value ^ basis[high][0], made ^ basis[high][1]
    found = 0
    while wanted:
        value, made = basis[wanted.bit_length()]
        wanted, found = wanted ^ value, found ^ made
    return found

"""Orders to the driver: each is one line of a run's file `orders`."""

from __future__ import annotations

import msgspec


class _Order(
    msgspec.Struct, frozen=True, tag_field="do", rename={"number": "try"}, omit_defaults=True
):
    pass


class RenderOrder(_Order, frozen=True, tag="frame", omit_defaults=True):
    """Render a frame, on the CPU if so told. A repeated order is done once, and answered again.

    Where the job has a movie, `sound` is mixed down from one frame to another beside it. With
    `display` there is a small picture as it is seen on a display, where its own file is none.
    With `part` only some samples are rendered: of which frame, from, up to. With `pieces` it is
    merged of files in the run's parts/, each with its sample count.
    """

    frame: int
    number: int
    sound: tuple[int, int] | None = None
    display: bool = False
    on_cpu: bool = False
    part: tuple[int, int, int] | None = None
    pieces: tuple[tuple[str, int], ...] = ()


class DropOrder(_Order, frozen=True, tag="drop"):
    """Don't begin a frame; answered by Dropped unless it was begun."""

    frame: int
    number: int


class CollectedOrder(_Order, frozen=True, tag="collected"):
    """A frame's files are not needed on the device any longer."""

    frame: int
    number: int


class AliveOrder(_Order, frozen=True, tag="alive"):
    """A sign of life: somebody still wants this run."""


class QuitOrder(_Order, frozen=True, tag="quit"):
    """Leave after the frame in hand; frames not yet begun are given back."""


Order = RenderOrder | DropOrder | CollectedOrder | AliveOrder | QuitOrder

_encoder = msgspec.json.Encoder()


def encode(order: Order) -> bytes:
    """Write an order as its line."""
    return _encoder.encode(order) + b"\n"

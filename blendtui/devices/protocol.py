"""What a run's log says; `orders.py` has the way there.

Pure. A driver's line is a record separator (0x1E, RFC 7464), one JSON object and a newline; all
else in the log is Blender's own. The device is not trusted: whatever is not exactly a driver's
line is passed on as a line of Blender's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated

import msgspec

from blendtui.devices import told_faults
from blendtui.devices.driver_progress import SampleProgress, progress_of
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile
from blendtui.farm.movies import MovieAsked
from blendtui.farm.parts import frame_of
from blendtui.farm.project import SceneFacts

__all__ = ["SampleProgress", "progress_of"]

LINE_LIMIT = 64 * 1024
"""The bytes that are kept of one line of a log."""

PICTURE_LIMIT = 256 * 1024
"""The bytes that a frame's small picture may have."""

_PATH_LIMIT = 1000
_TEXT_LIMIT = 2000
_FACTS_LIMIT = 20
_SIZE_LIMIT = 2**50
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DRIVE = re.compile(r"[A-Za-z]:")
_BREAK = re.compile(rb"[\r\n\x1e]")
_SEPARATOR = 0x1E

_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
_Frame = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**53)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=_SIZE_LIMIT)]
_PictureSize = Annotated[int, msgspec.Meta(ge=1, le=PICTURE_LIMIT)]
_PictureName = Annotated[str, msgspec.Meta(pattern=r"\A-?[0-9]{1,10}-[0-9]{1,10}\.jpg\Z")]
_Span = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class _Line(msgspec.Struct, frozen=True, tag_field="is", rename={"number": "try"}):
    pass


class Hello(_Line, frozen=True, tag="hello"):
    """The driver runs: `pid` on its own host, `blender` its version, `at` its clock."""

    pid: int
    blender: str
    at: float


class OpenedFacts(msgspec.Struct, frozen=True):
    """What Blender itself says of the scene; named as in `SceneFacts`.

    `blender` is the running version, `active` the file's active scene, `movie` whether the scene
    writes a movie (its frames are then rendered as PNG), `missing` the external files that are
    not there (50 at most). `compute` is what Cycles renders with, in words, empty for other
    engines; `lacks_gpu` says that the scene wants a GPU and none is set up. `asked` is about the
    movie, as the scene is rendered. `unbaked` are simulations that are not baked, `unknown_nodes`
    those for which an add-on is missing, `blocked` names Python that was not run. `samples` are
    those of a frame that may be rendered in parts, 0 where it may not be for the reason that
    `whole` tells.
    """

    name: str
    frame_start: int
    frame_end: int
    frame_step: int
    engine: str
    width: int
    height: int
    percentage: int
    file_format: str
    sequencer: bool
    output: str
    blender: str
    active: str
    movie: bool
    camera: str | None = None
    missing: tuple[str, ...] = ()
    unbaked: tuple[str, ...] = ()
    unknown_nodes: tuple[str, ...] = ()
    blocked: str = ""
    samples: _Whole = 0
    whole: str = ""
    compute: str = ""
    lacks_gpu: bool = False
    asked: MovieAsked | None = None

    def scene(self) -> SceneFacts:
        """Give what can be compared with the facts that were read without Blender."""
        return SceneFacts(
            name=self.name,
            frame_start=self.frame_start,
            frame_end=self.frame_end,
            frame_step=self.frame_step,
            engine=self.engine,
            width=self.width,
            height=self.height,
            percentage=self.percentage,
            file_format=self.file_format,
            camera=self.camera,
            sequencer=self.sequencer,
            output=self.output,
        )


class Opened(_Line, frozen=True, tag="opened"):
    """The project is open; `seconds` is what checking, linking and opening it took."""

    at: float
    seconds: _Span
    facts: OpenedFacts


class RunFault(_Line, frozen=True, tag="fault"):
    """The run cannot render anything; a Bye follows."""

    kind: FaultKind
    facts: dict[str, str]

    def __post_init__(self) -> None:
        """Refuse what no driver tells."""
        if self.kind not in told_faults.OF_RUNS:
            raise ValueError("no fault of a run")

    def fault_on(self, device: str) -> Fault:
        """Give the fault, with the device's name among its facts."""
        facts = list(self.facts.items())[:_FACTS_LIMIT]
        told = [
            (name, value[:_TEXT_LIMIT])
            for name, value in facts
            if name not in told_faults.OWN_FACTS
        ]
        return Fault(self.kind, (("device", device), *told))


class Started(_Line, frozen=True, tag="started"):
    """A frame was begun."""

    frame: _Frame
    number: _Whole
    at: float


class Progress(_Line, frozen=True, tag="progress"):
    """How far the frame in hand is; `remaining` is Blender's guess in seconds."""

    frame: _Frame
    number: _Whole
    sample: _Whole
    samples: _Whole
    remaining: _Span | None = None


class Rendered(_Line, frozen=True, tag="rendered"):
    """A frame's files lie in out/<frame>-<try>/; their paths are relative to that and unchecked.

    `seconds` is the rendering alone; `gap` the seconds since the end of the rendering before it,
    None for a run's first; `memory` in bytes.
    """

    frame: _Frame
    number: _Whole
    at: float
    seconds: _Span
    files: tuple[OutputFile, ...]
    gap: _Span | None = None
    memory: _Size | None = None

    def __post_init__(self) -> None:
        """Refuse what no driver writes; msgspec makes a decoding error of it."""
        for file in self.files:
            if not (_SHA256.fullmatch(file.sha256) and 0 <= file.size <= _SIZE_LIMIT):
                raise ValueError("no hash or no size")


class Pictured(_Line, frozen=True, tag="picture"):
    """A small picture (JPEG) of a frame lies in pictures/, under a plain name of `size` bytes."""

    frame: _Frame
    number: _Whole
    file: _PictureName
    size: _PictureSize


class Failed(_Line, frozen=True, tag="failed"):
    """A frame could not be rendered; `detail` is in Blender's own words."""

    frame: _Frame
    number: _Whole
    at: float
    kind: FaultKind
    detail: str

    def __post_init__(self) -> None:
        """Refuse what no driver tells."""
        if self.kind not in told_faults.OF_FRAMES:
            raise ValueError("no fault of a frame")

    def fault_on(self, device: str) -> Fault:
        """Give the fault, with the device's name and the frame among its facts."""
        detail = self.detail[:_TEXT_LIMIT]
        return Fault.of(self.kind, device=device, frame=frame_of(self.frame), detail=detail)


class Dropped(_Line, frozen=True, tag="dropped"):
    """A frame was given back before it was begun; it will not be."""

    frame: _Frame
    number: _Whole


class Beat(_Line, frozen=True, tag="beat"):
    """The driver lives; comes while it renders, too. `memory` in bytes."""

    at: float
    memory: _Size | None = None


class Bye(_Line, frozen=True, tag="bye"):
    """The driver leaves: "quit" as it was told, "idle" because it was forgotten, or "fault"."""

    reason: str


class Ended(_Line, frozen=True, tag="ended"):
    """Blender is gone, written by the shell around it; `status` above 128 is a signal's number."""

    status: int


DriverLine = (
    Hello
    | Opened
    | RunFault
    | Started
    | Progress
    | Rendered
    | Pictured
    | Failed
    | Dropped
    | Beat
    | Bye
    | Ended
)


@dataclass(frozen=True, slots=True)
class BlenderLine:
    """A line that is not the driver's: not empty, foreign, unsafe for a terminal as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log; reading on from `offset_after` gives those that follow, and no other."""

    offset_after: int
    line: DriverLine | BlenderLine


_decoder: msgspec.json.Decoder[DriverLine] = msgspec.json.Decoder(DriverLine)


class LogReader:
    """Reads a log that arrives in any pieces, from the byte `offset` on.

    Keeps at most LINE_LIMIT bytes of a line that has not ended; of a longer one the rest is
    skipped.
    """

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset
        self._kept = bytearray()
        self._is_cut = False
        self._is_record = False

    def feed(self, data: bytes) -> list[Entry]:
        """Give the entries that are complete with this piece."""
        entries: list[Entry] = []
        start = 0
        for found in _BREAK.finditer(data):
            end = found.start()
            self._keep(data[start:end])
            start = end + 1
            opens = data[end] == _SEPARATOR
            line = self._finish(whole=not opens)
            if line is not None:
                # A separator is part of the line that it opens, so it is read again.
                entries.append(Entry(self._offset + (end if opens else start), line))
            self._is_record = opens
        self._keep(data[start:])
        self._offset += len(data)
        return entries

    def _keep(self, piece: bytes) -> None:
        room = LINE_LIMIT - len(self._kept)
        self._is_cut = self._is_cut or len(piece) > room
        self._kept += piece[:room]

    def _finish(self, whole: bool) -> DriverLine | BlenderLine | None:
        text = bytes(self._kept)
        genuine = self._is_record and whole and not self._is_cut
        self._kept.clear()
        self._is_cut = False
        return (_decode(text) if genuine else None) or _foreign(text)


def _decode(text: bytes) -> DriverLine | None:
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _foreign(text: bytes) -> BlenderLine | None:
    return BlenderLine(text.decode("utf-8", "replace")) if text else None


def is_safe_output(path: str) -> bool:
    """Whether a path that a device reports may be used below a folder of ours.

    It must be relative and in plain form, with `/`, without backslashes, drive letters, control
    characters or what is no text at all, and of 1,000 characters at most.
    """
    if not 0 < len(path) <= _PATH_LIMIT or "\\" in path or _DRIVE.match(path):
        return False
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in path):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))

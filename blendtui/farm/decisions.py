"""What to do: the scheduler's only answer. Each names the event that its failure becomes."""

from __future__ import annotations

from dataclasses import dataclass

from blendtui.farm.events import (
    CloseFailed,
    CollectFailed,
    Event,
    FrameFailed,
    ReportFailed,
    RunFailed,
)
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile, SlotId
from blendtui.farm.parts import Part, Piece


@dataclass(frozen=True, slots=True)
class StartRun:
    """Have a Blender open the job's project on the slot, or find the one that does already.

    Ends in RunReady, RunEnded (found dead) or RunFailed; its log's events follow from then on.
    """

    run: str
    job: str
    slot: SlotId

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return RunFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class OrderFrame:
    """Tell the run to render the frame, `on_cpu` if it has to. Repeating an order does no harm.

    With a `part` only some of the samples of a frame are rendered; with `pieces` the frame is
    merged of parts, which are brought to the device. Its answer comes by the run's log:
    FrameStarted, FrameRendered, FrameFailed.
    """

    run: str
    frame: int
    number: int
    on_cpu: bool = False
    part: Part | None = None
    pieces: tuple[Piece, ...] = ()

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure; a frame that can't be merged says nothing about the run."""
        if self.pieces and fault.kind not in (FaultKind.LINK_LOST, FaultKind.DEVICE_DISK_FULL):
            return FrameFailed(self.run, self.frame, self.number, fault)
        return RunFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class DropFrame:
    """Tell the run not to begin the frame. Answered by FrameDropped, or it was begun already."""

    run: str
    frame: int
    number: int

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return RunFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class CollectFrame:
    """Bring the frame's files to the share. Ends in FrameDone or CollectFailed."""

    run: str
    job: str
    frame: int
    number: int
    files: tuple[OutputFile, ...]

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return CollectFailed(self.run, self.frame, self.number, fault)


@dataclass(frozen=True, slots=True)
class DiscardFrame:
    """Tell the run that it need not keep the frame's files any longer."""

    run: str
    frame: int
    number: int

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return RunFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class StopRun:
    """Have the Blender leave: after the frame in hand, or at once. Ends in RunEnded."""

    run: str
    at_once: bool = False

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return RunFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class CloseRun:
    """Remove what an ended run left on its device. Ends in RunClosed or CloseFailed."""

    run: str

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return CloseFailed(self.run, fault)


@dataclass(frozen=True, slots=True)
class FinishJob:
    """Make of an ended job's frames what it is to have, and write its final report.

    Ends in JobReported or ReportFailed.
    """

    job: str

    def failed(self, fault: Fault) -> Event:
        """Answer for the failure."""
        return ReportFailed(self.job, fault)


Decision = (
    StartRun | OrderFrame | DropFrame | CollectFrame | DiscardFrame | StopRun | CloseRun | FinishJob
)

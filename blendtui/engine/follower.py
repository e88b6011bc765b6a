"""One run's log, turned into events as it grows."""

from __future__ import annotations

from collections import deque
from dataclasses import fields

from blendtui.devices import protocol
from blendtui.devices.driver_trouble import display_trouble
from blendtui.engine.office import Heard, Office, Pictured
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.file_kinds import by_kind
from blendtui.farm.frame_rules import LOG_AT_MOST
from blendtui.farm.model import AttemptState, Run
from blendtui.farm.parts import frame_of, name_of
from blendtui.farm.project import BlendFacts
from blendtui.farm.versions import is_named
from blendtui.store.journal import Progress
from blendtui.wording import size

KILLED = frozenset({129, 130, 137, 143})
"""Exit statuses of a Blender that somebody ended: SIGHUP, SIGINT, SIGKILL, SIGTERM."""

LAST_WORDS = 300
"""Characters of Blender's last line that are told."""

DYING = 12
"""Lines of a Blender that died among which its reason is looked for."""

EXCERPT = 400
"""Lines of the log that are kept for a try that fails."""

LINE_AT_MOST = 2000
"""Characters of such a line."""

QUEUED = "queued and waiting for resources"
"""How srun's line ends when a job has to wait (Slurm 22.05); it has a next one when it starts."""

SHORT = 300
"""Characters of a name or a value that a device tells."""

MINE = 1000
"""Tries that a run is remembered to have had in hand, the last ones."""

_OfTry = protocol.Started | protocol.Rendered | protocol.Failed | protocol.Dropped


class Follower:
    """Knows what the lines of a log mean together.

    `last_heard` is when the last one came; `is_over` says that Blender is known to be gone, and
    `is_queued` that it waits in a cluster's queue for its turn. What a device says of frames that
    it was never given counts for nothing.
    """

    def __init__(self, run: Run, office: Office) -> None:
        self.run = run
        self.last_heard = office.clock.now()
        self.is_over = False
        self.is_queued = False
        self._office = office
        self._leaving = ""
        self._told = self._read = office.offset(run.id)
        self._frame = next(
            (one.frame for one in run.attempts.values() if one.state is AttemptState.STARTED), None
        )
        if self._frame is not None:
            self._frame = frame_of(self._frame)
        self._recent: deque[str] = deque(maxlen=EXCERPT)
        self._mine: dict[tuple[int, int], set[type[_OfTry]]] = {}
        self._is_greeted = False
        self._is_open = False
        self._has_failed = False

    @property
    def excess(self) -> Fault | None:
        """What is wrong with a Blender that prints on and on, and does nothing else."""
        if self._read - self._told <= LOG_AT_MOST:
            return None
        facts = {"device": self._device, "size": size(LOG_AT_MOST), "last": self._last_words()}
        return Fault.of(FaultKind.BLENDER_WORDY, **facts)

    @property
    def _device(self) -> str:
        return self.run.slot.device

    def hear(self, entry: protocol.Entry) -> None:
        """Tell the engine what a line means, with how far the log is read by it."""
        self.last_heard = self._office.clock.now()
        line, self._read = entry.line, entry.offset_after
        self.is_queued = isinstance(line, protocol.BlenderLine) and line.text.endswith(QUEUED)
        if isinstance(line, protocol.BlenderLine):
            self._blender_said(line.text)
        elif isinstance(line, protocol.Pictured):
            self._pictured(line)
        elif isinstance(line, protocol.Progress):
            self._note(line.sample, line.samples, line.remaining)
        elif isinstance(line, protocol.Bye):
            self._leaving = line.reason[:LINE_AT_MOST]
        elif not isinstance(line, _OfTry) or self._is_new(line):
            event = self._fact(line, entry.offset_after)
            if event is not None:
                self._told = entry.offset_after
                self._office.tell(Heard(event, self.run.id, entry.offset_after))

    def gone(self, fault: Fault | None) -> None:
        """Tell the engine that Blender is gone, though its log does not say so."""
        if not self.is_over:
            self.is_over = True
            self._office.tell(Heard(ev.RunEnded(self.run.id, fault)))

    def _is_new(self, line: _OfTry) -> bool:
        """Whether a line says something of a try that is this run's, for the first time."""
        said = self._said(line.frame, line.number)
        if said is None or type(line) in said:
            return False
        said.add(type(line))
        return True

    def _said(self, frame: int, number: int) -> set[type[_OfTry]] | None:
        """Give what was said of a try that this run has or had in hand; None of any other."""
        key = (frame, number)
        if key not in self._mine and (self.run.job, *key) in self.run.attempts:
            self._mine[key] = set()
            if len(self._mine) > MINE:
                del self._mine[next(iter(self._mine))]
        return self._mine.get(key)

    def _fact(self, line: protocol.DriverLine, log: int) -> Event | None:
        run = self.run.id
        match line:
            case protocol.Hello() if not (self._is_greeted or self._has_failed):
                self._is_greeted = True
                return self._greeted(line.blender[:SHORT])
            case protocol.Opened() if not self._is_open:
                self._is_open = True
                facts = line.facts
                if facts.asked is not None:
                    self._office.beside.opened(self.run.job, facts.asked)
                told = (facts.blender[:SHORT], self._disagreements(facts))
                return ev.RunReady(run, *told, facts.samples, facts.whole[:SHORT])
            case protocol.RunFault() if not self._has_failed:
                self._has_failed = True
                return ev.RunFailed(run, line.fault_on(self._device))
            case protocol.Started():
                self._recent.clear()
                self._office.live.hear(run, f"-- {name_of(line.frame)}, try {line.number}")
                self._frame = frame_of(line.frame)
                self._note()
                return ev.FrameStarted(run, line.frame, line.number)
            case protocol.Rendered():
                return self._rendered(line, log)
            case protocol.Failed():
                self._keep_excerpt(line)
                return ev.FrameFailed(run, line.frame, line.number, line.fault_on(self._device))
            case protocol.Dropped():
                return ev.FrameDropped(run, line.frame, line.number)
            case protocol.Ended() if not self.is_over:
                return self._ended(line.status)
        return None

    def _greeted(self, version: str) -> Event | None:
        """Take no Blender of another version than the job's, before it opens the project."""
        wanted = self._office.work(self.run.job).blender
        if is_named(version, wanted):
            return None
        self._has_failed = True
        self._office.surveys.pop(self._device, None)  # it doesn't hold: all is looked at anew
        facts = {"device": self._device, "blender": version, "wanted": wanted}
        return ev.RunFailed(self.run.id, Fault.of(FaultKind.BLENDER_VERSION, **facts))

    def _rendered(self, line: protocol.Rendered, log: int) -> Event:
        """Take what could be true: some files, each with its own name, in the frame's folder."""
        flaw = _flaw([file.path for file in line.files])
        if flaw is None:
            facts = (line.frame, line.number, line.seconds, line.files, line.memory)
            return ev.FrameRendered(self.run.id, *facts, log)
        fault = Fault.of(
            FaultKind.OUTPUT_REFUSED, device=self._device, frame=frame_of(line.frame), detail=flaw
        )
        return ev.FrameFailed(self.run.id, line.frame, line.number, fault)

    def _ended(self, status: int) -> Event:
        self.is_over = True
        return ev.RunEnded(self.run.id, self._reason(status))

    def _reason(self, status: int) -> Fault | None:
        if self._leaving == "quit":
            return None
        if self._leaving:
            return Fault.of(FaultKind.BLENDER_LEFT, device=self._device)
        drawing = display_trouble("\n".join(list(self._recent)[-DYING:]).encode())
        if drawing and status not in KILLED:
            return Fault.of(
                FaultKind.DISPLAY_MISSING, device=self._device, detail=drawing[:LAST_WORDS]
            )
        kind = FaultKind.BLENDER_KILLED if status in KILLED else FaultKind.BLENDER_DIED
        return Fault.of(kind, device=self._device, status=status, last=self._last_words())

    def _last_words(self) -> str:
        return self._recent[-1][:LAST_WORDS] if self._recent else ""

    def _pictured(self, line: protocol.Pictured) -> None:
        """Keep the newest picture in mind, behind those of other runs."""
        if self._said(line.frame, line.number) is None:
            return
        self._office.pictured.pop(self.run.id, None)
        self._office.pictured[self.run.id] = Pictured(
            self.run, line.frame, line.number, line.file, line.size
        )

    def _blender_said(self, text: str) -> None:
        text = text[:LINE_AT_MOST]
        self._recent.append(text)
        self._office.live.hear(self.run.id, text)
        found = protocol.progress_of(text)
        if found is not None:
            self._note(found.sample, found.samples, found.remaining)

    def _note(
        self, sample: int | None = None, samples: int | None = None, remaining: float | None = None
    ) -> None:
        self._office.progress[self.run.id] = Progress(
            self.run.id, self._office.clock.now(), self._frame, sample, samples, remaining
        )

    def _disagreements(self, opened: protocol.OpenedFacts) -> tuple[Fault, ...]:
        """Compare what was read without Blender with what Blender itself says."""
        facts = self._office.work(self.run.job).facts
        missing = self._missing(facts, opened) + self._unseen(facts, opened)
        if opened.lacks_gpu:
            missing += (Fault.of(FaultKind.GPU_NOT_SET_UP, device=self._device),)
        read = facts.scene(opened.name) if facts else None
        if read is None:
            return missing
        said = opened.scene()
        names = [field.name for field in fields(said) if field.name not in ("output", "unbaked")]
        differing = [name for name in names if getattr(said, name) != getattr(read, name)]
        return missing + tuple(
            Fault.of(
                FaultKind.FACTS_DIFFER,
                setting=name,
                read=str(getattr(read, name))[:SHORT],
                blender=str(getattr(said, name))[:SHORT],
            )
            for name in differing
        )

    def _missing(self, facts: BlendFacts | None, opened: protocol.OpenedFacts) -> tuple[Fault, ...]:
        known = len(facts.missing) if facts else 0
        if len(opened.missing) <= known:
            return ()
        names = by_kind((path[:SHORT] for path in opened.missing), 10)
        return (Fault.of(FaultKind.FILES_MISSING, files=names, count=len(opened.missing)),)

    def _unseen(self, facts: BlendFacts | None, opened: protocol.OpenedFacts) -> tuple[Fault, ...]:
        """Say what this Blender lacks, and which simulations only Blender has found."""
        found = []
        if opened.unknown_nodes:
            nodes = ", ".join(name[:SHORT] for name in opened.unknown_nodes[:10])
            found.append(Fault.of(FaultKind.NODES_UNKNOWN, device=self._device, nodes=nodes))
        if opened.blocked:
            found.append(Fault.of(FaultKind.SCRIPTS_NOT_RUN, detail=opened.blocked[:SHORT]))
        read = facts.scene(opened.name) if facts else None
        known = self._office.work(self.run.job).spec.in_order or (read and read.unbaked)
        if opened.unbaked and not known:
            simulations = ", ".join(name[:SHORT] for name in opened.unbaked[:10])
            found.append(Fault.of(FaultKind.UNBAKED_UNSEEN, simulations=simulations))
        return tuple(found)

    def _keep_excerpt(self, line: protocol.Failed) -> None:
        end = f"-- {line.kind}: {line.detail}"
        self._office.live.hear(self.run.id, end)
        text = "\n".join([*self._recent, end, ""])
        self._office.keep_log(self.run.job, line.frame, line.number, text)


def _flaw(paths: list[str]) -> str | None:
    if not paths:
        return "there are none"
    if not all(map(protocol.is_safe_output, paths)):
        return "a file's name leads out of the frame's folder or has control characters"
    if len({path.casefold() for path in paths}) < len(paths):
        return "a file is named twice"
    return None

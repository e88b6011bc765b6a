"""The script inside Blender: opens one project, then renders the frames that it is ordered.

`slot.py` copies it to the device with the `driver_*.py` beside it. It is started as
`blender -b --disable-autoexec --python-exit-code 3 -P RUN/driver.py -- RUN/settings.json` and
needs Blender 2.9x to 5.x (Python 3.7), the standard library, and nothing else of ours. Orders are
lines of RUN/orders; what it has to say goes to stdout, which is RUN/log, among Blender's lines.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blendtui.devices.driver_compute import on_cpu, use_compute, uses_gpu
    from blendtui.devices.driver_lines import LINE_AT_MOST, Log, Orders, line_of
    from blendtui.devices.driver_memory import memory
    from blendtui.devices.driver_movie import Beside
    from blendtui.devices.driver_output import outputs
    from blendtui.devices.driver_parts import render_order
    from blendtui.devices.driver_persistent import may_keep
    from blendtui.devices.driver_picture import Pictures
    from blendtui.devices.driver_progress import progress_of
    from blendtui.devices.driver_project import RunFailure, disk_failure, is_full, make_ready
    from blendtui.devices.driver_scene import open_scene, prepare_scene
    from blendtui.devices.driver_simulations import simulate
    from blendtui.devices.driver_trouble import gpu_error
    from blendtui.devices.driver_whole import part_facts
else:
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from driver_compute import on_cpu, use_compute, uses_gpu
    from driver_lines import LINE_AT_MOST, Log, Orders, line_of
    from driver_memory import memory
    from driver_movie import Beside
    from driver_output import outputs
    from driver_parts import render_order
    from driver_persistent import may_keep
    from driver_picture import Pictures
    from driver_progress import progress_of
    from driver_project import RunFailure, disk_failure, is_full, make_ready
    from driver_scene import open_scene, prepare_scene
    from driver_simulations import simulate
    from driver_trouble import gpu_error
    from driver_whole import part_facts

_DETAIL_AT_MOST = 4_000
_SOONEST, _LATEST = 0.005, 0.25
_PROGRESS_EVERY = 0.5


class Driver:
    """Takes orders and renders, one frame at a time, until it is told to leave or is forgotten.

    A (frame, try) is in `waiting`, or in hand, or has its last line in `settled`; repeated orders
    get that line again.
    """

    def __init__(self, run: Path, settings: dict[str, Any], log: Log) -> None:
        self._run = run
        self._out = Path(settings.get("out") or run / "out")
        self._patience = float(settings.get("patience", 900))
        self._log = log
        self._orders = Orders(run / "orders")
        self._waiting: list[tuple[int, int]] = []
        self._for_cpu: set[tuple[int, int]] = set()
        self._settled: dict[tuple[int, int], tuple[str, dict[str, Any]]] = {}
        self._works: dict[tuple[int, int], dict[str, Any]] = {}
        self._in_hand: tuple[int, int] | None = None
        self._pictures = Pictures(run / "pictures")
        self._unpictured: tuple[int, int] | None = None
        self._mentioned = 0.0
        self._rendered: float | None = None
        self._sign = time.monotonic()
        self._quit = False
        self._is_sound = self._keeps_data = True
        self._scene: Any = None
        self._beside: Any = None
        self._pattern = ""
        self._time_limit: float | None = None
        self._in_time: tuple[int, int] | None = None
        self._deciding = threading.Lock()

    def open(self, settings: dict[str, Any]) -> None:
        """Put the project together and open it. Raises RunFailure."""
        begun = time.monotonic()
        blend = make_ready(self._run.parent, settings.get("share_file"))
        self._make_out()
        overrides = settings.get("overrides") or {}
        self._scene, facts = open_scene(
            blend,
            settings.get("scene"),
            settings.get("allow_scripts") is True,
            overrides,
            settings.get("engine", ""),
        )
        facts.update(use_compute(self._scene, settings.get("compute") or {}))
        self._beside = Beside(self._scene, overrides.get("movie"), facts["asked"])
        self._pattern = prepare_scene(self._scene, overrides.get("output"))
        if settings.get("split"):
            facts.update(part_facts(self._scene))
        self._time_limit = overrides.get("time_limit")
        keeps = may_keep(self._scene, overrides.get("persistent_data"))
        self._keeps_data = simulate(self._scene, settings.get("simulate_to"), self._run) and keeps
        bpy.app.handlers.render_stats.append(self._stats)
        seconds = time.monotonic() - begun
        self._log.say("opened", at=time.time(), seconds=seconds, facts=facts)

    def _make_out(self) -> None:
        """Make the folder for frames; not those above it, where a share may not be mounted."""
        try:
            self._out.mkdir(exist_ok=True)
        except OSError as error:
            problem = disk_failure(error, self._out)
            kind = problem.kind if self._out.parent.exists() else "share-mount-missing"
            raise RunFailure(kind, **problem.facts) from error

    def serve(self) -> str:
        """Work until the end; gives its reason, "quit" or "idle"."""
        delay = _SOONEST
        while True:
            if self._take_orders():
                delay = _SOONEST
            if self._quit:
                return "quit"
            if self._waiting:
                self._work(*self._waiting.pop(0))
                delay = _SOONEST
            elif time.monotonic() - self._sign > self._patience:
                return "idle"
            else:
                time.sleep(delay)
                delay = min(delay * 1.5, _LATEST)
                self._picture(is_idle=delay == _LATEST)

    def _take_orders(self) -> bool:
        try:
            orders = self._orders.look()
        except FileNotFoundError:
            self._quit = True  # the run's folder was removed: nobody can reach us any more
            return False
        except OSError:
            return False
        if orders is None:
            return False
        self._sign = time.monotonic()
        for order in orders:
            self._obey(order)
        if self._quit:
            while self._waiting:
                self._settle(self._waiting.pop(0), "dropped")
        return True

    def _obey(self, order: dict[str, Any]) -> None:
        if order["do"] == "quit":
            self._quit = True
        if "frame" not in order or "try" not in order:
            return
        key = (order["frame"], order["try"])
        if order["do"] == "frame":
            if order.get("on_cpu") is True:
                self._for_cpu.add(key)
            self._beside.heard(key, order)
            self._want(key, order)
        elif order["do"] == "drop":
            self._drop(key)
        elif key != self._in_hand:
            shutil.rmtree(str(self._folder(key)), ignore_errors=True)

    def _want(self, key: tuple[int, int], order: dict[str, Any]) -> None:
        if key in self._settled:
            what, fields = self._settled[key]
            self._log.say(what, **fields)
        elif key not in self._waiting:
            self._waiting.append(key)
            self._works[key] = order

    def _drop(self, key: tuple[int, int]) -> None:
        """Give an order back; one that was begun has said so already."""
        if key in self._waiting:
            self._waiting.remove(key)
        what, fields = self._settled.get(key, ("dropped", {}))
        if what == "dropped":
            self._settle(key, what, **fields)

    def _settle(self, key: tuple[int, int], what: str, **fields: object) -> None:
        fields.update({"frame": key[0], "try": key[1]})
        self._settled[key] = (what, fields)
        self._log.say(what, **fields)

    def _folder(self, key: tuple[int, int]) -> Path:
        return self._out / f"{key[0]}-{key[1]}"

    def _work(self, frame: int, number: int) -> None:
        """Render a frame and say how it went."""
        key = self._in_hand = (frame, number)
        folder = self._folder(key)
        try:
            shutil.rmtree(str(folder), ignore_errors=True)
            folder.mkdir()  # not its parents: a run that was removed stays so
            self._render(key, folder)
        except OSError as error:
            problem = disk_failure(error, folder)
            self._fail(key, problem.kind, problem.facts["detail"])
        self._in_hand = None
        self._sign = time.monotonic()
        self._picture(is_idle=False)

    def _picture(self, *, is_idle: bool) -> None:
        """Make a small picture of the frame that was rendered last, if it's time, and say so."""
        if self._unpictured is None or not self._pictures.are_due(is_idle):
            return
        (frame, number), self._unpictured = self._unpictured, None
        name = f"{frame}-{number}.jpg"
        size = self._pictures.make(self._scene, frame, name)
        if size is not None:
            fields = {"frame": frame, "try": number, "file": name, "size": size}
            self._log.mention("picture", **fields)

    def _render(self, key: tuple[int, int], folder: Path) -> None:
        self._unpictured = None
        logged = self._logged()
        self._log.say("started", **{"frame": key[0], "try": key[1], "at": time.time()})
        begun = time.monotonic()
        gap = None if self._rendered is None else begun - self._rendered
        error = ""
        # After a failure Cycles goes on with what it has and calls black pictures done (seen in
        # 3.4): the frame after a failed one is rendered with nothing kept.
        self._scene.render.use_persistent_data = self._is_sound and self._keeps_data
        cpu = key in self._for_cpu
        with self._limited(key), on_cpu(cpu):
            uses = not cpu and uses_gpu(self._scene)
            try:
                render_order(self._scene, self._works[key], folder, self._pattern, self._run)
            except RuntimeError as problem:
                error = str(problem).strip()
        self._rendered = time.monotonic()
        kind, poison = gpu_error(self._run / "log", logged, uses)
        if poison:
            self._fail(key, kind, poison)
        elif error:
            full = is_full(folder) or "no space left on device" in error.lower()
            self._fail(key, "device-disk-full" if full else "render-error", error)
        else:
            self._beside.add(key, folder)
            self._report(key, folder, {"seconds": self._rendered - begun, "gap": gap})

    @contextlib.contextmanager
    def _limited(self, key: tuple[int, int]) -> Iterator[None]:
        """Let a frame take no longer than it may: Blender stops in its middle only by ending."""
        if self._time_limit is None:
            yield
            return
        timer = threading.Timer(self._time_limit, self._run_over, (key,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            with self._deciding:  # never given back by a timer that was first
                self._in_time = key
            timer.cancel()

    def _run_over(self, key: tuple[int, int]) -> None:
        """Fail the frame in hand and leave; what waits is given back."""
        with self._deciding:
            if self._in_time == key:
                return
            self._fail(key, "time-limit", f"{self._time_limit:g} s")
            while self._waiting:
                self._settle(self._waiting.pop(0), "dropped")
            self._log.say("bye", reason="quit")
            os._exit(0)

    def _report(self, key: tuple[int, int], folder: Path, fields: dict[str, Any]) -> None:
        files, flaw = outputs(folder)
        if flaw:
            self._fail(key, "device-disk-full" if is_full(folder) else "output-missing", flaw)
            return
        fields.update(at=time.time(), files=files, memory=memory())
        if len(line_of("rendered", fields)) > LINE_AT_MOST:
            self._fail(key, "output-refused", f"{len(files)} files are too many for one frame")
        else:
            is_part = bool(self._works[key].get("part"))
            self._is_sound, self._unpictured = True, None if is_part else key
            self._settle(key, "rendered", **fields)

    def _fail(self, key: tuple[int, int], kind: str, detail: str) -> None:
        self._is_sound = False
        shutil.rmtree(str(self._folder(key)), ignore_errors=True)
        self._settle(key, "failed", at=time.time(), kind=kind, detail=detail[:_DETAIL_AT_MOST])

    def _logged(self) -> int:
        try:
            return (self._run / "log").stat().st_size
        except OSError:
            return 0

    def _stats(self, *told: object) -> None:
        """Pass on how far the frame is; 3.x tells a handler nothing, its log has it."""
        now, text = time.monotonic(), told[0] if told else None
        if self._in_hand is None or not isinstance(text, str):
            return
        if now - self._mentioned < _PROGRESS_EVERY:
            return
        found = progress_of(text)
        if found is not None:
            self._mentioned = now
            key = {"frame": self._in_hand[0], "try": self._in_hand[1]}
            self._log.mention("progress", **key, **found._asdict())


def _beat(log: Log, every: float, ended: threading.Event) -> None:
    while not ended.wait(every):
        log.mention("beat", at=time.time(), memory=memory())


def main(settings_path: str) -> None:
    """Live one run's life."""
    run = Path(settings_path).resolve().parent
    settings = json.loads(Path(settings_path).read_text("utf-8"))
    log = Log()
    log.say("hello", pid=os.getpid(), blender=bpy.app.version_string, at=time.time())
    every = float(settings.get("beat", 5))
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(log, every, ended), daemon=True)
    beating.start()
    driver = Driver(run, settings, log)
    try:
        driver.open(settings)
        reason = driver.serve()
    except RunFailure as failure:
        log.say("fault", kind=failure.kind, facts=failure.facts)
        reason = "fault"
    log.say("bye", reason=reason)
    ended.set()
    beating.join()  # the wheel of 4.2 crashes at its end where a thread is left


if __name__ == "__main__":
    main(sys.argv[-1])

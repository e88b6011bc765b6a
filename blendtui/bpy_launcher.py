"""Blender's command line in front of the Python package `bpy`, as far as a render farm uses it.

Standard library and bpy only: `bpy_wheel.py` copies this file into the environment that has the
package, behind a first line for its Python. What each argument does, in which order, and which exit
code follows, is as seen with Blender 3.4.1. Unlike Blender it never has a window, and it does
not read a user's preferences (`--factory-startup` is all that the package knows).
"""

import atexit
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SWITCHES = frozenset(
    {
        "-b",
        "--background",
        "--factory-startup",
        "-noaudio",
        "-d",
        "-q",
        "--quiet",
        "--offline-mode",
        "--disable-crash-handler",
        "--disable-abort-handler",
    }
)
"""Arguments that change nothing here, as those that begin with --debug or --log-show."""

WITH_VALUE = frozenset({"--log", "--log-level", "--log-file", "-setaudio", "--gpu-backend"})
"""The same, with a value behind each. What the package writes to its log can't be chosen."""

STEPS = {
    name: method
    for method, names in {
        "script": ("-P", "--python"),
        "expression": ("--python-expr",),
        "exit_code": ("--python-exit-code",),
        "output": ("-o", "--render-output"),
        "file_format": ("-F", "--render-format"),
        "engine": ("-E", "--engine"),
        "scene": ("-S", "--scene"),
        "start": ("-s", "--frame-start"),
        "end": ("-e", "--frame-end"),
        "jump": ("-j", "--frame-jump"),
        "frames": ("-f", "--render-frame"),
    }.items()
    for name in names
}
"""Arguments with a value, and the method of `Blender` that carries out each."""

FORMATS = {
    "TGA": "TARGA",
    "RAWTGA": "TARGA_RAW",
    "JP2": "JPEG2000",
    "MULTILAYER": "OPEN_EXR_MULTILAYER",
}
"""Where the command line calls a format by another name than Python."""

MEDIA = {"OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE", "FFMPEG": "VIDEO"}
"""The kind of medium of a format, where it's none for single pictures."""


@dataclass
class Plan:
    """What a command line asks for: what holds from the start, then steps in their order."""

    version: bool = False
    scripts: bool = False
    threads: int = 0
    """How many threads render, in every file; 0 leaves it to the file, as with Blender."""
    steps: list[tuple[str, str]] = field(default_factory=list)
    """Methods of `Blender`, each with its value."""


def parse(words: list[str]) -> Plan:
    """Read a command line; words behind `--` are for scripts."""
    plan = Plan()
    rest = iter(words[: words.index("--")] if "--" in words else words)
    for word in rest:
        if word in ("-v", "--version"):
            plan.version = True
        elif word in ("-y", "--enable-autoexec", "-Y", "--disable-autoexec"):
            plan.scripts = word in ("-y", "--enable-autoexec")
        elif word in ("-t", "--threads"):
            plan.threads = _threads(plan, word, next(rest, None))
        elif word in ("-a", "--render-anim"):
            plan.steps.append(("animation", ""))
        elif word in STEPS:
            plan.steps.append(_step(word, next(rest, None)))
        elif word in WITH_VALUE:
            next(rest, None)
        elif word not in SWITCHES and not word.startswith(("--debug", "--log-show")):
            plan.steps += _file(word)
    return plan


def _step(word: str, value: str | None) -> tuple[str, str]:
    if value is None:
        return "say", f"Error: a value must follow '{word}'."
    return STEPS[word], value


def _threads(plan: Plan, word: str, value: str | None) -> int:
    if value is None or not value.isdecimal() or int(value) > 1024:
        plan.steps.append(("say", f"Error: not a number '{word} {value}', expected 0 to 1024."))
        return 0
    return int(value)


def _file(word: str) -> Iterator[tuple[str, str]]:
    if word.startswith("-"):
        yield "say", f"unknown argument, loading as file: {word}"
    yield "open", word


def frames_of(text: str, first: int, last: int) -> list[int]:
    """Read the frames of -f: `7`, `1,3`, `1..4`; `+2` counts from the first, `-1` from the last.

    Raises:
        ValueError: it's none of these.
    """
    frames: list[int] = []
    for part in text.split(","):
        low, dots, high = part.partition("..")
        start = frame_of(low, first, last)
        frames += range(start, (frame_of(high, first, last) if dots else start) + 1)
    return frames


def frame_of(text: str, first: int, last: int) -> int:
    """Read one frame number, also one that counts from the first (`+2`) or last (`-1`) frame.

    Raises:
        ValueError: it's not a number.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(text)
    number = int(text)
    return number + {"+": first, "-": last}.get(text[0], 0)


class Blender:
    """The one Blender of this process; each step of a plan is a method of it."""

    def __init__(self, plan: Plan) -> None:
        import bpy  # noqa: PLC0415 - reading a command line must not need it

        self.bpy = bpy
        atexit.register(_forgetting(bpy.app.handlers))
        self.failure = 0
        self.status = 0
        self.first = self.last = 0
        # Blender keeps this for files that a script opens later, too.
        bpy.context.preferences.filepaths.use_scripts_auto_execute = plan.scripts
        if plan.threads:
            self._hold_threads(plan.threads)
        self._take_range()

    def run(self, steps: list[tuple[str, str]]) -> int:
        """Carry out all steps, and give the exit code."""
        for name, value in steps:
            getattr(self, name)(value)
        self._quit()
        return self.status

    def _quit(self) -> None:
        self.say("\nBlender quit")

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)

    def open(self, path: str) -> None:
        """Open a .blend, or end with 1 when the package has printed why it can't."""
        try:
            self.bpy.ops.wm.open_mainfile(filepath=str(Path(path).absolute()), load_ui=False)
        except RuntimeError as error:
            self._quit()
            raise SystemExit(1) from error
        self._take_range()

    def script(self, path: str) -> None:
        """Run a script of Python: it is `__main__`, and it can't import from its own folder."""
        full = Path(path).absolute()
        self._guarded(lambda: _execute(full.read_bytes(), str(full)), f"file: '{path}'")

    def expression(self, text: str) -> None:
        """Run a line of Python."""
        self._guarded(lambda: _execute(text, "<string>"), f"expr: '{text}'")

    def _guarded(self, action: Callable[[], None], what: str) -> None:
        """Go on after whatever error of a script, unless `--python-exit-code` stood before it."""
        try:
            action()
        except Exception:
            print(f"Error: Python: {_traceback()}", file=sys.stderr, flush=True)
            if self.failure:
                self.say(f"Error: script failed, {what}, exiting.")
                sys.exit(self.failure)

    def exit_code(self, text: str) -> None:
        """End with this code when a later script fails; 0 goes on."""
        if text.isdecimal() and int(text) < 256:
            self.failure = int(text)
        else:
            self.say(f"Error: not a number '--python-exit-code {text}', expected 0 to 255.")

    def output(self, pattern: str) -> None:
        """Set where frames go."""
        self._scene.render.filepath = pattern

    def file_format(self, name: str) -> None:
        """Set the format of frames; an unknown one changes nothing."""
        settings = self._scene.render.image_settings
        wanted = FORMATS.get(name, name)
        media = getattr(settings, "media_type", None)
        try:
            if media is not None:  # 5.0 and later: it says which formats there are
                settings.media_type = MEDIA.get(wanted, "IMAGE")
            settings.file_format = wanted
        except TypeError:
            if media is not None:
                settings.media_type = media
            self.say("Error: Format from '-F / --render-format' not known or not compiled in.")

    def engine(self, name: str) -> None:
        """Set the render engine, or end with 1."""
        try:
            self._scene.render.engine = name
        except TypeError:
            self.say(f"Error: engine not found '{name}'")
            sys.exit(1)

    def scene(self, name: str) -> None:
        """Choose the scene; an unknown one changes nothing."""
        if found := self.bpy.data.scenes.get(name):
            self.bpy.context.window.scene = found
            self._take_range()

    def start(self, text: str) -> None:
        """Set the first frame."""
        self._set_range(text, "first")

    def end(self, text: str) -> None:
        """Set the last frame."""
        self._set_range(text, "last")

    def jump(self, text: str) -> None:
        """Set the step between frames."""
        if text.isdecimal() and int(text):
            self._scene.frame_step = int(text)
        else:
            self.say(f"Error: not a number '-j / --frame-jump {text}'.")

    def frames(self, text: str) -> None:
        """Render single frames."""
        before = self._scene.frame_start, self._scene.frame_end
        try:
            numbers = frames_of(text, *before)
        except ValueError:
            self.say(f"Error: not a number '-f / --render-frame {text}'.")
            return
        for number in numbers:
            self._scene.frame_start = self._scene.frame_end = number
            self._render()
        self._scene.frame_start, self._scene.frame_end = before

    def animation(self, _: str) -> None:
        """Render the scene's range; a reversed one has no frame."""
        if self.first <= self.last:
            self._render()

    @property
    def _scene(self) -> Any:  # bpy has no types
        return self.bpy.context.scene

    def _render(self) -> None:
        """Render as ordered; after a failure Blender goes on, and ends with 1."""
        try:
            self.bpy.ops.render.render(animation=True)
        except RuntimeError:
            self.status = 1  # its reason has been printed

    def _take_range(self) -> None:
        self.first, self.last = self._scene.frame_start, self._scene.frame_end

    def _set_range(self, text: str, which: str) -> None:
        """Keep the range as ordered beside the scene's, which can't be a reversed one."""
        try:
            setattr(self, which, frame_of(text, self.first, self.last))
        except ValueError:
            self.say(f"Error: not a number '{text}'.")
        if self.first <= self.last:
            # Setting one of them can push the other along.
            self._scene.frame_start = self.first
            self._scene.frame_end = self.last
            self._scene.frame_start = self.first

    def _hold_threads(self, count: int) -> None:
        @self.bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
        def hold(*_: object) -> None:
            for scene in self.bpy.data.scenes:
                scene.render.threads_mode = "FIXED"
                scene.render.threads = count

        self.bpy.app.handlers.load_post.append(hold)
        hold()


def _traceback() -> str:
    """Describe the exception at hand, without the calls that are this file's."""
    kind, error, calls = sys.exc_info()
    while calls is not None and calls.tb_frame.f_code.co_filename == __file__:
        calls = calls.tb_next
    return "".join(traceback.format_exception(kind, error, calls))


def _forgetting(handlers: object) -> Callable[[], None]:
    """Give what forgets handlers added from now on: with one left, bpy 4.2 ends in a crash."""
    own = {name: list(found) for name, found in _lists(handlers)}

    def forget() -> None:
        for name, found in _lists(handlers):
            found[:] = own[name]

    return forget


def _lists(handlers: object) -> Iterator[tuple[str, list[object]]]:
    for name in dir(handlers):
        found = getattr(handlers, name)
        if isinstance(found, list):
            yield name, found


def _execute(code: str | bytes, name: str) -> None:
    """Run code as the module `__main__`; its functions may live on when it has ended."""
    module = types.ModuleType("__main__")
    if isinstance(code, bytes):
        module.__file__ = name
    ours, sys.modules["__main__"] = sys.modules["__main__"], module
    try:
        exec(compile(code, name, "exec"), module.__dict__)  # noqa: S102 - what it is for
    finally:
        sys.modules["__main__"] = ours


def main(words: list[str]) -> int:
    """Behave as `blender WORDS` does, and give the exit code."""
    plan = parse(words)
    blender = Blender(plan)
    blender.say(f"Blender {blender.bpy.app.version_string}")
    return 0 if plan.version else blender.run(plan.steps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

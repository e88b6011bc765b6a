#!/usr/bin/env python3
"""A Blender's command line in front of the `bpy` package, as far as a render farm uses it.

Standard library and bpy only: the file is copied into the environment that has the package.
As with Blender, arguments are carried out in their order, and those behind `--` are the script's.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback

SWITCHES = {"-b", "--background", "--factory-startup", "-noaudio"}
WITH_VALUE = {"--log", "--log-level", "-E", "--engine"}


class Launcher:
    """Carries out one argument after another on the one Blender of this process."""

    def __init__(self, words: list[str]) -> None:
        import bpy  # noqa: PLC0415 - takes a second, and --version has to work without a file

        self.bpy = bpy
        self.words = words
        self.failure = 0
        self.scripts = False
        self.actions = {
            "-P": self.script, "--python": self.script, "--python-expr": self.expression,
            "-o": self.output, "--render-output": self.output,
            "-s": self.start, "--frame-start": self.start,
            "-e": self.end, "--frame-end": self.end,
            "-f": self.frame, "--render-frame": self.frame,
            "-t": self.threads, "--threads": self.threads,
            "-F": self.file_format, "--render-format": self.file_format,
            "--python-exit-code": self.exit_code,
        }  # fmt: skip

    def run(self) -> None:
        """Carry out all arguments."""
        words = iter(self.words)
        for word in words:
            if word == "--":
                return
            if word in ("-a", "--render-anim"):
                self.bpy.ops.render.render(animation=True)
            elif word in ("-y", "--enable-autoexec", "-Y", "--disable-autoexec"):
                self.scripts = word in ("-y", "--enable-autoexec")
            elif word in self.actions:
                self.actions[word](next(words))
            elif word in WITH_VALUE:
                next(words)
            elif word not in SWITCHES:
                self.open(word)

    @property
    def scene(self):  # noqa: ANN201, D102 - bpy has no types
        return self.bpy.context.scene

    def open(self, path: str) -> None:
        """Open a .blend, or end with 1 as Blender does."""
        if path.startswith("-"):
            sys.exit(f"blender (bpy launcher): unknown argument {path}")
        try:
            self.bpy.ops.wm.open_mainfile(
                filepath=os.path.abspath(path), load_ui=False, use_scripts=self.scripts
            )
        except RuntimeError as error:
            print(error, file=sys.stderr)
            sys.exit(1)

    def script(self, path: str) -> None:
        """Run a script as Blender does: its folder is not on the path, its name is __main__."""
        self.guarded(lambda: runpy.run_path(path, run_name="__main__"))

    def expression(self, text: str) -> None:
        """Run a line of Python."""
        self.guarded(lambda: exec(text, {"__name__": "__main__"}))  # noqa: S102 - what it is for

    def guarded(self, action) -> None:  # noqa: ANN001
        """Go on after a script's error, unless --python-exit-code says to end."""
        try:
            action()
        except Exception:
            traceback.print_exc()
            if self.failure:
                sys.exit(self.failure)

    def exit_code(self, text: str) -> None:
        """End with this code when a later script fails."""
        self.failure = int(text)

    def output(self, pattern: str) -> None:
        """Set where frames go."""
        self.scene.render.filepath = pattern

    def file_format(self, name: str) -> None:
        """Set the format of frames."""
        self.scene.render.image_settings.file_format = name

    def start(self, number: str) -> None:
        """Set the first frame."""
        self.scene.frame_start = int(number)

    def end(self, number: str) -> None:
        """Set the last frame."""
        self.scene.frame_end = int(number)

    def threads(self, count: str) -> None:
        """Set how many threads render; 0 is as many as there are."""
        self.scene.render.threads_mode = "FIXED" if int(count) else "AUTO"
        if int(count):
            self.scene.render.threads = int(count)
        # A file that is opened later brings its own setting.
        self.bpy.app.handlers.load_post.append(self.bpy.app.handlers.persistent(self._again(count)))

    def _again(self, count: str):  # noqa: ANN202
        def set_threads(*_: object) -> None:
            self.scene.render.threads_mode = "FIXED" if int(count) else "AUTO"
            if int(count):
                self.scene.render.threads = int(count)

        return set_threads

    def frame(self, number: str) -> None:
        """Render one frame."""
        before = self.scene.frame_start, self.scene.frame_end
        self.scene.frame_start = self.scene.frame_end = int(number)
        self.bpy.ops.render.render(animation=True)
        self.scene.frame_start, self.scene.frame_end = before


def main(arguments: list[str]) -> None:
    """Behave as `blender ARGUMENTS` would."""
    if "--version" in arguments or "-v" in arguments:
        import bpy  # noqa: PLC0415

        print(f"Blender {bpy.app.version_string}")
        return
    Launcher(arguments).run()


if __name__ == "__main__":
    main(sys.argv[1:])

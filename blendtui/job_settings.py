"""What a job.toml can say, and what is wrong with a value of it: for all who write or read one."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Final, Literal, get_args

import msgspec

from blendtui.farm.frames import parse_frames
from blendtui.farm.model import DEFAULT_PRIORITY
from blendtui.farm.overrides import Overrides
from blendtui.farm.project import IMAGE_FORMATS, BlendFacts, SceneFacts

HIGHEST_PRIORITY = 100

Unbaked = Literal["one-device", "refuse", "ignore"]
"""What `unbaked` can say; the first one is usual."""

EXPECTED: Final = {
    "blend": 'a path in the zip, such as "shots/a.blend"',
    "frames": 'frames as text, such as "1-100,150,200-300x2"',
    "step": "a whole number from 1 to 10000, without quotes",
    "scene": 'the name of a scene, such as "Scene"',
    "scenes": '"all", or a list of names of scenes, such as ["Day", "Night"]',
    "priority": f"a whole number from 0 to {HIGHEST_PRIORITY}, without quotes",
    "tags": 'a list of words, such as ["gpu", "studio"]',
    "blender": 'a version of Blender, such as "4.2"',
    "devices": 'a list of names of devices, such as ["tower"]',
    "allow_scripts": "true or false, without quotes",
    "split": "true or false, without quotes",
    "unbaked": " or ".join(f'"{way}"' for way in get_args(Unbaked)),
    "percentage": "a whole number from 1 to 1000, without quotes",
    "samples": "a whole number from 1 to 16777216, without quotes",
    "engine": '"CYCLES", "EEVEE", "WORKBENCH", or the identifier of another engine',
    "format": f"one of {', '.join(IMAGE_FORMATS)}",
    "camera": 'the name of a camera, such as "Camera"',
    "view_layers": 'a list of names of view layers, such as ["ViewLayer"]',
    "output": 'a file name without folders, such as "shot_####"',
    "threads": "a whole number from 1 to 1024, without quotes",
    "time_limit": "seconds for one frame, a number from 1 to 31536000",
    "persistent_data": "true or false, without quotes",
    "movie": "true or false, without quotes",
}
"""What is expected of each setting, in words."""

_BOUNDS: Final = {
    "priority": (0, HIGHEST_PRIORITY),
    "step": (1, 10_000),
    "percentage": (1, 1000),
    "samples": (1, 2**24),
    "threads": (1, 1024),
    "time_limit": (1, 31_536_000),
}
_OTHER_FORMATS: Final = {"EXR": "OPEN_EXR", "JPG": "JPEG", "TIF": "TIFF", "TGA": "TARGA"}
_OWN_ENGINES: Final = {"CYCLES", "EEVEE", "WORKBENCH"}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_UNUSABLE = re.compile(r'[/\\<>:"|?*{}\x00-\x1f\x7f]|^\.|[. ]$')
_LONGEST_OUTPUT = 120
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}", re.ASCII)


class JobFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What job.toml says; None is "as the .blend has it".

    `blend` is a path in the zip, as written. `frames` is a text for `parse_frames`. `priority` is
    from 0 to 100, higher goes first. `tags` name the devices that may render, all of them needed.
    `blender` is the version that may render ("4.2" takes 4.2.3), any if empty.
    `step` takes every second, third, ... of the frames. `scenes` is "all" or some names: each
    scene becomes a job of its own. `devices` names those that may render, one of them is enough.
    `allow_scripts` lets Python in the .blend run on the devices. With `split` off every frame is
    rendered whole, also where there are more slots than frames. `unbaked` is what becomes of
    simulations that are not baked, see `intake/unbaked.py`. All else is for `overrides`.
    """

    blend: str | None = None
    frames: str | None = None
    step: int | None = None
    scene: str | None = None
    scenes: Literal["all"] | tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    tags: tuple[str, ...] = ()
    blender: str = ""
    devices: tuple[str, ...] = ()
    allow_scripts: bool = False
    split: bool = True
    unbaked: Unbaked = "one-device"
    percentage: int | None = None
    samples: int | None = None
    engine: str | None = None
    format: str | None = None
    camera: str | None = None
    view_layers: tuple[str, ...] = ()
    output: str | None = None
    threads: int | None = None
    time_limit: float | None = None
    persistent_data: bool | None = None
    movie: bool | None = None

    @property
    def overrides(self) -> Overrides:
        """What is rendered otherwise than the .blend says."""
        engine, image = self.engine and self.engine.upper(), self.format and self.format.upper()
        return Overrides(
            percentage=self.percentage,
            samples=self.samples,
            # Engines of add-ons are called as they are; Blender's own are in capitals.
            engine=engine if engine in _OWN_ENGINES else self.engine,
            format=image and _OTHER_FORMATS.get(image, image),
            camera=self.camera,
            view_layers=self.view_layers,
            output=self.output,
            threads=self.threads,
            time_limit=self.time_limit,
            persistent_data=self.persistent_data,
            movie=self.movie,
        )

    def named_frames(self) -> tuple[int, ...] | None:
        """Give the frames that `frames` names, every one of `step`; None without."""
        return None if self.frames is None else parse_frames(self.frames)[:: self.step or 1]

    def applied(self, facts: BlendFacts) -> BlendFacts:
        """Give a .blend's facts as they are rendered: those of the wanted scene are others."""
        wanted = facts.scene(self.scene)
        scenes = tuple(
            self._stepped(self.overrides.applied(one)) if one is wanted else one
            for one in facts.scenes
        )
        return replace(facts, scenes=scenes)

    def _stepped(self, scene: SceneFacts) -> SceneFacts:
        return scene if self.step is None else replace(scene, frame_step=self.step)

    def as_data(self) -> dict[str, object]:
        """Give what it says as job.toml would, without what is left out."""
        usual = JobFile()
        found = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value != getattr(usual, name)
        }


def wrong(key: str, value: object) -> tuple[str, str] | None:
    """Say what is wrong with the value of a known setting, and what is expected; None if nothing.

    `value` is as TOML gives it.
    """
    expected = EXPECTED[key]
    try:
        msgspec.convert({key: value}, JobFile)
        problem = _problem(key, value)
        if key == "frames" and not problem:
            parse_frames(str(value))
    except msgspec.ValidationError:
        is_word = key == "unbaked" and isinstance(value, str)
        problem = f"“{key}” " + ("is not known" if is_word else "has a value of the wrong type")
    except ValueError as error:
        problem, _, expected = str(error).partition("; expected: ")
        problem = f"“frames” is wrong: {problem}"
    return (problem, expected) if problem else None


def _problem(key: str, value: object) -> str:
    """Say what is wrong with a value of the right type, nothing if nothing is."""
    if isinstance(value, str):
        return _problem_of_text(key, value)
    if isinstance(value, list):
        if not all(word.strip() for word in value):
            return f"“{key}” has an empty word"
        return f"“{key}” is empty" if not value and key not in ("tags", "devices") else ""
    low, high = _BOUNDS.get(key, (-math.inf, math.inf))
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"“{key}” is out of range" if is_number and not low <= value <= high else ""  # type: ignore[operator]


def _problem_of_text(key: str, value: str) -> str:
    if not value.strip():
        return f"“{key}” is empty"
    if key == "blender" and not _VERSION.fullmatch(value):
        return "“blender” is no version"
    if key == "engine" and not _IDENTIFIER.fullmatch(value):
        return "“engine” is no identifier"
    if key == "format":
        found = _OTHER_FORMATS.get(value.upper(), value.upper())
        return "" if found in IMAGE_FORMATS else "“format” is not known"
    if key == "output" and (_UNUSABLE.search(value) or len(value) > _LONGEST_OUTPUT):
        return "“output” can't be a file's name"
    return ""

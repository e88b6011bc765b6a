"""A project as data: its files by content, and the facts of its .blend."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE_FORMATS = (
    *("PNG", "JPEG", "OPEN_EXR", "OPEN_EXR_MULTILAYER", "TIFF", "WEBP", "BMP", "TARGA"),
    *("TARGA_RAW", "HDR", "DPX", "CINEON", "JPEG2000", "IRIS", "AVIF"),
)
"""Blender's identifiers of file formats that hold one frame."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """One file of a project: `path` is relative, with `/`; `size` in bytes; `sha256` in hex."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Project:
    """All files of a project, and which of them (`blend`, one of the paths) is rendered."""

    blend: str
    files: tuple[ProjectFile, ...]


@dataclass(frozen=True, slots=True)
class SceneFacts:
    """What one scene of a .blend asks for.

    `width` and `height` are pixels before `percentage` (1 to 100 and more) is applied;
    `file_format` and `engine` carry Blender's own identifiers, empty where unknown;
    `camera` is the camera object's name, None where there is none; `sequencer` says that the
    video sequencer makes the picture; `output` is the scene's output path as written in the file.
    `unbaked` names its simulations that have to be computed frame after frame.
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
    camera: str | None
    sequencer: bool
    output: str
    unbaked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlendFacts:
    """What a .blend says of itself, read without Blender.

    `version` is the Blender that wrote it, (major, minor). `external` names all files that it
    uses and `missing` those of them that the project does not hold, both as written in the file
    but with `/` and without the leading `//`. `strange` are kinds of nodes that are none of
    Blender's own.
    """

    version: tuple[int, int]
    scenes: tuple[SceneFacts, ...]
    active: str
    external: tuple[str, ...]
    missing: tuple[str, ...]
    strange: tuple[str, ...] = ()

    def scene(self, name: str | None = None) -> SceneFacts | None:
        """Give the named scene, the active one without a name, None if there is none such."""
        wanted = self.active if name is None else name
        return next((scene for scene in self.scenes if scene.name == wanted), None)

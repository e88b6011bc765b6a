"""What a job renders otherwise than its .blend says; the .blend itself stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from blendtui.farm.project import SceneFacts


@dataclass(frozen=True, slots=True)
class Overrides:
    """What job.toml changes of a scene; None (and no layers) is "as the scene has it".

    `percentage` is of the resolution. `samples` counts for Cycles and EEVEE; `engine` and `format`
    are Blender's own identifiers, "EEVEE" is the one that the device's Blender has. `camera` is an
    object's name, `view_layers` are those that are rendered. `output` is the frames' file name,
    with # for digits. `threads` a Blender may use at most; `time_limit` is in seconds, for a frame.
    `persistent_data` says whether a scene is kept between frames, None where the driver is to know.
    `movie` True has a movie made of the frames, False none of a scene that writes one.
    """

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

    def as_data(self) -> dict[str, object]:
        """Give what is set, by name."""
        found = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found
            if value not in (None, ())
        }

    def threads_of(self, device: int | None) -> int | None:
        """Give how many threads a Blender uses: as the job wants, but no more than `device`."""
        return min(device, self.threads) if device and self.threads else device or self.threads

    def applied(self, scene: SceneFacts) -> SceneFacts:
        """Give a scene's facts as they are rendered."""
        return replace(
            scene,
            percentage=self.percentage or scene.percentage,
            engine=self.engine or scene.engine,
            file_format=self.format or scene.file_format,
            camera=self.camera or scene.camera,
            output=self.output or scene.output,
        )


AS_IT_IS = Overrides()
"""Nothing is rendered otherwise."""

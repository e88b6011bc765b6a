"""What docs/refusals.md shows: each case is one drop; make_refusals.py says what is in its .blend.

A new case needs no more than a line here, and a function there if no .blend of them will do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A drop: `name` is its file's, `what` says what is wrong with it.

    `blends` are the .blend files in it, by their names in make_refusals.py, `job` is the text of
    job.toml, `data` another way to fill the drop (see drops.py). `farm` is one of runs.FARMS.
    `newer` has a newer Blender than the others make the .blend. `says` is in what has to be
    said of it, None where nothing is to be said.
    """

    name: str
    what: str
    blends: tuple[str, ...] = ("plain",)
    job: str = ""
    data: str = ""
    farm: str = "usual"
    newer: bool = False
    is_sent: bool = False
    says: str | None = ""

    @property
    def stem(self) -> str:
        """The job's name, or that of the reason."""
        return self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Section:
    """Some cases under one title."""

    title: str
    intro: str
    cases: tuple[Case, ...]


def _one(
    blend: str,
    what: str,
    job: str = "",
    name: str = "",
    farm: str = "usual",
    *,
    says: str | None = "",
) -> Case:
    return Case(f"{name or blend}.zip", what, (blend,), job, farm=farm, says=says)


def _job(name: str, what: str, job: str, blend: str = "plain", says: str = "") -> Case:
    return Case(f"{name}.zip", what, (blend,), job, says=says)


def _still(blend: str, what: str, job: str = "", name: str = "") -> Case:
    return _one(blend, what, job, name, "stills")


def _raw(name: str, what: str) -> Case:
    return Case(name, what, (), data=name)


SIMULATIONS = Section(
    "Simulations that are not baked",
    "Their frames need each other in order. [Simulations](simulations.md) has more.",
    (
        _one("rigid", "rigid bodies"),
        _one("cloth", "cloth"),
        _one("soft", "a soft body"),
        _one("particles", "particles that move"),
        _one("hair", "hair dynamics"),
        _one("paint", "dynamic paint"),
        _one("fluid", "a fluid"),
        Case("nodes.zip", "simulation nodes", ("nodes",), farm="newer", newer=True),
        _one("cloth", "cloth, and job.toml refuses it", 'unbaked = "refuse"', "strict"),
        _one("cloth", "cloth, and job.toml ignores it", 'unbaked = "ignore"', "loose"),
        _one("inside", "cloth, baked: its cache is in the .blend", name="baked", says=None),
        _one("cached", "cloth, baked to the disk, and the zip lacks the cache"),
    ),
)

FILES = Section(
    "Files that the zip does not hold",
    "Blender renders without them, each in its own way: so it is a warning.",
    (
        _one("library", "a linked library outside the zip"),
        _one("absolute", "absolute paths"),
        _one("texture", "a texture that is missing"),
        _one("font", "a font"),
        _one("sound", "a sound"),
        _one("alembic", "an Alembic cache"),
        _one("volume", "a volume"),
        _one("clip", "a movie clip"),
        _one("shader", "two shaders in OSL, and the light profile of a lamp"),
        Case("texture.blend", "`blendtui submit` of such a file", ("texture",), is_sent=True),
        Case(
            "cloth.blend", "`blendtui submit` of cloth that is not baked", ("cloth",), is_sent=True
        ),
    ),
)

ADDONS = Section(
    "Add-ons and scripts",
    "A device renders with the add-ons that its Blender has.",
    (
        _one("octane", "a node of an add-on"),
        _one("lux", "a scene for the render engine of an add-on"),
        _one("plain", "the same engine, asked for in job.toml", 'engine = "LUXCORE"', "engine"),
        _one("scripted", "a driver in Python and a text that registers itself"),
    ),
)

SCENES = Section(
    "Scenes that cannot be rendered",
    "",
    (
        _one("blind", "a scene without a camera"),
        _one("tiny", "1 percent of 16 by 16 pixels"),
        Case("backwards.zip", "a range that runs backwards, written by hand", data="backwards"),
        _one("long", "a range of more frames than a job can have"),
        Case("future.zip", "a file format of another time, written by hand", data="future"),
        _job("scene", "a scene that there is not", 'scene = "Noon"', "scenes"),
        _job("several", "one of several scenes that there is not", 'scenes = ["Day", "Noon"]',
             "scenes"),
        _job("camera", "a camera that there is not", 'camera = "Above"'),
        _job("layer", "a view layer that there is not", 'view_layers = ["Front"]'),
        _job("avif", "a format that the device's Blender does not have", 'format = "AVIF"'),
        _one("denoised", "denoising, where Blender was built without a denoiser"),
        _job("slow", "a frame beyond its time", 'samples = 16000000\ntime_limit = 1', "endless",
             "within the job's time limit of 1 s"),
    ),
)  # fmt: skip

JOBFILE = Section(
    "job.toml",
    "",
    (
        _job("key", "a name that there is not", 'frame = "1-9"'),
        _job("type", "a value of the wrong type", "frames = 5"),
        _job("range", "a number out of its range", "priority = 101"),
        _job("frames", "frames that run backwards", 'frames = "9-1"'),
        _job("format", "a format that there is not", 'format = "GIF"'),
        _job("way", "a word that there is not", 'unbaked = "never"'),
        _job("folder", "folders in the frames' name", 'output = "../take_####"'),
        _job("toml", "no TOML", "frames = 1-9"),
        _job("blend", "a .blend that there is not", 'blend = "shots/a.blend"'),
        _job("device", "a device that there is not", 'devices = ["attic"]'),
        _job("tag", "a tag that no device has", 'tags = ["gpu"]'),
        _job("blender", "a Blender that no device has", 'blender = "2.93"'),
    ),
)

VERSIONS = Section(
    "Versions of Blender",
    "Here the devices have 3.4 or 5.0.",
    (
        Case("newer.zip", "a .blend of 5.0, and the devices have 3.4", newer=True),
        Case("older.zip", "a .blend of 3.4, and the devices have 5.0", farm="newer"),
        Case("both.zip", "a .blend of 3.4; host0 has 3.4, host1 has 5.0", farm="both"),
    ),
)

STILLS = Section(
    "Stills that are rendered whole",
    "One frame, more slots than frames: it would be rendered [in parts](stills.md).",
    (
        _one("still", "nothing is in the way", farm="stills", says=None),
        _still("still", "EEVEE", 'engine = "EEVEE"', "eevee"),
        _still("still", "Workbench", 'engine = "WORKBENCH"', "workbench"),
        _still("strips", "the video sequencer"),
        _still("stereo", "several views"),
        _still("region", "a region of the picture"),
        _still("freestyle", "Freestyle"),
        _still("pencil", "Grease Pencil"),
        _still("guided", "path guiding"),
        _still("timed", "a time limit in the scene"),
        _still("scrambled", "a scrambling distance by itself"),
        _still("layered", "a view layer with samples of its own"),
        _still("cryptomatte", "Cryptomatte"),
        _still("catcher", "a shadow catcher"),
        _still("composed", "compositing that shows another scene"),
        _still("still", "fewer samples than are worth parts", "samples = 7", "few"),
    ),
)

DEVICES = Section(
    "What a device cannot do",
    "A GPU that runs out of memory is told in [GPUs](gpus.md#a-gpu-without-enough-memory); "
    "no such card was at hand to show it here.",
    (
        Case("undrawn.zip", "EEVEE, where it cannot draw", job='engine = "EEVEE"', farm="undrawn"),
        Case("cards.zip", 'compute = "CUDA" in devices.toml, and no card', farm="cards"),
        _one("carded", "a scene for the GPU, and devices.toml names none"),
    ),
)

DROPS = Section(
    "Zips and .blend files",
    "Made byte by byte, as no program for zips would write some of them. A zip is refused as a "
    "whole, before anything of it is written.",
    (
        Case("two.zip", "two .blend files, and none is named", ("plain", "blind")),
        _raw("none.zip", "no .blend file"),
        _raw("traversal.zip", "a path that leads out of the folder"),
        _raw("root.zip", "an absolute path"),
        _raw("link.zip", "a link"),
        _raw("locked.zip", "a file with a password"),
        _raw("bomb.zip", "a file that unpacks to a thousand times its size"),
        _raw("cut.zip", "a zip that was cut short"),
        _raw("damaged.zip", "a file that is not what its checksum says"),
        _raw("lzma.zip", "a file that is not compressed with Deflate"),
        _raw("clash.zip", "two names that are one on some systems"),
        _raw("reserved.zip", "a name that Windows keeps for itself"),
        _raw("other.zip", "something else, called .zip"),
        _raw("half.blend", "a .blend that was cut short"),
        _raw("note.blend", "something else, called .blend"),
    ),
)

MOVIES = Section(
    "Movies",
    "The frames are there in any case. [Movies](movies.md) has more.",
    (
        _one("theora", "Theora, which the encoder does not have"),
        _one("odd", "H.264 of 17 by 17 pixels"),
        _one("unfinished", "a movie of which all frames failed"),
    ),
)

SECTIONS = (
    SIMULATIONS, FILES, ADDONS, SCENES, JOBFILE, VERSIONS, STILLS, DEVICES, DROPS, MOVIES,
)  # fmt: skip
ALL = tuple(case for section in SECTIONS for case in section.cases)

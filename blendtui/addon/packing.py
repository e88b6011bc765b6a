"""Packs the open file with all that it uses, and drops it into a share.

In the zip, files lie to each other as they do on the disk, so that relative paths stay as they
are. Absolute ones are made relative by Blender itself: in a copy, in a second Blender without a
window (`relative.py`), since that would change the file that the artist has open.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

_DROPS = (".zip", ".blend")
_NO_FILE = ("<builtin>", "")
_PACKED = (".png", ".jpg", ".jpeg", ".exr", ".webp", ".mp4", ".mov", ".mkv", ".vdb", ".zip")
_SYSTEM = frozenset(
    Path(name)
    for name in (
        *("/boot", "/dev", "/etc", "/proc", "/run/credentials", "/run/secrets", "/run/user"),
        *("/sys", "/private/etc"),
    )
)
_FONTS = ("~/.fonts", "~/.local/share/fonts")
"""Hidden folders that hold nothing but what a .blend may well name."""

_WITHIN = 600.0
"""Seconds that the second Blender may take."""


class NotSentError(Exception):
    """It was not sent; the text says why, for the artist."""


@dataclass
class Sent:
    """What was sent: the job's name, how many files, and those that are missing.

    `outside` are those that are not below the .blend's folder, `private` those that were not sent.
    """

    name: str
    files: int
    missing: list[str]
    outside: list[str]
    private: list[str]


def send(share: str, name: str, job: dict[str, Any]) -> Sent:
    """Pack the open file and drop it into the share, with a job.toml of `job`.

    Raises:
        NotSentError: there is no share, or something can't be read or written.
    """
    if not share:
        raise NotSentError("Set the share folder first: Preferences, Add-ons, Send to blendtui.")
    folder = Path(share)
    if not folder.is_dir():
        raise NotSentError(f"The share folder {share} is not there.")
    wanted = plain_name(name or Path(bpy.data.filepath).stem or "untitled")
    hidden = folder / f".blendtui-{secrets.token_hex(10)}.part"
    try:
        with _copied() as (copy, home, stage):
            found, missing = _files()
            private = {path: None for path in found if is_private(path, home)}
            used = [path for path in found if path not in private]
            sources = {path: path for path in used}
            sources |= _made_relative(copy, used, stage)
            count = _zip(hidden, job, home, sources | {home: copy})
        outside = [str(path) for path in used if home.parent not in path.parents]
        kept_back = [str(path) for path in private]
        _note("sent from outside the file's folder", outside)
        _note("not sent, since it is hidden or the system's", kept_back)
        return Sent(_appear(hidden, folder, wanted), count, missing, outside, kept_back)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise NotSentError(f"It was not sent: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink()


def _note(what: str, paths: list[str]) -> None:
    """Name all files on Blender's console, if it has one: a message on the screen has few."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stdout.writelines(f"blendtui: {what}: {path}\n" for path in paths)


@contextlib.contextmanager
def _copied() -> Iterator[tuple[Path, Path, Path]]:
    """Save a copy; gives that, the place that it stands for, and a folder for more.

    It lies hidden beside the file itself, so that paths relative to it hold in the copy; where
    that can't be written, or the file was never saved, in a folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="blendtui-") as stage:
        own = Path(bpy.data.filepath) if bpy.data.filepath else Path(stage) / "untitled.blend"
        beside = own.with_name(f".blendtui-{secrets.token_hex(6)}.blend")
        elsewhere = Path(stage) / own.name
        for place, home in ((beside, own), (elsewhere, elsewhere)):
            try:
                bpy.ops.wm.save_as_mainfile(
                    filepath=str(place), copy=True, relative_remap=True, compress=False
                )
            except RuntimeError:
                continue
            try:
                yield place, home, Path(stage)
            finally:
                with contextlib.suppress(OSError):
                    place.unlink()
            return
        raise NotSentError("A copy of the file can't be saved, here or in the temporary folder.")


def is_private(path: Path, blend: Path) -> bool:
    """Whether a file is hidden, or lies in a hidden or a system folder, wherever links lead.

    Any .blend can name such a file, and whoever sees the share would see it. A folder that the
    .blend itself lies in does not count. `blendtui submit` does as this does.
    """
    real, own = Path(os.path.realpath(path)), Path(os.path.realpath(blend.parent))
    around = (real, *real.parents)
    if any(Path(os.path.realpath(os.path.expanduser(name))) in around for name in _FONTS):  # noqa: PTH111
        return False
    return any(
        (one.name.startswith(".") or one in _SYSTEM) and one not in (own, *own.parents)
        for one in around
    )


# what is used


def _files() -> tuple[list[Path], list[str]]:
    """Give the files that the open file and its libraries use, and those that are missing."""
    own = [Path(bpy.utils.resource_path(kind)) for kind in ("SYSTEM", "LOCAL") if _resource(kind)]
    found: dict[Path, None] = {}
    missing: dict[str, None] = {}
    named = bpy.utils.blend_paths(absolute=True, packed=False, local=False)
    for text in (*named, *_pictures_of_strips()):
        if text in _NO_FILE:
            continue
        path = Path(os.path.abspath(text))  # noqa: PTH100 - links stay
        if any(folder in path.parents for folder in own):
            continue  # what every Blender has
        files = list(_expanded(path))
        found.update(dict.fromkeys(files))
        if not files:
            missing[str(path)] = None
    for cache in _caches():
        found.update(dict.fromkeys(_expanded(cache)))
    return list(found), list(missing)


def _resource(kind: str) -> bool:
    return bool(bpy.utils.resource_path(kind))


def _expanded(path: Path) -> Iterator[Path]:
    """Give the files that a path stands for: itself, tiles, a numbered sequence, a folder."""
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*")) if file.is_file())
        return
    if path.is_file():
        yield path
        if not _is_sequence(path):
            return
    pattern = _pattern(path)
    if pattern is not None and path.parent.is_dir():
        for file in sorted(path.parent.iterdir()):
            if pattern.fullmatch(file.name) and file.is_file():
                yield file


def _pattern(path: Path) -> re.Pattern[str] | None:
    if "<UDIM>" in path.name or "<UVTILE>" in path.name:
        parts = map(re.escape, re.split("<UDIM>|<UVTILE>", path.name))
        return re.compile(".*".join(parts))
    # The last number there is counts: BLI_path_sequence_decode in Blender.
    found = re.fullmatch(r"(.*?)[0-9]+([^0-9]*)", path.stem, re.DOTALL)
    if found is None:
        return None
    return re.compile(f"{re.escape(found[1])}[0-9]+{re.escape(found[2] + path.suffix)}")


def _is_sequence(path: Path) -> bool:
    """Whether the file is the first of several that are used, as its owner says."""
    data = bpy.data
    owners = [one for one in (*data.images, *data.movieclips) if one.source == "SEQUENCE"]
    owners += [one for one in (*data.volumes, *data.cache_files) if one.is_sequence]
    named = (bpy.path.abspath(one.filepath, library=one.library) for one in owners)
    return any(os.path.abspath(text) == str(path) for text in named)  # noqa: PTH100


def _pictures_of_strips() -> Iterator[str]:
    """Give all pictures of strips; Blender itself names some only."""
    for scene in bpy.data.scenes:
        for strip in _strips(scene.sequence_editor) if scene.sequence_editor else ():
            if strip.type == "IMAGE":
                folder = bpy.path.abspath(strip.directory, library=scene.library)
                yield from (os.path.join(folder, one.filename) for one in strip.elements)  # noqa: PTH118


def _strips(editor: Any) -> Any:
    # 4.4 renamed sequences to strips.
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def _caches() -> Iterator[Path]:
    """Give the folders of baked simulations, which Blender does not count as paths."""
    if bpy.data.filepath:
        own = Path(bpy.data.filepath)
        yield own.with_name(f"blendcache_{own.stem}")
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            settings = getattr(modifier, "domain_settings", None)
            if settings is not None and getattr(settings, "cache_directory", None):
                yield Path(bpy.path.abspath(settings.cache_directory, library=thing.library))


# paths


def _made_relative(copy: Path, used: list[Path], stage: Path) -> dict[Path, Path]:
    """Have absolute paths made relative in the copy; gives other files' changed copies."""
    written = bpy.utils.blend_paths(absolute=False, packed=False, local=False)
    if all(text.startswith("//") or text in _NO_FILE for text in written):
        return {}
    libraries = [path for path in used if path.suffix.lower() == ".blend"]
    stand_ins = {path: stage / f"{number}.blend" for number, path in enumerate(libraries)}
    tasks = [[str(copy), str(copy)], *([str(one), str(new)] for one, new in stand_ins.items())]
    script = Path(__file__).with_name("relative.py")
    words = [*_blender(), str(script), "--", json.dumps(tasks)]
    if _is_module():
        words = [sys.executable, str(script), "--", json.dumps(tasks)]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=_WITHIN, errors="replace"
        )
    except subprocess.TimeoutExpired as error:
        raise NotSentError("The second Blender that makes paths relative did not end.") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise NotSentError(f"Paths could not be made relative: {' '.join(last)}")
    return {path: new for path, new in stand_ins.items() if new.is_file()}


def _is_module() -> bool:
    """Whether this is Blender as a Python package, which has no program of its own."""
    return not bpy.app.binary_path


def _blender() -> list[str]:
    safe = ["-b", "--factory-startup", "--disable-autoexec", "--python-exit-code", "3"]
    return [bpy.app.binary_path, *safe, "-P"]


# the zip


def _zip(target: Path, job: dict[str, Any], home: Path, sources: dict[Path, Path]) -> int:
    """Write the zip of files by the places that they stand for; `home` is the one to render."""
    root = Path(os.path.commonpath([str(place.parent) for place in sources]))
    with zipfile.ZipFile(target, "w", compresslevel=1, strict_timestamps=False) as archive:
        inside = home.relative_to(root).as_posix()
        archive.writestr("job.toml", job_toml({"blend": inside, **job}))
        for place, source in sources.items():
            is_packed = place.suffix.lower() in _PACKED
            method = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            archive.write(source, place.relative_to(root).as_posix(), method)
    return len(sources)


def job_toml(job: dict[str, Any]) -> str:
    """Write job.toml; texts as JSON writes them are texts of TOML."""
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in job.items())
    return "\n".join(lines) + "\n"


def plain_name(name: str) -> str:
    """Make a file name that every system can store."""
    kept = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", name).strip(" .")
    return kept[:100] or "untitled"


def _appear(hidden: Path, share: Path, name: str) -> str:
    """Give the whole file a name that is free in the share, in one step."""
    with hidden.open("rb+") as file:
        os.fsync(file.fileno())
    number = 1
    while True:
        free = name if number == 1 else f"{name}-{number}"
        number += 1
        taken = {
            (path.stem if path.suffix.lower() in _DROPS else path.name).casefold()
            for path in share.iterdir()
        }
        if free.casefold() in taken:
            continue
        target = share / f"{free}.zip"
        try:
            os.link(hidden, target)
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            hidden.rename(target)
        return free

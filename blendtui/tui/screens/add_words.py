"""What the screen for adding a project tells, and what job.toml is to say. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from rich.text import Text

from blendtui.config.editing import written
from blendtui.config.values import is_name
from blendtui.farm.file_kinds import is_absolute, kind_of
from blendtui.farm.overrides import Overrides
from blendtui.job_settings import wrong as wrong_value
from blendtui.sending import laid_over
from blendtui.tui import words
from blendtui.tui.draft import Setting
from blendtui.tui.screens.ask import frames_wrong, priority_wrong
from blendtui.tui.words import Colors
from blendtui.wording import safe, size

FRAMES, PRIORITY, TAGS, OTHERS = ("frames",), ("priority",), ("tags",), ("others",)

OTHER_SETTINGS = (
    *("step", "scene", "scenes", "devices", "blender", "allow_scripts", "split", "unbaked"),
    *(field.name for field in fields(Overrides)),
)
"""Settings of job.toml that have no line of their own in the form."""

_MOST_MISSING = 30
_UNDECIDED = ("blend-several", "blend-named-missing", "blend-chosen-missing")


def offered(found: Mapping[str, Any]) -> list[str]:
    """Give the .blend files of a project to choose from; none where there is no choice."""
    blends = list(found.get("blends") or ())
    return blends if len(blends) > 1 or is_undecided(found) else []


def is_undecided(found: Mapping[str, Any]) -> bool:
    """Whether nothing says yet which of a project's .blend files is rendered."""
    problem = found["problem"]
    return problem is not None and problem["kind"] in _UNDECIDED and bool(found.get("blends"))


def about_project(found: Mapping[str, Any], colors: Colors) -> Text:
    """Tell what was found in a project: its facts, what is missing, and what is wrong."""
    text = Text(f"{safe(found['name'], 100)}\n", "bold")
    if "files" in found:
        count = "1 file" if found["files"] == 1 else f"{found['files']} files"
        text = Text().append(text).append(f"{count}, {size(found['bytes'])}")
        made = f", made with Blender {found['blender']}" if "blender" in found else ""
        text.append(f"; renders {safe(found['blend'], 100)}{made}\n")
    for scene in found.get("scenes", ()):
        mark = words.color(colors, "primary") if scene["active"] else words.color(colors, "none")
        text.append("▸ " if scene["active"] else "  ", mark).append(_scene(scene)).append("\n")
    missing = found.get("missing") or ()
    if missing:
        style = words.color(colors, "warning")
        count = "1 file is" if len(missing) == 1 else f"{len(missing)} files are"
        text.append(f"\n! {count} used and not in it:\n", style)
        text.append("".join(f"  {_file(path)}\n" for path in missing[:_MOST_MISSING]))
        if len(missing) > _MOST_MISSING:
            text.append(f"  and {len(missing) - _MOST_MISSING} more\n")
    for said in found["warnings"]:
        if said["kind"] not in ("files-missing", "files-absolute"):
            text.append("\n! ", words.color(colors, "warning")).append(f"{said['what']}\n")
    problem = found["problem"]
    if is_undecided(found):
        if problem["kind"] != "blend-several":
            text.append(f"{problem['what']}\n")
        text.append("\nChoose the .blend to render below.\n", "bold")
    elif problem is not None:
        text.append("\n✗ ", words.color(colors, "error")).append(f"{problem['what']}\n", "bold")
        text.append(f"  {problem['cure']}\n")
    return text


def _file(path: str) -> str:
    """Name a file that is missing, its kind, and what is wrong with its path, if anything is."""
    kind = kind_of(path).removesuffix("s") if kind_of(path) != "libraries" else "library"
    away = ", an absolute path that no device has" if is_absolute(path) else ""
    return f"{kind}{away}: {safe(path, 200)}"


def _scene(scene: Mapping[str, Any]) -> str:
    width, height = (scene[side] * scene["percentage"] // 100 for side in ("width", "height"))
    count = f"{scene['count']} frames ({scene['frames']})" if scene["count"] else "no frames"
    said = [count, f"{width} x {height}", scene["engine"], scene["file_format"] or "no format"]
    if scene["camera"] is None and not scene["sequencer"]:
        said.append("no camera")
    return f"{safe(scene['name'], 60)}: {safe(', '.join(said), 200)}"


def choices(found: Mapping[str, Any], tags: Collection[str]) -> list[Setting]:
    """Give the form's lines, with what holds where nothing is chosen; `tags` are the devices'."""
    job = found.get("job") or {}
    wanted = job.get("scene")
    own = [
        one
        for one in found.get("scenes", ())
        if (one["name"] == wanted if wanted else one["active"])
    ]
    frames = job.get("frames") or (own[0]["frames"] if own else "")
    known = f" They have: {', '.join(sorted(tags))}." if tags else ""
    return [
        Setting(FRAMES, "frames", "Such as 1-100, 3,7 or 1-100x2 for every second one.", frames),
        Setting(PRIORITY, "priority", "0 to 100; higher goes first.", str(job.get("priority", 50))),
        Setting(
            TAGS,
            "tags",
            f"Only devices that have all of these, with commas between.{known}",
            ", ".join(job.get("tags") or ()) or "any device",
        ),
        Setting(
            OTHERS,
            "others",
            'Other settings of job.toml with commas between: percentage = 50, format = "JPEG".',
            _written(job) or "as the .blend has it",
        ),
    ]


def _written(job: Mapping[str, Any]) -> str:
    """Write those settings of a job.toml that have no line of their own."""
    usual = {"allow_scripts": False}
    named = {
        one: job[one]
        for one in OTHER_SETTINGS
        if job.get(one) not in (None, "", []) and job[one] != usual.get(one)
    }
    return ", ".join(f"{name} = {written(value)}" for name, value in named.items())


def wrong(
    typed: Mapping[tuple[str, ...], str], tags: Collection[str]
) -> dict[tuple[str, ...], str]:
    """Say what is wrong with what was chosen."""
    found = {}
    if typed.get(FRAMES, "").strip():
        found[FRAMES] = frames_wrong(typed[FRAMES])
    if typed.get(PRIORITY, "").strip():
        found[PRIORITY] = priority_wrong(typed[PRIORITY])
    named = _tags(typed.get(TAGS, ""))
    bad = [tag for tag in named if not is_name(tag)]
    unknown = [tag for tag in named if tag not in tags]
    if bad:
        found[TAGS] = f"“{safe(bad[0], 40)}” is no tag: letters (a to z), digits, - _ and ."
    elif unknown:
        found[TAGS] = f"No device has the tag “{safe(unknown[0], 40)}”."
    others = _others(typed.get(OTHERS, ""))
    if isinstance(others, str):
        found[OTHERS] = others
    return {path: words_ for path, words_ in found.items() if words_}


def _others(typed: str) -> dict[str, object] | str:
    """Read other settings of job.toml as they were typed; gives what is wrong, if anything is."""
    try:
        found = tomllib.loads(f"job = {{ {typed} }}")
    except (ValueError, RecursionError):
        return 'Write name = value, with commas between and texts in "quotation marks".'
    unknown = [name for name in found["job"] if name not in OTHER_SETTINGS]
    if unknown or len(found) > 1:
        known = ", ".join(OTHER_SETTINGS)
        return f"“{safe(unknown[0] if unknown else typed, 40)}” is none of {known}."
    settings: dict[str, object] = found["job"]
    if "scene" in settings and "scenes" in settings:
        return "“scene” and “scenes” do not go together: write one of them."
    problems = (wrong_value(name, value) for name, value in settings.items())
    return next((f"{safe(one[0])}. Expected: {one[1]}." for one in problems if one), settings)


def _tags(typed: str) -> list[str]:
    return [tag.strip() for tag in typed.split(",") if tag.strip()]


def jobfile(
    found: Mapping[str, Any], typed: Mapping[tuple[str, ...], str], *, blend: str = ""
) -> dict[str, object]:
    """Give what job.toml is to say; nothing where nothing was chosen: the drop stays as it is.

    `blend` is the .blend that was chosen, if any was.
    """
    chosen: dict[str, object] = {"blend": blend} if blend else {}
    if typed.get(FRAMES, "").strip():
        chosen["frames"] = typed[FRAMES].strip()
    if typed.get(PRIORITY, "").strip():
        chosen["priority"] = int(typed[PRIORITY])
    if _tags(typed.get(TAGS, "")):
        chosen["tags"] = _tags(typed[TAGS])
    others = _others(typed.get(OTHERS, ""))
    if isinstance(others, dict):
        chosen |= others
    if not chosen:
        return {}
    own = {key: value for key, value in (found.get("job") or {}).items() if value not in (None, "")}
    return {"blend": found["blend"], **laid_over(own, chosen)}

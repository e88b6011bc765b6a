"""From options of the command line to what job.toml says. Checked as every job.toml is."""

from __future__ import annotations

import argparse
import tomllib
from typing import Any

import tomli_w

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.jobfile import read_jobfile

_OPTIONS = {
    "tags": "--tag",
    "devices": "--device",
    "view_layers": "--view-layer",
    "allow_scripts": "--allow-scripts",
    "split": "--no-split",
    "time_limit": "--time-limit",
}
_PLAIN = (
    *("frames", "step", "scene", "priority", "blender", "unbaked", "percentage", "samples"),
    *("engine", "format", "camera", "output", "threads", "time_limit", "movie"),
)


def wishes_of(options: argparse.Namespace) -> dict[str, Any]:
    """Give the settings of job.toml that the options ask for.

    Raises:
        Failure: OPTION_INVALID.
    """
    wishes = {name: getattr(options, name) for name in _PLAIN}
    wishes["tags"] = options.tag or None
    wishes["devices"] = options.device or None
    wishes["view_layers"] = options.view_layer or None
    wishes["scenes"] = "all" if options.scenes == ["all"] else options.scenes or None
    wishes["allow_scripts"] = options.allow_scripts or None
    wishes["split"] = False if options.no_split else None
    wishes = {name: value for name, value in wishes.items() if value is not None}
    own = frozenset(wishes)
    for text in options.set or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Failure.of(
                FaultKind.OPTION_INVALID,
                option=f"--set {text}",
                problem="there is no NAME=VALUE",
                expected="a setting of job.toml with its value, such as: --set priority=80",
            )
        wishes[name.strip()] = _value(value.strip())
    _check(wishes, own)
    return wishes


def _value(text: str) -> object:
    """Read a value as TOML does; what is none is meant as text."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return found["value"] if found.keys() == {"value"} else text


def _check(wishes: dict[str, Any], own: frozenset[str]) -> None:
    try:
        read_jobfile(tomli_w.dumps(wishes).encode("utf-8", "replace"))
    except Failure as failure:
        fault = failure.fault
        key = fault.fact("key")
        option = _OPTIONS.get(key, f"--{key}") if key in own else f"--set {key}"
        raise Failure.of(
            FaultKind.OPTION_INVALID,
            option=option,
            problem=fault.fact("problem"),
            expected=fault.fact("expected"),
        ) from failure

"""The commands that look at a farm, or ask a running engine for something."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from blendtui.commands.finding import load, named
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.process import OK
from blendtui.wording import safe

if TYPE_CHECKING:
    from blendtui.store.views import Views

ANSWER_WITHIN = 5.0
"""Seconds that a request may take to be answered by a running engine."""

CLEARED_WITHIN = 120.0
"""The same for one that the device has to carry out first."""


def status(options: argparse.Namespace) -> int:
    """Show jobs and devices from the store, whether an engine runs or not."""
    from blendtui import status as room  # noqa: PLC0415
    from blendtui.store.views import Views  # noqa: PLC0415

    _, places = load(options)
    views = Views(places.store)
    try:
        shown = room.collect(views, places)
    finally:
        views.close()
    print(json.dumps(shown, indent=2) if options.json else room.text(shown))
    return OK


def request(options: argparse.Namespace) -> int:
    """Ask a running engine for something about a job, and wait for its answer."""
    if not options.job.isprintable():  # such as bytes that are no text: the store can't hold them
        raise Failure.of(FaultKind.JOB_UNKNOWN, job=options.job)
    detail = str(getattr(options, "detail", ""))
    return _ask(
        options, options.job, lambda views: views.ask_job(options.kind, options.job, detail)
    )


def request_device(options: argparse.Namespace) -> int:
    """Ask a running engine for something about a device, and wait for its answer."""
    settings, _ = load(options)
    device = named(settings, options.name)
    return _ask(options, device.name, lambda views: views.ask_device(options.kind, device.name))


def _ask(options: argparse.Namespace, whom: str, ask: Callable[[Views], int]) -> int:
    from blendtui.locks import engine_runs  # noqa: PLC0415
    from blendtui.store.views import Views  # noqa: PLC0415

    _, places = load(options)
    if not engine_runs(places):
        raise Failure.of(FaultKind.NO_ENGINE, share=places.share)
    views = Views(places.store)
    try:
        number = ask(views)
        within = CLEARED_WITHIN if options.kind == "clear-cache" else ANSWER_WITHIN
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            taken, fault = views.answer(number)
            if fault is not None:
                raise Failure(fault)
            if taken:
                what = (
                    "its movie is made now"
                    if options.kind == "movie"
                    else f"{options.kind} is done"
                )
                print(f"{safe(whom)}: {what}.")
                return OK
            time.sleep(0.05)
    finally:
        views.close()
    raise Failure.of(FaultKind.NO_ENGINE, share=places.share)

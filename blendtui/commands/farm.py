"""The commands that run the farm, show it, or bring projects to it."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from functools import partial
from pathlib import Path

from blendtui.commands.finding import load, path_of, state_of, warn_of
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.places import Places
from blendtui.process import OK, SOME_FAILED, log_to_file, stay_long
from blendtui.settings import Limits
from blendtui.wording import explain, safe


def watch(options: argparse.Namespace) -> int:
    """Run the farm without a screen."""
    from blendtui import headless  # noqa: PLC0415
    from blendtui.share import Share  # noqa: PLC0415

    settings, places = load(options)
    warn_of(settings)
    log_to_file(places.state)
    stay_long()
    share = Share(places.share)
    share.check()
    return asyncio.run(
        headless.watch(
            settings, places, share, once=options.once, log_format=options.log_format or "text"
        )
    )


def submit(options: argparse.Namespace) -> int:
    """Pack files, drop them into the share, and wait for them if that is wanted."""
    from blendtui import submit as room  # noqa: PLC0415
    from blendtui.submit import sending  # noqa: PLC0415
    from blendtui.submit.wishes import wishes_of  # noqa: PLC0415

    wishes = wishes_of(options)
    files = [path_of(text) for text in options.files]
    if options.dry_run:
        for file in files:
            print(sending.planned(file, room.check(file, wishes)))
        return OK
    if options.share:  # an artist's machine needs no devices.toml
        places = Places(state_of(options), path_of(options.share))
    else:
        _, places = load(options)
    return sending.send(files, places, wishes, options)


def notify(options: argparse.Namespace) -> int:
    """Tell a word by every way that devices.toml names, and say which of them work."""
    from blendtui import notify as room  # noqa: PLC0415

    settings, places = load(options)
    log_to_file(places.state)
    found = room.try_out(settings.notify, sys.stdout)
    if not found:
        raise Failure.of(FaultKind.NOTIFY_NOBODY, file=settings.source)
    for name, fault in found:
        print(f"{safe(name)}: {'told' if fault is None else explain(fault)}")
    return OK if all(fault is None for _, fault in found) else SOME_FAILED


def control(options: argparse.Namespace) -> int:
    """Open the control centre on this terminal."""
    from blendtui.tui.opening import open_centre  # noqa: PLC0415

    explicit = path_of(options.devices) if options.devices else None
    share = path_of(options.share) if options.share else None
    return open_centre(explicit, share, state_of(options))


def serve(options: argparse.Namespace) -> int:
    """Show the control centre as a web page, until a signal comes."""
    from blendtui.tui import serving  # noqa: PLC0415
    from blendtui.tui.finding import same_places  # noqa: PLC0415
    from blendtui.tui.keeper import Keeper  # noqa: PLC0415

    settings, places = load(options)
    log_to_file(places.state)
    token = serving.new_token()
    try:
        if options.token_file:
            token = serving.read_token(path_of(options.token_file))
        if token == "":
            raise Failure.of(FaultKind.TOKEN_EMPTY, path=options.token_file)
        words = same_places(settings, places)
        keeper = Keeper(places, words)
        keeper.begin()
        try:
            only_here = serving.is_loopback(options.host)
            announce = partial(_announce, only_here=only_here)
            serving.serve(words, options.host, options.port, token, announce)
        finally:
            keeper.end()
    except OSError as error:
        facts = {"host": options.host, "port": options.port, "reason": reason_of(error)}
        raise Failure.of(FaultKind.PAGE_NOT_SERVED, **facts) from error
    return OK


def _announce(address: str, *, only_here: bool) -> None:
    print(f"The control centre is at {address}", flush=True)
    line = "" if only_here else ", and the line is not encrypted"
    print(f"Whoever has this address can steer the farm{line}.")
    print("Ctrl+C ends it.", flush=True)


def demo(options: argparse.Namespace) -> int:
    """Render the sample project on this machine."""
    from blendtui import demo as room  # noqa: PLC0415

    return room.run(yes=options.yes)


def init(options: argparse.Namespace) -> int:
    """Write a devices.toml to begin with."""
    from blendtui import config  # noqa: PLC0415

    path = path_of(options.path)
    config.write_example(path)
    print(f"Wrote {safe(str(path))}. Put your devices in, then run: blendtui devices check")
    return OK


def inspect(options: argparse.Namespace) -> int:
    """Say what a project would be as a job; nothing is dropped."""
    from blendtui import inspecting  # noqa: PLC0415
    from blendtui.places import private_folder  # noqa: PLC0415

    # Whoever ends us must not leave an unpacked project behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = private_folder(private_folder(state_of(options).absolute()) / "inspecting")
    found = inspecting.inspect(path_of(options.file), _limits(options), work, options.blend)
    print(json.dumps(found.as_data(), indent=2) if options.json else inspecting.text(found))
    return SOME_FAILED if found.problem else OK


def _limits(options: argparse.Namespace) -> Limits:
    """Give the limits of devices.toml, the usual ones where there is none yet."""
    from blendtui import config  # noqa: PLC0415

    explicit = path_of(options.devices) if options.devices else None
    path = config.find(explicit, Path.cwd(), Places.config_dir())
    settings = config.check(path)[0] if path else None
    return settings.share.limits if settings else Limits()

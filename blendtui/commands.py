"""What each command does. Gives exit codes; prints what a person or a program wants to read."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from blendtui.errors import Failure, reason_of, unexpected
from blendtui.farm.faults import Fault, FaultKind
from blendtui.places import Places
from blendtui.process import BROKEN, INTERRUPTED, OK, SOME_FAILED, WRONG_USE, log_to_file, stay_long
from blendtui.settings import DeviceSettings, Limits, Settings
from blendtui.wording import explain, safe

if TYPE_CHECKING:
    from blendtui.views import Views

log = logging.getLogger("blendtui")

ANSWER_WITHIN = 5.0
"""Seconds that a request may take to be answered by a running engine."""

CLEARED_WITHIN = 120.0
"""The same for one that the device has to carry out first."""


def guarded(action: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; whatever goes wrong becomes plain words, and a traceback in the log file."""
    try:
        return action(options)
    except Failure as failure:
        complain(failure.fault)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return OK
    except Exception as error:
        _report(error, options)
        return BROKEN


def _report(error: Exception, options: argparse.Namespace) -> None:
    """Keep a traceback in the log file, and say where that is."""
    try:
        path = log_to_file(_state(options))
    except Failure as failure:
        complain(unexpected(error))
        complain(failure.fault)
        return
    log.error("the command failed", exc_info=error)
    shown = safe(str(path))
    print(f"blendtui failed, and that is our fault. {shown} says more.", file=sys.stderr)


def complain(fault: Fault) -> None:
    """Say what happened and what to do, on standard error."""
    words = explain(fault)
    print(f"blendtui: {words.what}", file=sys.stderr)
    if words.cure:
        print(f"  {words.cure}", file=sys.stderr)


# where things are


def _state(options: argparse.Namespace) -> Path:
    return _path(options.state) if options.state else Places.default_state()


def _path(text: str) -> Path:
    # pathlib's own raises for a user that there is not.
    return Path(os.path.expanduser(text))  # noqa: PTH111


def load(options: argparse.Namespace) -> tuple[Settings, Places]:
    """Find and read devices.toml, and say where the share and the state are.

    Raises:
        Failure: there is no devices.toml or no share, or something in the file is wrong.
    """
    from blendtui import config  # noqa: PLC0415

    explicit = _path(options.devices) if options.devices else None
    path = config.find(explicit, Path.cwd(), Places.config_dir())
    if path is None:
        raise Failure.of(FaultKind.NO_DEVICES, folder=Places.config_dir())
    settings, faults = config.check(path)
    if settings is None:
        for fault in faults[:-1]:
            complain(fault)
        raise Failure(faults[-1])
    share = _path(options.share) if options.share else settings.share.path
    if share is None:
        raise Failure.of(FaultKind.SHARE_UNNAMED, file=settings.source)
    return settings, Places(_state(options), share)


# commands


def watch(options: argparse.Namespace) -> int:
    """Run the farm without a screen."""
    from blendtui import headless  # noqa: PLC0415
    from blendtui.share import Share  # noqa: PLC0415

    settings, places = load(options)
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
    files = [_path(text) for text in options.files]
    if options.dry_run:
        for file in files:
            print(sending.planned(file, room.check(file, wishes)))
        return OK
    if options.share:  # an artist's machine needs no devices.toml
        places = Places(_state(options), _path(options.share))
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

    explicit = _path(options.devices) if options.devices else None
    share = _path(options.share) if options.share else None
    return open_centre(explicit, share, _state(options))


def serve(options: argparse.Namespace) -> int:
    """Show the control centre as a web page, until a signal comes."""
    from blendtui.tui import serving  # noqa: PLC0415
    from blendtui.tui.finding import same_places  # noqa: PLC0415
    from blendtui.tui.keeper import Keeper  # noqa: PLC0415

    settings, places = load(options)
    log_to_file(places.state)
    token = None if serving.is_loopback(options.host) else serving.new_token()
    try:
        if options.token_file:
            token = serving.read_token(_path(options.token_file))
        if token == "":
            raise Failure.of(FaultKind.TOKEN_EMPTY, path=options.token_file)
        words = same_places(settings, places)
        keeper = Keeper(places, words)
        keeper.begin()
        try:
            serving.serve(words, options.host, options.port, token, _announce)
        finally:
            keeper.end()
    except OSError as error:
        facts = {"host": options.host, "port": options.port, "reason": reason_of(error)}
        raise Failure.of(FaultKind.PAGE_NOT_SERVED, **facts) from error
    return OK


def _announce(address: str) -> None:
    print(f"The control centre is at {address}", flush=True)
    if "token=" in address:
        print("Whoever has this address can steer the farm, and the line is not encrypted.")
    print("Ctrl+C ends it.", flush=True)


def demo(options: argparse.Namespace) -> int:
    """Render the sample project on this machine."""
    from blendtui import demo as room  # noqa: PLC0415

    return room.run(yes=options.yes)


def init(options: argparse.Namespace) -> int:
    """Write a devices.toml to begin with."""
    from blendtui import config  # noqa: PLC0415

    path = _path(options.path)
    config.write_example(path)
    print(f"Wrote {safe(str(path))}. Put your devices in, then run: blendtui devices check")
    return OK


def inspect(options: argparse.Namespace) -> int:
    """Say what a project would be as a job; nothing is dropped."""
    from blendtui import inspecting  # noqa: PLC0415
    from blendtui.places import private_folder  # noqa: PLC0415

    # Whoever ends us must not leave an unpacked project behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = private_folder(private_folder(_state(options).absolute()) / "inspecting")
    found = inspecting.inspect(_path(options.file), _limits(options), work, options.blend)
    print(json.dumps(found.as_data(), indent=2) if options.json else inspecting.text(found))
    return SOME_FAILED if found.problem else OK


def _limits(options: argparse.Namespace) -> Limits:
    """Give the limits of devices.toml, the usual ones where there is none yet."""
    from blendtui import config  # noqa: PLC0415

    explicit = _path(options.devices) if options.devices else None
    path = config.find(explicit, Path.cwd(), Places.config_dir())
    settings = config.check(path)[0] if path else None
    return settings.share.limits if settings else Limits()


def devices_check(options: argparse.Namespace) -> int:
    """Connect to devices and print what they can do, or what is wrong with them."""
    from blendtui import checking  # noqa: PLC0415

    settings, places = load(options)
    log_to_file(places.state)
    chosen = [_named(settings, options.name)] if options.name else list(settings.devices)
    found = checking.check(chosen, places.known_hosts)
    print(checking.as_json(found) if options.json else checking.text(found))
    return OK if all(one.is_well for one in found) else SOME_FAILED


def _named(settings: Settings, name: str) -> DeviceSettings:
    for device in settings.devices:
        if device.name == name:
            return device
    names = ", ".join(device.name for device in settings.devices)
    raise Failure.of(FaultKind.DEVICE_UNKNOWN, device=name, names=names, file=settings.source)


def devices_import(options: argparse.Namespace) -> int:
    """Add the old controller's devices to devices.toml; what stands there stays."""
    from blendtui import config  # noqa: PLC0415
    from blendtui.config import importing, writing  # noqa: PLC0415

    explicit = _path(options.devices) if options.devices else None
    path = explicit or config.find(None, Path.cwd(), Places.config_dir())
    kept = writing.read(path or Path(config.FILE_NAME).absolute())
    _refuse_faulty(kept.path, kept.text, is_new=kept.data is None)
    text, found = importing.import_devices(_path(options.folder), kept.text)
    for one in found:
        if one.fault is not None:
            complain(one.fault)
            continue
        became = "is new" if one.is_new else "is there already and stays as it is"
        print(f"{safe(one.file.name)}: {safe(one.device)} {became}.")
    if text != kept.text and not options.dry_run:
        _refuse_faulty(kept.path, text, is_new=False)
        try:
            writing.write(kept, text)
        except writing.Overtaken as error:
            problem = "somebody changed it meanwhile"
            raise Failure.of(
                FaultKind.CONFIG_UNWRITABLE, file=kept.path, problem=problem
            ) from error
        print(f"Wrote {safe(str(kept.path))}. Then run: blendtui devices check")
    return OK if all(one.fault is None for one in found) else SOME_FAILED


def _refuse_faulty(path: Path, text: str, *, is_new: bool) -> None:
    """Raise what is wrong with a devices.toml; one that is not there yet may lack devices."""
    from blendtui import config  # noqa: PLC0415

    settings, faults = config.check_text(path, text)
    if settings is None and not is_new:
        for fault in faults[:-1]:
            complain(fault)
        raise Failure(faults[-1])


def devices_trust(options: argparse.Namespace) -> int:
    """Trust the host key that a device shows now."""
    from blendtui.devices import host_keys  # noqa: PLC0415

    settings, places = load(options)
    log_to_file(places.state)
    device = _named(settings, options.name)
    if device.is_local:
        local = f"{device.name} is this machine: there is no host key to trust."
        print(json.dumps({"device": device.name, "local": True}) if options.json else local)
        return OK
    key = asyncio.run(host_keys.offered_key(device, places.known_hosts))
    if options.json:
        shown = {"device": device.name, "host": key.place, "fingerprint": key.fingerprint}
        print(json.dumps(shown, indent=2))
        return OK
    if options.fingerprint and options.fingerprint != key.fingerprint:
        facts = {"known": options.fingerprint, "fingerprint": key.fingerprint}
        raise Failure.of(FaultKind.HOST_KEY_CHANGED, device=device.name, host=key.place, **facts)
    print(f"{device.name} shows the host key {key.fingerprint}")
    if not (options.yes or options.fingerprint) and not _agreed("Trust it? [y/N] "):
        print("Nothing was changed.")
        return SOME_FAILED
    host_keys.trust(places.known_hosts, key)
    print(f"{device.name} is trusted from now on.")
    return OK


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(question).strip().lower() in ("y", "yes")


def status(options: argparse.Namespace) -> int:
    """Show jobs and devices from the store, whether an engine runs or not."""
    from blendtui import status as room  # noqa: PLC0415
    from blendtui.views import Views  # noqa: PLC0415

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
    device = _named(settings, options.name)
    return _ask(options, device.name, lambda views: views.ask_device(options.kind, device.name))


def _ask(options: argparse.Namespace, whom: str, ask: Callable[[Views], int]) -> int:
    from blendtui.locks import engine_runs  # noqa: PLC0415
    from blendtui.views import Views  # noqa: PLC0415

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

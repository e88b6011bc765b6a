"""The commands about devices: check them, trust their keys, import those of the old controller."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from blendtui.commands.complaining import complain
from blendtui.commands.finding import load, named, path_of, warn_of
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.places import Places
from blendtui.process import OK, SOME_FAILED, log_to_file
from blendtui.wording import safe


def devices_check(options: argparse.Namespace) -> int:
    """Connect to devices and print what they can do, or what is wrong with them."""
    from blendtui import checking  # noqa: PLC0415

    settings, places = load(options)
    warn_of(settings)
    log_to_file(places.state)
    chosen = [named(settings, options.name)] if options.name else list(settings.devices)
    found = checking.check(chosen, places.known_hosts)
    print(checking.as_json(found) if options.json else checking.text(found))
    return OK if all(one.is_well for one in found) else SOME_FAILED


def devices_import(options: argparse.Namespace) -> int:
    """Add the old controller's devices to devices.toml; what stands there stays."""
    from blendtui import config  # noqa: PLC0415
    from blendtui.config import importing, writing  # noqa: PLC0415

    explicit = path_of(options.devices) if options.devices else None
    path = explicit or config.find(None, Path.cwd(), Places.config_dir())
    kept = writing.read(path or Path(config.FILE_NAME).absolute())
    _refuse_faulty(kept.path, kept.text, is_new=kept.data is None)
    text, found = importing.import_devices(path_of(options.folder), kept.text)
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
    device = named(settings, options.name)
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

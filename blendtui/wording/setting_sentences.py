"""What to say for each fault of devices.toml, and of what it sets up besides devices.

These are part of `sentences`, which says how they are made.
"""

from __future__ import annotations

from blendtui.farm.faults import FaultKind

SETTING_SENTENCES: dict[FaultKind, tuple[str, str]] = {
    # devices.toml
    FaultKind.CONFIG_NOT_FOUND: (
        "There is no file {file}.",
        "Check the path; `blendtui init` writes a devices.toml to begin with.",
    ),
    FaultKind.CONFIG_UNREADABLE: (
        "{file} cannot be used: {problem}.",
        "Check the path, and that you may read the file.",
    ),
    FaultKind.CONFIG_ENCODING: (
        "{file}, line {line}: there is a byte {problem} that UTF-8 text cannot hold.",
        "Save the file as text in UTF-8.",
    ),
    FaultKind.CONFIG_SYNTAX: (
        "{file}, line {line}, column {column}: this is not TOML: {problem}.",
        'Correct it there or just before. A text stands in quotation marks (host = "left"), a '
        "table's name in brackets ([share]), and a path with \\ in single quotation marks.",
    ),
    FaultKind.CONFIG_DUPLICATE: (
        "{file}, line {line}: {problem}. It is in line {first} already.",
        "Rename or remove one of the two.",
    ),
    FaultKind.CONFIG_UNKNOWN: (
        "{file}, line {line}: `{key}` is not a setting.",
        "Did you mean `{nearest}`? Known there: {expected}.",
    ),
    FaultKind.CONFIG_MISSING: (
        "{file}, line {line}: `{key}` is missing.",
        "It must be {expected}, for example `{nearest}`.",
    ),
    FaultKind.CONFIG_INVALID: (
        "{file}, line {line}: `{key}` {problem}.",
        "It must be {expected}, for example `{nearest}`.",
    ),
    FaultKind.CONFIG_EXISTS: (
        "{file} exists already; nothing was written.",
        "Name another file, or move this one away first.",
    ),
    FaultKind.CONFIG_UNWRITABLE: (
        "{file} cannot be written: {problem}.",
        "Check the path, its permissions and the free space.",
    ),
    FaultKind.CONFIG_LAYOUT: (
        "`{key}` is written in a way that can't be changed from here.",
        "Open the file in a text editor and change it there.",
    ),
    FaultKind.CONFIG_EXPOSED: (
        "{file} can be read by other users of this machine, and its `urls` can hold passwords.",
        "Keep it for yourself (`chmod 600`), or write $NAME in place of an address, which stands "
        "in the environment variable NAME then.",
    ),
    # taking devices over
    FaultKind.IMPORT_FOLDER: (
        "{path} cannot be read: {reason}.",
        "Name the folder that holds the old controller's device files.",
    ),
    FaultKind.IMPORT_NOTHING: (
        "{path} holds no .json file.",
        "Name the folder that holds the old controller's device files, one .json each.",
    ),
    FaultKind.IMPORT_UNUSABLE: (
        "{file} was left out: {problem}.",
        "A device's file holds one object with its “ip”, and perhaps “hwid”, “performance” and "
        "“port”. Correct it and import again, or write the device into devices.toml.",
    ),
    # sleeping and waking
    FaultKind.DEVICE_ASLEEP: (
        "{device}: it went to sleep, having nothing to do.",
        "With `mac` in devices.toml it is woken when there is work; without, wake it by hand.",
    ),
    FaultKind.IDLE_COMMAND_FAILED: (
        "{device}: its idle_command failed: {detail}.",
        "Try it on the device by hand, as the user that blendtui logs in as and without a "
        "password. It is run again when the device has been idle for as long again.",
    ),
    FaultKind.WAKE_FAILED: (
        "{device}: it cannot be woken by {address}: {detail}.",
        "Check `wake_address` in devices.toml.",
    ),
    # telling people
    FaultKind.NOTIFY_FAILED: (
        "Nobody could be told by {way}: {detail}.",
        "Check it under [notify] in devices.toml; `blendtui notify` tries it.",
    ),
    FaultKind.NOTIFY_NO_APPRISE: (
        "Nobody could be told by {way}: the package apprise is not installed.",
        "Install it beside blendtui: `pip install 'blendtui[notify]'`.",
    ),
    FaultKind.NOTIFY_NOBODY: (
        "{file} names nobody to be told.",
        "Put `urls`, `command` or `bell` under [notify].",
    ),
}

"""One table from a fault to a sentence and its cure; sizes, durations and safe text."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass

from blendtui.farm.faults import Fault, FaultKind

_TABLE: dict[FaultKind, tuple[str, str]] = {
    # a drop
    FaultKind.ARCHIVE_BROKEN: (
        "{name} cannot be unpacked: {reason}.",
        "Zip the project folder again and drop it again. If it was copied from elsewhere, check "
        "that the copy is complete.",
    ),
    FaultKind.ARCHIVE_ENCRYPTED: (
        "“{path}” in the zip is encrypted.",
        "Zip the project folder again without a password and drop it again.",
    ),
    FaultKind.ARCHIVE_METHOD: (
        "“{path}” in the zip is compressed with {method}, which cannot be read here.",
        "Zip the project folder again with the usual method, Deflate, and drop it again.",
    ),
    FaultKind.ARCHIVE_PATH: (
        "“{path}” in the zip {problem}.",
        "Zip the project folder again without such paths and drop it again.",
    ),
    FaultKind.ARCHIVE_NAME: (
        "“{path}” in the zip {problem}.",
        "Rename it, also in the .blend if it is used there, zip the project folder again and drop "
        "it again.",
    ),
    FaultKind.ARCHIVE_LINK: (
        "“{path}” is {what}, not a file.",
        "Put the file itself in its place, zip the project folder again and drop it again.",
    ),
    FaultKind.ARCHIVE_CLASH: (
        "“{path}” and “{other}” in the zip {problem}.",
        "Rename or remove one of them, zip the project folder again and drop it again.",
    ),
    FaultKind.ARCHIVE_TOO_MANY: (
        "{name} holds more than {limit} {what}.",
        "Leave out what the scene does not use, or raise `files` under [share.limits] in "
        "devices.toml, and drop it again.",
    ),
    FaultKind.ARCHIVE_TOO_LARGE: (
        "{name} holds {size} when unpacked, more than the limit of {limit}.",
        "Leave out what the scene does not use, or raise `size` under [share.limits] in "
        "devices.toml, and drop it again.",
    ),
    FaultKind.ARCHIVE_RATIO: (
        "“{path}” unpacks to more than {limit} times its packed size, as zip bombs do.",
        "Leave it out if it is not meant to be like that. Else raise `ratio` under [share.limits] "
        "in devices.toml. Then drop it again.",
    ),
    FaultKind.ARCHIVE_WRITE: (
        "{name} cannot be unpacked on this computer: {reason}, writing “{path}”.",
        "Make room for it or mend the folder that holds blendtui's state, and drop it again.",
    ),
    FaultKind.BLEND_NONE: (
        "{name} holds no .blend file.",
        "Zip the folder that has the .blend and the files that it uses, and drop it again.",
    ),
    FaultKind.BLEND_SEVERAL: (
        "{name} holds several .blend files: {blends}.",
        "Put a text file job.toml into the folder that names the one to render, such as: "
        'blend = "{example}". Zip the folder again and drop it again.',
    ),
    FaultKind.BLEND_NAMED_MISSING: (
        "job.toml names “{blend}”, which is not in {name}. The .blend files there: {blends}.",
        "Correct `blend` in job.toml, zip the folder again and drop it again.",
    ),
    FaultKind.JOBFILE_INVALID: (
        "job.toml{where}: {problem}.",
        "Expected: {expected}. Correct job.toml, zip the folder again and drop it again.",
    ),
    # a device
    FaultKind.HOST_UNKNOWN: (
        "{device}: there is no host named {host}.",
        "Check the spelling of `host` in devices.toml or in ~/.ssh/config, and that this "
        "machine's name service knows it.",
    ),
    FaultKind.HOST_UNREACHABLE: (
        "{device}: no SSH connection to {host}, port {port}: {detail}.",
        "Check that the device is on and in the network, that its SSH server runs, and that "
        "`host` and `port` are right.",
    ),
    FaultKind.HOST_KEY_UNKNOWN: (
        "{device}: {host} is not known yet; its host key has the fingerprint {fingerprint}.",
        "Compare it with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` says on the "
        "device itself; if it is the same, run `blendtui devices trust {device}`.",
    ),
    FaultKind.HOST_KEY_CHANGED: (
        "{device}: WARNING: THE HOST KEY OF {host} HAS CHANGED. Known is {known}, offered is "
        "{fingerprint}. Somebody may be listening in, or the device was set up anew. Nothing was "
        "sent to it.",
        "Ask whoever runs the device. Only if the new key is right, run "
        "`blendtui devices trust {device}`.",
    ),
    FaultKind.HOST_KEY_REFUSED: (
        "{device}: the host key or certificate of {host} does not hold: {detail}. Nothing was "
        "sent to it.",
        "Ask whoever runs the device; the known_hosts files say what is revoked.",
    ),
    FaultKind.LOGIN_REFUSED: (
        "{device}: {host} does not let {user} in with the keys that we have (it allows: "
        "{methods}).",
        "Check `user` and `key` in devices.toml, and that `ssh -p {port} {user}@{host}` works "
        "without a password; `ssh-copy-id -p {port} {user}@{host}` puts your key there.",
    ),
    FaultKind.KEY_UNREADABLE: (
        "{device}: the key {key} cannot be used: {detail}.",
        "Check `key` in devices.toml. A key with a passphrase must be in your agent first: "
        "`ssh-add {key}`.",
    ),
    FaultKind.LINK_LOST: (
        "{device}: the connection was lost: {detail}.",
        "blendtui connects again by itself; if that does not help, check the device and the "
        "network.",
    ),
    FaultKind.SSH_CONFIG_INVALID: (
        "{device}: SSH's configuration cannot be used: {detail}.",
        "Correct it; `ssh -G {device}` shows how ssh itself reads it.",
    ),
    FaultKind.SESSION_REFUSED: (
        "{device}: it lets us in but runs no command for us: {detail}.",
        "Check MaxSessions, ForceCommand and the user's login shell on the device.",
    ),
    FaultKind.DEVICE_FILE_REFUSED: (
        "{device}: it refused to read or write a file: {detail}.",
        "Check the permissions and the free space of the device's `work_dir`.",
    ),
    FaultKind.CLOCK_WRONG: (
        "{device}: its clock is {skew} {direction} this machine's.",
        "Set the clock of one of them, best by letting both ask a time server.",
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """A fault for a person: `what` happened and the `cure`, each one or two plain sentences."""

    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.what} {self.cure}".rstrip()


def explain(fault: Fault) -> Words:
    """Say what happened and what to do now; every fact is made safe for a terminal."""
    what, cure = _TABLE[fault.kind]
    facts: dict[str, str] = defaultdict(lambda: "?")
    facts.update((name, safe(value)) for name, value in fault.facts)
    return Words(what.format_map(facts), cure.format_map(facts))


def safe(text: str, limit: int = 500) -> str:
    """Make foreign text harmless on a terminal and keep it within `limit` characters.

    Control characters, direction overrides and lone surrogates become their escapes.
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_shown(char) for char in shown)


def _shown(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return char.encode("unicode_escape", "backslashreplace").decode("ascii")
    return char


def size(count: int) -> str:
    """Write a number of bytes as people do: 512 B, 1.5 KiB, 2.0 GiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def duration(seconds: float) -> str:
    """Write a time span in its two largest units: 0.4 s, 42 s, 3 min 05 s, 2 h 10 min, 1 d 4 h."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"

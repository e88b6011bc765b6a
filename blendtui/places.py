"""Where blendtui keeps what is its own: state, logs and known hosts, apart for each share."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

_NAME = "blendtui"


class Places:
    """The folders of one share's state below `state`, made when they are first asked for.

    All that are made are for the user alone (0700) where the system has permissions.

    Raises:
        Failure: STATE_UNWRITABLE, where one of them can't be made.
    """

    def __init__(self, state: Path, share: Path) -> None:
        self.state = private_folder(state.absolute())
        self.share = share.absolute()
        # Settled once: a share that is a link leads elsewhere while it is not connected.
        self._own = _folder_of(self.share)

    @staticmethod
    def default_state() -> Path:
        """Give the user's state folder."""
        return Path(platformdirs.user_state_dir(_NAME, appauthor=False))

    @staticmethod
    def config_dir() -> Path:
        """Give the user's configuration folder, where devices.toml may stand."""
        return Path(platformdirs.user_config_dir(_NAME, appauthor=False))

    @staticmethod
    def log_of(state: Path) -> Path:
        """Give the log file below a state folder."""
        return state / "log" / "blendtui.log"

    @property
    def known_hosts(self) -> Path:
        """The host keys that were trusted with `blendtui devices trust`."""
        return self.state / "known_hosts"

    @property
    def own(self) -> Path:
        """The folder for this share; its name says which one to people, too."""
        return private_folder(private_folder(self.state / "shares") / self._own)

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.own / "store.db"

    @property
    def mounted(self) -> Path:
        """The file that says that the share was a mounted drive when it was last used."""
        return self.own / "share-is-mounted"

    @property
    def lock(self) -> Path:
        """The file that the running engine holds locked."""
        return self.own / "engine.lock"

    @property
    def identity(self) -> str:
        """A name that no other state folder has, on whatever machine; for who holds the lock."""
        path = self.own / "identity"
        with _told(path):
            if not path.exists() or not path.read_bytes():
                path.write_text(secrets.token_hex(8))
            return path.read_text("ascii", "replace").strip()

    @property
    def incoming(self) -> Path:
        """Where drops are unpacked before they are jobs; beside the projects, to be renamed."""
        return private_folder(self.own / "incoming")

    def project(self, job: str) -> Path:
        """Give the folder of a job's unpacked project (not made here)."""
        return private_folder(self.own / "projects") / job


def picture(own: Path, job: str, frame: int) -> Path:
    """Give the place of a frame's small picture below the folder of a share's state."""
    return own / "pictures" / job / f"{frame}.jpg"


def live_log(own: Path, run: str) -> Path:
    """Give the place of what a run's Blender says, while somebody looks, likewise."""
    plain = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", run)
    name = run if plain else hashlib.sha256(run.encode(errors="surrogateescape")).hexdigest()
    return own / "live" / f"{name}.log"


def private_folder(folder: Path) -> Path:
    """Make a folder, for the user alone, if it isn't there; what holds it is made as usual.

    Raises:
        Failure: STATE_UNWRITABLE.
    """
    with _told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _folder_of(share: Path) -> str:
    try:
        real = share.resolve()
    except (OSError, RuntimeError):  # links in a circle
        real = share
    digest = hashlib.sha256(str(real).encode(errors="surrogateescape"))
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", share.name)[:40].strip("-.") or "share"
    return f"{readable}-{digest.hexdigest()[:8]}"


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure.of(FaultKind.STATE_UNWRITABLE, path=path, reason=reason_of(error)) from error

"""Where blendtui keeps what is its own: state, logs and known hosts, apart for each share."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import platformdirs

_NAME = "blendtui"


class Places:
    """The folders of one share's state below `state`, made when they are first asked for.

    All are for the user alone (0700) where the system has permissions.
    """

    def __init__(self, state: Path, share: Path) -> None:
        self.state = _made(state.absolute())
        self.share = share.absolute()

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
        digest = hashlib.sha256(str(self.share.resolve()).encode(errors="surrogateescape"))
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", self.share.name)[:40].strip("-.") or "share"
        return _made(self.state / "shares" / f"{readable}-{digest.hexdigest()[:8]}")

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.own / "store.db"

    @property
    def lock(self) -> Path:
        """The file that the running engine holds locked."""
        return self.own / "engine.lock"

    @property
    def incoming(self) -> Path:
        """Where drops are unpacked before they are jobs; beside the projects, to be renamed."""
        return _made(self.own / "incoming")

    def project(self, job: str) -> Path:
        """Give the folder of a job's unpacked project (not made here)."""
        return _made(self.own / "projects") / job


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder

"""A devices.toml, a share and a state folder, with the command line run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from blendtui.cli import main
from blendtui.places import Places


class Said(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


class House:
    """A devices.toml with a share, and a state folder; `run` runs a command there."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.share = root / "share"
        self.state = root / "state"
        self.config = root / "devices.toml"
        self.share.mkdir()
        self.config.write_text(
            f'[share]\npath = "{self.share}"\n[devices.left]\nhost = "local"\n', "utf-8"
        )
        self._capture = capture

    @property
    def places(self) -> Places:
        return Places(self.state, self.share)

    def bare(self, *words: str) -> Said:
        """Run a command without the options that say where things are."""
        try:
            code = main(words)
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        return Said(code, *self._capture.readouterr())

    def run(self, *words: str) -> Said:
        said = self.bare(*words, "--devices", str(self.config), "--state", str(self.state))
        assert "Traceback" not in said.out + said.err
        return said

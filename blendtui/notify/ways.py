"""The ways to tell somebody: Apprise's addresses, a command, the terminal's bell."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.notify.news import News, environment, together
from blendtui.settings import NotifySettings

COMMAND_WITHIN = 60.0
"""Seconds that a command may take for one thing."""

_LONGEST = 2000

_ON_DBUS = ("dbus://…", "qt://…", "kde://…")
"""Ways to the desktop that Apprise takes for unknown without its package for D-Bus."""


class Way(Protocol):
    """One way to tell; `name` is for people and holds no secrets.

    `one_by_one` ways are given each thing by itself, others all that came at once.
    """

    name: str
    one_by_one: bool

    def tell(self, news: Sequence[News]) -> None:
        """Tell it, which may take a while.

        Raises:
            Failure: NOTIFY_FAILED.
        """


class Address:
    """An address of Apprise: e-mail, chat, the desktop and a hundred others.

    `$NAME` stands for one that the environment holds, so that no file has to.
    """

    one_by_one = False

    def __init__(self, url: str) -> None:
        is_elsewhere = url.startswith("$")
        self.name = url if is_elsewhere else f"{url.partition('://')[0]}://…"
        self._url = os.environ.get(url[1:], "") if is_elsewhere else url

    def tell(self, news: Sequence[News]) -> None:
        """Send what came at once as one message; raises NOTIFY_FAILED."""
        if not self._url:
            detail = "blendtui was started without this variable in its environment"
            raise Failure.of(FaultKind.NOTIFY_FAILED, way=self.name, detail=detail)
        if importlib.util.find_spec("apprise") is None:
            raise Failure.of(FaultKind.NOTIFY_NO_APPRISE, way=self.name)
        try:
            self._send(news)
        except Failure:
            raise
        except Exception as error:
            # Without a traceback: Apprise's own lines could hold the address with its password.
            raise self._failed(f"{type(error).__name__} in Apprise") from None

    def _send(self, news: Sequence[News]) -> None:
        apprise: Any = importlib.import_module("apprise")  # half a second, and an extra
        address = apprise.Apprise()
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
            if not address.add(self._url):
                detail = "Apprise knows no such address, or lacks a package for it"
                if importlib.util.find_spec("dbus") is None and self.name in _ON_DBUS:
                    detail = "it needs the Python package dbus, as in Debian's python3-dbus"
                raise self._failed(detail)
            title, text = together(news)
            is_bad = any(one.kind != "done" for one in news)
            kind = apprise.NotifyType.WARNING if is_bad else apprise.NotifyType.SUCCESS
            if not address.notify(
                title=title, body=text, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            ):
                lines = said.getvalue().strip().splitlines()
                raise self._failed(lines[-1] if lines else "no reason was given")

    def _failed(self, detail: str) -> Failure:
        detail = detail.replace(self._url, self.name)
        return Failure.of(FaultKind.NOTIFY_FAILED, way=self.name, detail=detail)


class Command:
    """A command of the user's, run once for each thing; facts are in its environment."""

    one_by_one = True

    def __init__(self, words: Sequence[str]) -> None:
        self.name = words[0]
        self._words = tuple(words)

    def tell(self, news: Sequence[News]) -> None:
        """Run it; raises NOTIFY_FAILED where it can't be run, takes too long or ends with one."""
        for one in news:
            self._run(one)

    def _run(self, news: News) -> None:
        # A file, not a pipe: what the command has left running may keep a pipe open.
        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    self._words,
                    env=environment(news),
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                detail = reason_of(error) if isinstance(error, OSError) else str(error)
                raise self._failed(f"it cannot be run ({detail})") from error
            try:
                status = process.wait(COMMAND_WITHIN)
            except subprocess.TimeoutExpired as error:
                _kill(process)
                detail = f"it did not end within {COMMAND_WITHIN:.0f} s"
                raise self._failed(detail) from error
            if status != 0:
                said.seek(0)
                words = said.read(_LONGEST).decode("utf-8", "replace").strip()
                raise self._failed(f"it ended with {status}: {words or 'no words'}")

    def _failed(self, detail: str) -> Failure:
        return Failure.of(FaultKind.NOTIFY_FAILED, way=self.name, detail=detail)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


class Bell:
    """The bell of the terminal that blendtui runs in; nothing where there is none."""

    name = "the bell"
    one_by_one = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, news: Sequence[News]) -> None:  # noqa: ARG002 - a bell has one word
        """Ring once."""
        if self._stream.isatty():
            self._stream.write("\a")
            self._stream.flush()


def ways_of(settings: NotifySettings, stream: TextIO) -> list[Way]:
    """Give the ways that devices.toml names."""
    ways: list[Way] = [Address(url) for url in settings.urls]
    if settings.command:
        ways.append(Command(settings.command))
    if settings.bell:
        ways.append(Bell(stream))
    return ways

"""People are told what they asked to be told: once, by every way, and nobody waits for it."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blendtui import notify
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.state import Note, NoteKind
from blendtui.settings import NotifySettings
from tests.support.mailboxes import Mailbox
from tests.support.telling import (
    DONE,
    FAILED,
    LOST,
    NO_ROOM,
    NOBODY,
    REFUSED,
    STUCK,
    Home,
    script,
    until,
)

# Apprise imports what Python 3.13 no longer has, as long as it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

QUIET = [
    Note(NoteKind.JOB_ADDED, job="shot", detail="12"),
    Note(NoteKind.JOB_ENDED, job="shot", detail="cancelled 3 12 4.0"),
    Note(NoteKind.FRAME_DONE, job="shot", device="tower", frame=3, detail="0.5"),
    Note(NoteKind.DEVICE_REACHED, device="tower"),
    Note(NoteKind.DEVICE_AWAY, device="tower", fault=Fault.of(FaultKind.LOGIN_REFUSED)),
    Note(NoteKind.DEVICE_LOST, device="tower", fault=Fault.of(FaultKind.DEVICE_ASLEEP)),
    Note(NoteKind.DEVICE_LOST, device="tower", fault=Fault.of(FaultKind.DEVICE_CHANGED)),
    Note(
        NoteKind.WARNING,
        job="shot",
        fault=Fault.of(FaultKind.FILES_MISSING, count=1, files="a.png"),
    ),
]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as made:
        yield made


def _told(mailbox: Mailbox) -> dict[str, Any]:
    return mailbox.got.get(timeout=20)


# what is told


@pytest.mark.parametrize(
    ("note", "title", "text"),
    [
        (DONE, "shot is done", "shot: done, 12 of 12 frames in 1 min 02 s."),
        (
            FAILED,
            "dark failed",
            "dark: failed, 0 of 0 frames in 1.0 s. Scene “Night” has no camera.",
        ),
        (LOST, "tower is lost", "tower: the connection was lost: no answer."),
        (STUCK, "shot is stuck", "shot: waiting to write to the share."),
        (NO_ROOM, "shot is stuck", "shot: waits for tower, until somebody sees to it. tower: its"),
        (NOBODY, "shot is stuck", "shot: "),
        (REFUSED, "empty.zip was refused", "empty.zip was refused. empty.zip holds no .blend"),
    ],
    ids=["done", "failed", "lost", "held up", "no room", "nobody", "refused"],
)
def test_each_thing_is_told_in_the_words_of_every_face(
    home: Home, mailbox: Mailbox, note: Note, title: str, text: str
) -> None:
    home.start(urls=(mailbox.url,))
    home.tell(note)
    got = _told(mailbox)
    assert got["title"] == f"blendtui: {title}"
    assert got["message"].startswith(text)
    assert got["type"] == ("success" if note is DONE else "warning")


def test_what_needs_nobody_is_not_told(home: Home, mailbox: Mailbox) -> None:
    home.start(urls=(mailbox.url,))
    home.tell(*QUIET)
    home.tell(DONE)
    assert _told(mailbox)["title"] == "blendtui: shot is done"
    assert mailbox.got.empty()


def test_only_what_is_wanted_is_told(home: Home, mailbox: Mailbox) -> None:
    home.start(urls=(mailbox.url,), on=("failed",))
    home.tell(DONE, LOST, STUCK)
    home.tell(FAILED)
    assert _told(mailbox)["title"] == "blendtui: dark failed"
    assert mailbox.got.empty()


def test_what_happens_at_once_is_one_message(home: Home, mailbox: Mailbox) -> None:
    mailbox.go_on.clear()
    home.start(urls=(mailbox.url,))
    home.tell(DONE)
    _told(mailbox)
    home.tell(*[LOST] * 70)
    until(lambda: (home.places.own / "told").read_text() == "71")
    mailbox.go_on.set()
    got = _told(mailbox)
    assert got["title"] == "blendtui: 70 things happened"
    assert got["message"].splitlines()[-1] == "and 20 more"
    assert mailbox.got.empty()


# once


def test_nothing_is_told_twice_and_nothing_left_out_over_restarts(
    home: Home, mailbox: Mailbox
) -> None:
    home.tell(LOST)
    first = home.start(urls=(mailbox.url,))
    home.tell(DONE)
    first.close()
    assert _told(mailbox)["title"] == "blendtui: shot is done"
    home.tell(FAILED)
    second = home.start(urls=(mailbox.url,))
    second.close()
    assert _told(mailbox)["title"] == "blendtui: dark failed"
    home.start(urls=(mailbox.url,)).close()
    assert mailbox.got.empty()


def test_what_happened_before_anybody_was_named_is_not_told(home: Home, mailbox: Mailbox) -> None:
    first = home.start()
    home.tell(FAILED)
    first.close()
    home.start(urls=(mailbox.url,))
    home.tell(DONE)
    assert _told(mailbox)["title"] == "blendtui: shot is done"
    assert mailbox.got.empty()


def test_a_changed_devices_toml_counts_at_once(home: Home, mailbox: Mailbox) -> None:
    home.start(urls=("json://127.0.0.1:1",), on=("failed",))
    home.settings = NotifySettings(urls=(mailbox.url,))
    home.tell(DONE)
    assert _told(mailbox)["title"] == "blendtui: shot is done"


# slow and failing ways


def test_a_way_that_hangs_delays_no_other(home: Home, mailbox: Mailbox, tmp_path: Path) -> None:
    mailbox.go_on.clear()
    hook = script(tmp_path, "import pathlib\npathlib.Path('ran').write_text('')\n")
    hook = (hook[0], "-c", f"open({str(tmp_path / 'ran')!r}, 'w')")
    home.start(urls=(mailbox.url,), command=hook)
    home.tell(DONE)
    _told(mailbox)
    until((tmp_path / "ran").exists)


def test_at_the_end_nobody_waits_for_a_way_that_hangs_longer_than_promised(
    home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "LAST_WORDS", 0.2)
    mailbox.go_on.clear()
    notifier = home.start(urls=(mailbox.url,))
    home.tell(DONE)
    _told(mailbox)
    notifier.close()  # or it would not come back: nobody lets the way go on


def test_a_way_that_fails_is_tried_again_and_said_once(
    home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "AGAIN", (0.02, 0.02))
    mailbox.status = 500
    home.start(urls=(mailbox.url,))
    home.tell(DONE)
    for _ in range(2):
        assert _told(mailbox)["title"] == "blendtui: shot is done"
    mailbox.status = 200
    _told(mailbox)
    fault = home.warned.get(timeout=10)
    assert fault.kind is FaultKind.NOTIFY_FAILED
    assert fault.fact("way") == "json://…"
    home.tell(FAILED)
    assert _told(mailbox)["title"] == "blendtui: dark failed"
    assert home.warned.empty()


def test_a_password_in_an_address_is_never_said(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    home.start(urls=("json://render:secret@127.0.0.1:1", "nonsense://render:secret@host"))
    home.tell(DONE)
    faults = [home.warned.get(timeout=20), home.warned.get(timeout=20)]
    assert "secret" not in str(faults) + caplog.text


def test_an_address_can_stand_in_the_environment(
    home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RENDER_MAIL", mailbox.url)
    home.start(urls=("$RENDER_MAIL",))
    home.tell(DONE)
    assert _told(mailbox)["title"] == "blendtui: shot is done"


def test_a_variable_that_is_not_there_is_said_by_its_name(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RENDER_MAIL", raising=False)
    home.start(urls=("$RENDER_MAIL",))
    home.tell(DONE)
    fault = home.warned.get(timeout=20)
    assert fault.kind is FaultKind.NOTIFY_FAILED
    assert fault.fact("way") == "$RENDER_MAIL"
    assert "without this variable" in fault.fact("detail")


# the bell


def test_the_bell_rings_on_a_terminal_and_nowhere_else(home: Home) -> None:
    outer, inner = os.openpty()
    with open(inner, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
        notifier = home.start(terminal, bell=True)
        home.tell(DONE)
        assert os.read(outer, 10) == b"\a"
        notifier.close()
    os.close(outer)
    pipe = io.StringIO()
    notifier = home.start(pipe, bell=True)
    home.tell(DONE)
    notifier.close()
    assert pipe.getvalue() == ""

"""People are told what they asked to be told: once, by every way, and nobody waits for it."""

from __future__ import annotations

import io
import json
import logging
import os
import queue
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blendtui import notify
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.state import Note, NoteKind
from blendtui.notify import Notifier
from blendtui.places import Places
from blendtui.settings import NotifySettings
from tests.support.mailboxes import Mailbox
from tests.support.stores import StoreStory

# Apprise imports what Python 3.13 no longer has, as long as it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

DONE = Note(NoteKind.JOB_ENDED, job="shot", detail="done 12 12 61.5")
FAILED = Note(
    NoteKind.JOB_ENDED,
    job="dark",
    detail="failed 0 0 1.0",
    fault=Fault.of(FaultKind.NO_CAMERA, scene="Night"),
)
LOST = Note(
    NoteKind.DEVICE_LOST,
    device="tower",
    fault=Fault.of(FaultKind.LINK_LOST, device="tower", detail="no answer"),
)
STUCK = Note(
    NoteKind.HELD_UP,
    job="shot",
    fault=Fault.of(FaultKind.SHARE_WRITE, path="a", reason="no space left"),
)
NO_ROOM = Note(
    NoteKind.HELD_UP,
    job="shot",
    device="tower",
    fault=Fault.of(FaultKind.DEVICE_DISK_FULL, device="tower", detail="no space left"),
)
NOBODY = Note(
    NoteKind.WARNING,
    job="shot",
    fault=Fault.of(FaultKind.NO_DEVICE_FITS, job="shot", reason="none"),
)
REFUSED = Note(
    NoteKind.REJECTED, detail="empty.zip", fault=Fault.of(FaultKind.BLEND_NONE, name="empty.zip")
)
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


class Home:
    """A store that a story is told to, and notifiers that follow it."""

    def __init__(self, root: Path) -> None:
        (root / "share").mkdir()
        self.places = Places(root / "state", root / "share")
        self.story = StoreStory(self.places.store)
        self.warned: queue.Queue[Fault] = queue.Queue()
        self.settings = NotifySettings()
        self._notifiers: list[Notifier] = []

    def start(self, stream: Any = None, **settings: Any) -> Notifier:
        self.settings = NotifySettings(**settings)
        made = Notifier(
            self.places, lambda: self.settings, self.warned.put, stream or io.StringIO()
        )
        made.start()
        self._notifiers.append(made)
        return made

    def tell(self, *notes: Note) -> None:
        for note in notes:
            self.story.note(note)

    def close(self) -> None:
        for one in self._notifiers:
            one.close()
        self.story.journal.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(notify, "LOOK", 0.02)
    made = Home(tmp_path)
    yield made
    made.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as made:
        yield made


def _told(mailbox: Mailbox) -> dict[str, Any]:
    return mailbox.got.get(timeout=20)


def _script(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "hook.py"
    path.write_text(text, "utf-8")
    return (sys.executable, str(path))


def _until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


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
    _until(lambda: (home.places.own / "told").read_text() == "71")
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
    hook = _script(tmp_path, "import pathlib\npathlib.Path('ran').write_text('')\n")
    hook = (hook[0], "-c", f"open({str(tmp_path / 'ran')!r}, 'w')")
    home.start(urls=(mailbox.url,), command=hook)
    home.tell(DONE)
    _told(mailbox)
    _until((tmp_path / "ran").exists)


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


# the command


def test_the_command_gets_its_words_as_they_are_and_the_facts_as_variables(
    home: Home, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    text = (
        "import json, os, sys\n"
        "told = {n: v for n, v in os.environ.items() if n.startswith('BLENDTUI_')}\n"
        f"json.dump([sys.argv[1:], told], open({str(tmp_path / 'new')!r}, 'w'))\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(out)!r})\n"
    )
    home.start(command=(*_script(tmp_path, text), "$HOME; touch x", "*"))
    home.tell(DONE)
    _until(out.exists)
    words, told = json.loads(out.read_text())
    assert words == ["$HOME; touch x", "*"]
    assert told.pop("BLENDTUI_AT").endswith("+00:00")
    assert told == {
        "BLENDTUI_EVENT": "done",
        "BLENDTUI_TEXT": "shot: done, 12 of 12 frames in 1 min 02 s.",
        "BLENDTUI_SHARE": str(home.places.share),
        "BLENDTUI_JOB": "shot",
        "BLENDTUI_FOLDER": str(home.places.share / "shot"),
        "BLENDTUI_FRAMES_DONE": "12",
        "BLENDTUI_FRAMES": "12",
        "BLENDTUI_SECONDS": "61.5",
    }


def test_it_runs_once_for_each_thing(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = f"import os\nopen({str(out)!r}, 'a').write(os.environ['BLENDTUI_EVENT'] + ' ')\n"
    notifier = home.start(command=_script(tmp_path, text))
    home.tell(DONE, LOST, FAILED)
    notifier.close()
    assert out.read_text() == "done lost failed "


def test_one_that_it_fails_for_neither_repeats_the_others_nor_drops_them(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "AGAIN", (0.02, 0.02))
    out = tmp_path / "out"
    text = (
        "import os\nevent = os.environ['BLENDTUI_EVENT']\n"
        f"open({str(out)!r}, 'a').write(event + ' ')\nexit(event == 'failed')\n"
    )
    home.start().close()
    home.tell(DONE, FAILED, LOST)  # at once, for one that begins now
    home.start(command=_script(tmp_path, text))
    _until(lambda: out.exists() and out.read_text() == "done failed lost failed failed ")
    home.tell(STUCK)
    _until(lambda: out.read_text() == "done failed lost failed failed stuck ")
    assert home.warned.qsize() == 1


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (("no-such-command",), "it cannot be run (no such file or directory)"),
        (("sh", "-c", "echo oh dear; exit 3"), "it ended with 3: oh dear"),
    ],
    ids=["not there", "failing"],
)
def test_a_command_that_fails_is_said_with_its_words(
    home: Home, words: tuple[str, ...], detail: str
) -> None:
    home.start(command=words)
    home.tell(DONE)
    assert home.warned.get(timeout=20).fact("detail") == detail


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify.ways, "COMMAND_WITHIN", 0.3)
    pid = tmp_path / "pid"
    home.start(command=("sh", "-c", f"sleep 1000 & echo $! > {pid}; wait"))
    home.tell(DONE)
    assert "did not end within" in home.warned.get(timeout=20).fact("detail")
    child = int(pid.read_text())
    _until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False


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

"""The command of `[notify]` is run once for each thing, with what there is to know of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blendtui import notify
from tests.support.telling import (
    DONE,
    FAILED,
    LOST,
    STUCK,
    Home,
    script,
    until,
)


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
    home.start(command=(*script(tmp_path, text), "$HOME; touch x", "*"))
    home.tell(DONE)
    until(out.exists)
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
    notifier = home.start(command=script(tmp_path, text))
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
    home.start(command=script(tmp_path, text))
    until(lambda: out.exists() and out.read_text() == "done failed lost failed failed ")
    home.tell(STUCK)
    until(lambda: out.read_text() == "done failed lost failed failed stuck ")
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
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False

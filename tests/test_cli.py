"""The command line: exit codes, plain words, and never a traceback."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, JobSpec, OutputFile
from blendtui.locks import EngineLock
from blendtui.places import Places
from blendtui.store.views import JobRow, Views
from tests.support.house import House
from tests.support.stores import StoreStory

COMMANDS = (
    "devices", "status", "pause", "resume", "cancel", "retry", "priority", "frames", "again",
    "demo", "init", "notify",
)  # fmt: skip
FILES = (OutputFile("shot_0001.png", 10, "0" * 64),)


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    before, level = list(logging.root.handlers), logging.root.level
    yield House(tmp_path, capsys)
    for handler in [one for one in logging.root.handlers if one not in before]:
        logging.root.removeHandler(handler)
        handler.close()
    logging.root.setLevel(level)


# help and wrong use


def test_help_names_every_command_and_exit_code(house: House) -> None:
    said = house.bare("--help")
    assert said.code == 0
    names = {line.split()[0] for line in said.out.splitlines() if line.startswith("    ")}
    assert names >= set(COMMANDS)
    assert all(f"  {code}  " in said.out for code in range(4))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(house: House, command: str) -> None:
    said = house.bare(command, "--help")
    assert said.code == 0
    assert command in said.out


def test_the_version_is_told(house: House) -> None:
    assert house.bare("--version").out.startswith("blendtui ")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("no-such-command",),
        ("--no-such-option",),
        ("devices",),
        ("devices", "no-such-action"),
        ("devices", "trust"),
        ("devices", "check", "a", "b"),
        ("status", "shot"),
        ("pause",),
        ("resume",),
        ("cancel",),
        ("retry",),
        ("retry", "a", "b"),
        ("priority", "shot"),
        ("priority", "shot", "high"),
        ("priority", "shot", "-1"),
        ("priority", "shot", "101"),
        ("priority", "shot", "9" * 30),
        ("demo", "now"),
        ("init", "a", "b"),
        ("--once",),
        ("--log-format", "json"),
        ("--watch", "--log-format", "xml"),
        ("--watch", "status"),
        ("--watch", "--once", "demo"),
    ],
)
def test_wrong_use_is_said_and_ends_with_2(house: House, words: tuple[str, ...]) -> None:
    said = house.bare(*words)
    assert said.code == 2
    assert "usage:" in said.out + said.err
    assert "Traceback" not in said.err


# devices.toml and the share


def test_a_missing_devices_toml_is_said_with_what_to_do(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house.root / "empty").mkdir()
    monkeypatch.chdir(house.root / "empty")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(house.root / "none"))
    said = house.bare("status", "--state", str(house.state))
    assert said.code == 2
    assert "blendtui init" in said.err
    named = house.bare("status", "--devices", "gone.toml", "--state", str(house.state))
    assert named.code == 2
    assert "gone.toml" in named.err


@pytest.mark.parametrize(
    "words", [("status",), ("--watch",), ("pause", "shot"), ("devices", "check")]
)
def test_all_faults_of_a_devices_toml_are_said_in_their_order(
    house: House, words: tuple[str, ...]
) -> None:
    house.config.write_text(
        '[share]\npath = 7\n[devices.left]\nhoost = "a"\nport = "x"\n[devices.right]\nslots = 0\n'
    )
    said = house.run(*words)
    assert said.code == 2
    assert said.out == ""
    lines = [int(number) for number in re.findall(r"line (\d+)", said.err)]
    assert lines == sorted(lines)
    assert {2, 4, 5, 7} <= set(lines)
    assert all(key in said.err for key in ("path", "hoost", "slots"))
    assert not house.state.exists()


def test_a_share_that_nobody_named_is_said(house: House) -> None:
    house.config.write_text('[devices.left]\nhost = "local"\n')
    said = house.run("status")
    assert said.code == 2
    assert "No share is named" in said.err
    assert house.run("status", "--share", str(house.share)).code == 0


def test_watching_a_share_that_is_not_there_ends_with_2(house: House) -> None:
    house.share.rmdir()
    said = house.run("--watch", "--once")
    assert said.code == 2
    assert str(house.share) in said.err
    assert not house.share.exists()


def test_watching_a_share_that_is_taken_ends_with_2(house: House) -> None:
    with EngineLock(house.places):
        said = house.run("--watch", "--once")
    assert said.code == 2
    assert f"(process {os.getpid()})" in said.err


# init


def test_init_writes_a_file_that_can_be_used_once_and_never_over_another(house: House) -> None:
    path = house.root / "new" / "devices.toml"
    path.parent.mkdir()
    said = house.bare("init", str(path))
    assert said.code == 0
    assert str(path) in said.out
    text = path.read_text()
    again = house.bare("init", str(path))
    assert again.code == 2
    assert str(path) in again.err
    assert path.read_text() == text


def test_init_says_where_it_cannot_write(house: House) -> None:
    (house.root / "file").write_text("")
    said = house.bare("init", str(house.root / "file" / "devices.toml"))
    assert said.code == 2
    assert "devices.toml" in said.err


# status


def test_status_of_a_new_farm_says_what_to_do(house: House) -> None:
    said = house.run("status")
    assert said.code == 0
    assert "blendtui --watch" in said.out
    assert "No jobs." in said.out
    told = json.loads(house.run("status", "--json").out)
    assert told == {
        "share": str(house.share),
        "engine": False,
        "done_at": None,
        "jobs": [],
        "devices": [],
    }


@pytest.fixture
def farm(house: House) -> House:
    with StoreStory(house.places.store) as story:
        lost = Fault.of(FaultKind.LINK_LOST, device="right", detail="a\x1b[2Jb")
        story.tell(
            ev.DevicesSet((DeviceSpec("left"), DeviceSpec("right", enabled=False))),
            ev.DeviceReached("left"),
            ev.JobAdded(JobSpec("shot", "a.blend", (1, 2, 3))),
            ev.RunReady("left.1.1", "3.4.1"),
            ev.FrameStarted("left.1.1", 1, 1),
            ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES),
            ev.FrameDone("left.1.1", 1, 1),
            ev.JobAdded(
                JobSpec("dark\x1b[31m", "b.blend", (1,)),
                fault=Fault.of(FaultKind.NO_CAMERA, scene="Scene"),
            ),
            ev.DeviceReached("right"),
            ev.DeviceLost("right", lost),
        )
    return house


def test_status_shows_jobs_and_devices(farm: House) -> None:
    said = farm.run("status")
    assert said.code == 0
    rows = {line.split()[0]: line.split() for line in said.out.splitlines() if line}
    assert rows["shot"][1:] == ["active", "1/3", "0", "50", "-"]
    assert rows["left"][1] == "connected"
    assert rows["right"][1] == "disabled"
    assert "has no camera" in said.out
    assert "a\\x1b[2Jb" in said.out
    assert "\x1b" not in said.out


def test_status_says_when_each_job_and_all_of_them_are_done(farm: House) -> None:
    noon = datetime(2099, 5, 1, 12, 0).astimezone().timestamp()
    with StoreStory(farm.places.store) as story:
        span = (noon, noon + 60, noon + 300)
        story.journal.foretell({"shot": span, "": span})
    assert "(Fri 12:00" not in farm.run("status").out, "without an engine it was long ago"
    with EngineLock(farm.places):
        assert "Fri 12:01 (Fri 12:00 to Fri 12:05)" in farm.run("status").out
        told = json.loads(farm.run("status", "--json").out)
    assert told["done_at"] == told["jobs"][0]["done_at"]
    assert datetime.fromisoformat(told["done_at"]["high"]).timestamp() == noon + 300


def test_status_as_json_has_the_same(farm: House) -> None:
    with EngineLock(farm.places):
        told = json.loads(farm.run("status", "--json").out)
    assert told["engine"] is True
    shot, dark = told["jobs"]
    assert (shot["name"], shot["state"], shot["frames"], shot["done"]) == ("shot", "active", 3, 1)
    assert shot["added"] == "2023-11-14T22:13:23+00:00"
    assert shot["ended"] is None
    assert (dark["name"], dark["state"]) == ("dark\x1b[31m", "failed")
    assert "camera" in dark["reason"]
    left, right = told["devices"]
    assert (left["connected"], right["connected"], right["enabled"]) == (True, False, False)
    assert left["slots"][0]["job"] == "shot"
    assert "lost" in right["problem"]


def test_an_unknown_device_is_said_with_those_that_there_are(house: House) -> None:
    for words in (("devices", "check", "middle"), ("devices", "trust", "middle")):
        said = house.run(*words)
        assert said.code == 2
        assert "middle" in said.err
        assert "left" in said.err


def test_this_machine_has_no_key_to_trust(house: House) -> None:
    assert house.run("devices", "trust", "left").code == 0


def test_a_device_that_cannot_be_reached_makes_the_check_end_with_1(house: House) -> None:
    house.config.write_text(
        f'[share]\npath = "{house.share}"\n[devices.left]\nhost = "127.0.0.1"\nport = 1\n'
    )
    said = house.run("devices", "check", "--json")
    assert said.code == 1
    assert json.loads(said.out)


def test_the_check_warns_of_passwords_that_others_can_read(house: House) -> None:
    house.config.write_text(
        f'[share]\npath = "{house.share}"\n[devices.left]\nhost = "127.0.0.1"\nport = 1\n'
        '[notify]\nurls = ["mailto://render:secret@example.org"]\n'
    )
    house.config.chmod(0o644)
    said = house.run("devices", "check", "--json")
    assert json.loads(said.out)
    assert "can be read by other users" in said.err
    assert "secret" not in said.err


# our own faults


def test_a_state_folder_that_cannot_be_made_is_said_in_plain_words(house: House) -> None:
    house.state.write_text("")
    for words in (("status",), ("--watch",), ("pause", "shot"), ("devices", "check")):
        said = house.run(*words)
        assert said.code == 2
        assert str(house.state) in said.err
        assert "--state" in said.err


def test_what_is_no_store_is_said_with_its_cure(house: House) -> None:
    house.places.store.write_bytes(b"this is no store " * 100)
    said = house.run("status")
    assert said.code == 2
    assert str(house.places.store) in said.err
    assert "Move that file away" in said.err


def mistake(views: Views, since: int = -1) -> list[JobRow]:
    raise RuntimeError("a mistake of ours, since none is known that could be met at will")


def test_a_failure_of_our_own_ends_with_3_and_is_in_the_log(
    farm: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Views, "jobs", mistake)
    said = farm.run("status")
    assert said.code == 3
    log = Places.log_of(farm.state)
    assert str(log) in said.err
    assert len(said.err.splitlines()) == 1
    assert "Traceback" in log.read_text()


def test_a_failure_of_our_own_without_a_log_still_has_no_traceback(
    farm: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Views, "jobs", mistake)
    (farm.state / "log").write_text("in the way")
    said = farm.run("status")
    assert said.code == 3
    assert "Traceback" not in said.out + said.err


# real processes


def command(house: House, *words: str) -> list[str]:
    places = ("--devices", str(house.config), "--state", str(house.state))
    return [sys.executable, "-m", "blendtui", *words, *places]


def run(house: House, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(house, *words),
        capture_output=True,
        check=False,
        env=os.environ | environment,
        cwd=Path(__file__).parents[1],
    )


def test_a_terminal_that_knows_ascii_only_gets_escapes(farm: House) -> None:
    with StoreStory(farm.places.store) as story:
        story.journal.next_cause()
        saved = story.journal.load()
        story.scheduler.restore(saved.jobs, saved.devices, saved.runs, saved.attempts)
        story.tell(ev.JobAdded(JobSpec("カット", "a.blend", (1,))))
    ended = run(farm, "status", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert b"\\u30ab" in ended.stdout


def test_a_reader_that_leaves_early_gets_no_traceback(farm: House) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ended = subprocess.run(
            command(farm, "status"),
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            cwd=Path(__file__).parents[1],
        )
    assert b"Traceback" not in ended.stderr
    assert b"Exception" not in ended.stderr


def test_watching_once_an_empty_share_ends_with_0(house: House) -> None:
    house.config.write_text(
        f'[share]\npath = "{house.share}"\nsettle = 0.05\n'
        '[devices.left]\nhost = "127.0.0.1"\nport = 1\n'
    )
    ended = run(house, "--watch", "--once", "--log-format", "json")
    assert ended.returncode == 0, ended.stderr
    assert all(json.loads(line) for line in ended.stdout.splitlines())
    assert list(house.share.iterdir()) == []

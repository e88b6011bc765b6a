"""report.toml: TOML whatever text is in it, true, and quick for long jobs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm.frames import parse_frames
from blendtui.share import Share
from blendtui.share.report import DeviceShare, FailedFrame, Report, read, write
from blendtui.wording import safe

text = st.text(st.characters(), max_size=40)
value = st.recursive(
    st.one_of(text, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)


def report(**changes: Any) -> Report:
    whole: dict[str, Any] = {
        "name": "shot",
        "state": "active",
        "reason": "",
        "added": 0.0,
        "ended": None,
        "frames": (1, 2, 3, 4, 5),
        "done": (1, 2, 3),
        "failed": (FailedFrame(4, "It is black.", "Look at it.", (("left", "black"),)),),
        "warnings": (),
        "devices": (DeviceShare("left", 3, 1, 4.5),),
        "settings": {"blend": "a.blend"},
    }
    return Report(**(whole | changes))


def test_a_report_says_what_became_of_every_frame() -> None:
    told = read(write(report()))
    assert told["frames"] == {
        "all": "1-5",
        "done": "1-3",
        "failed": "4",
        "missing": "5",
        "count": 5,
        "done_count": 3,
    }
    assert told["failures"] == [
        {
            "frame": 4,
            "reason": "It is black.",
            "cure": "Look at it.",
            "tries": [{"device": "left", "reason": "black"}],
        }
    ]


def test_a_report_says_what_each_device_did() -> None:
    (left,) = read(write(report()))["devices"]
    assert left == {
        "name": "left",
        "frames": 3,
        "share": 1.0,
        "failed_tries": 1,
        "seconds": 4.5,
        "seconds_per_frame": 1.5,
    }


def test_times_are_utc_whatever_the_zone_here() -> None:
    told = read(write(report(added=1_700_000_000.4, ended=1_700_000_060.0)))
    assert told["added"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert told["ended"].utcoffset().total_seconds() == 0
    assert "ended" not in read(write(report()))


@given(text, text, text, text, st.dictionaries(text, value, max_size=4))
def test_a_report_is_toml_whatever_text_is_in_it(
    name: str, reason: str, device: str, warning: str, settings: dict[str, Any]
) -> None:
    written = write(
        report(
            name=name,
            reason=reason,
            warnings=(warning,),
            devices=(DeviceShare(device, 0, 0, 0.0),),
            failed=(FailedFrame(4, reason, reason, ((device, reason),)),),
            settings=settings,
        )
    )
    told = read(written.encode().decode())
    assert told["name"] == safe(name)
    assert told["failures"][0]["tries"][0]["device"] == safe(device)
    assert told["warnings"] == [safe(warning)]
    assert "\x1b" not in written
    assert len(told["settings"]) == len(
        {safe(name) for name, one in settings.items() if one is not None}
    )


def test_a_report_of_ten_thousand_frames_is_quick() -> None:
    numbers = tuple(range(0, 30_000, 3))
    failed = tuple(
        FailedFrame(number, "no " * 30, "try", (("left", "no " * 30),) * 3)
        for number in numbers[::20]
    )
    done = tuple(set(numbers) - {frame.number for frame in failed})
    began = time.process_time()
    written = write(report(frames=numbers, done=done, failed=failed))
    assert time.process_time() - began < 2
    assert parse_frames(read(written)["frames"]["done"]) == tuple(sorted(done))


def test_a_report_is_rewritten_in_place(tmp_path: Path) -> None:
    share = Share(tmp_path)
    (tmp_path / "shot").mkdir()
    share.write_report("shot", report())
    share.write_report("shot", report(state="done", ended=1.0))
    assert read((tmp_path / "shot" / "report.toml").read_text())["state"] == "done"
    assert [path.name for path in (tmp_path / "shot").iterdir()] == ["report.toml"]

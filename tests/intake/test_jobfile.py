"""job.toml is read, or refused with the line, what is wrong and what is expected."""

from __future__ import annotations

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.jobfile import JobFile, read_jobfile
from blendtui.wording import explain


def test_all_that_job_toml_can_say_is_read() -> None:
    text = """
        blend = "shots/a.blend"
        frames = "1-100,150,200-300x2"
        scene = "Main"
        priority = 80
        tags = ["gpu", "studio"]
        allow_scripts = true
        step = 3
        devices = ["tower"]
        percentage = 50
        samples = 64
        engine = "cycles"
        format = "exr"
        camera = "Above"
        view_layers = ["Front"]
        output = "take_####"
        threads = 4
        time_limit = 90
    """
    assert read_jobfile(text.encode()) == JobFile(
        blend="shots/a.blend",
        frames="1-100,150,200-300x2",
        scene="Main",
        priority=80,
        tags=("gpu", "studio"),
        allow_scripts=True,
        step=3,
        devices=("tower",),
        percentage=50,
        samples=64,
        engine="cycles",
        format="exr",
        camera="Above",
        view_layers=("Front",),
        output="take_####",
        threads=4,
        time_limit=90,
    )


def test_several_scenes_are_read_and_one_beside_them_is_refused() -> None:
    assert read_jobfile(b'scenes = ["A", "B"]').scenes == ("A", "B")
    with pytest.raises(Failure) as caught:
        read_jobfile(b'scene = "A"\nscenes = ["A", "B"]')
    assert caught.value.fault.kind == FaultKind.JOBFILE_INVALID


def test_what_is_rendered_otherwise_is_told_in_blenders_own_words() -> None:
    jobfile = read_jobfile(
        b'engine = "Cycles"\nformat = "jpg"\nview_layers = ["A"]\ntime_limit = 2'
    )
    assert jobfile.overrides.as_data() == {
        "engine": "CYCLES",
        "format": "JPEG",
        "view_layers": ["A"],
        "time_limit": 2.0,
    }
    assert read_jobfile(b'engine = "LuxCore"').overrides.engine == "LuxCore"


def test_a_step_counts_for_the_frames_that_are_named() -> None:
    assert read_jobfile(b'frames = "-4-4,10"\nstep = 3').named_frames() == (-4, -1, 2, 10)
    assert read_jobfile(b"step = 3").named_frames() is None


def test_written_again_it_says_the_same() -> None:
    text = b'scenes = "all"\ntags = ["gpu"]\npriority = 7\noutput = "a_##"\n'
    jobfile = read_jobfile(text)
    assert read_jobfile(tomli_w.dumps(jobfile.as_data()).encode()) == jobfile


@pytest.mark.parametrize("data", [b"", b"# nothing\r\n", b"\xef\xbb\xbf"])
def test_an_empty_job_toml_leaves_all_as_the_blend_has_it(data: bytes) -> None:
    assert read_jobfile(data) == JobFile()


def test_the_mark_that_windows_editors_write_first_is_no_error() -> None:
    assert read_jobfile(b'\xef\xbb\xbfscene = "A"\r\n') == JobFile(scene="A")


@pytest.mark.parametrize(
    ("data", "what", "cure"),
    [
        (b'\n\nframe = "1-9"', "job.toml, line 3: “frame” is not a known name.", "“frames” (one"),
        (b"Priority = 3", "line 1: “Priority” is not a known name.", "“priority” (one of blend,"),
        (b'"tag" = ["a"]', "line 1: “tag” is not a known name.", "“tags” (one of"),
        (b"\n[frames_]\na = 1", "line 2: “frames_” is not a known name.", "“frames” (one of"),
        (b"zzzz.q = 1", "line 1: “zzzz” is not a known name.", "Expected: one of blend, frames,"),
        (b"frames = 5", "“frames” has a value of the wrong type.", 'such as "1-100,150,200-300x2"'),
        (b"blend = true", "“blend” has a value of the wrong type.", 'such as "shots/a.blend"'),
        (b'\npriority = "5"', "line 2: “priority” has a value of the wrong", "without quotes"),
        (b"priority = true", "“priority” has a value of the wrong type.", "a whole number"),
        (b"priority = 101", "“priority” is out of range.", "from 0 to 100"),
        (b"priority = " + b"9" * 5000, "a value in it cannot be read.", "TOML, a name and a"),
        (b'tags = "gpu"', "“tags” has a value of the wrong type.", 'such as ["gpu", "studio"]'),
        (b'tags = ["a", 1]', "“tags” has a value of the wrong type.", "a list of words"),
        (b'tags = [" "]', "“tags” has an empty word.", "a list of words"),
        (b"allow_scripts = 1", "“allow_scripts” has a value of the wrong", "true or false"),
        (b'scene = ""', "“scene” is empty.", "the name of a scene"),
        (b"step = 0", "“step” is out of range.", "a whole number from 1"),
        (b"percentage = 50.5", "“percentage” has a value of the wrong type.", "from 1 to 1000"),
        (b"percentage = 1001", "“percentage” is out of range.", "from 1 to 1000"),
        (b"samples = 0", "“samples” is out of range.", "a whole number from 1"),
        (b"threads = 2000", "“threads” is out of range.", "from 1 to 1024"),
        (b"time_limit = nan", "“time_limit” is out of range.", "seconds for one frame"),
        (b'time_limit = "1 h"', "“time_limit” has a value of the wrong type.", "seconds"),
        (b'engine = "cy cles"', "“engine” is no identifier.", '"CYCLES", "EEVEE"'),
        (b'format = "FFMPEG"', "“format” is not known.", "one of PNG, JPEG"),
        (b'output = "a/b_##"', "“output” can't be a file's name.", "without folders"),
        (b'output = "..\\\\x"', "“output” can't be a file's name.", "without folders"),
        (b'output = "{x}"', "“output” can't be a file's name.", "without folders"),
        (b"view_layers = []", "“view_layers” is empty.", "a list of names"),
        (b"scenes = []", "“scenes” is empty.", '"all", or a list'),
        (b'scenes = "Day"', "“scenes” has a value of the wrong type.", '"all", or a list'),
        (b'camera = " "', "“camera” is empty.", "the name of a camera"),
        (b'unbaked = "never"', "“unbaked” is not known.", '"one-device" or "refuse" or "ignore"'),
        (b"unbaked = true", "“unbaked” has a value of the wrong type.", '"one-device" or'),
        (b"devices = 3", "“devices” has a value of the wrong type.", "a list of names of devices"),
        (b'frames = "1-b"', "“frames” is wrong: “1-b” is not understood.", "a range such as 1-100"),
        (b'frames = "9-1"', "“frames” is wrong: “9-1” runs backwards.", "lower frame first, 1-9"),
        (
            b"a = 1\nframes 3",
            "job.toml, line 2, column 8: it is not valid TOML",
            "a name and a value",
        ),
        (b'a = "x', "job.toml, line 1: it is not valid TOML (unterminated string).", "TOML"),
        (b"scene = 'A'\nscene = 'B'", "line 2: it is not valid TOML (cannot overwrite", "TOML"),
        (b"\n" + b"a." * 30000 + b"a = 1", "line 2: it has too many dots.", "TOML"),
        (b"[" + b"a." * 30000 + b"a]", "line 1: it has too many dots.", "TOML"),
        (b"a = " + b"[" * 30000, "its brackets are nested too deep.", "TOML"),
        (b"# x\nscene = '\xff'", "job.toml, line 2: it is not UTF-8 text.", "saved as UTF-8"),
        ("scene = 'A'".encode("utf-16"), "job.toml, line 1: it is not UTF-8 text.", "as UTF-8"),
        (b"#" * 70000, "job.toml: it is larger than 64 KiB.", "a few lines"),
    ],
)
def test_a_faulty_job_toml_is_told_with_line_problem_and_what_is_expected(
    data: bytes, what: str, cure: str
) -> None:
    with pytest.raises(Failure) as caught:
        read_jobfile(data)
    words = explain(caught.value.fault)
    assert caught.value.fault.kind is FaultKind.JOBFILE_INVALID
    assert what in words.what
    assert cure in words.cure
    assert words.cure.endswith("Correct job.toml, zip the folder again and drop it again.")


def test_the_facts_of_an_unknown_key_are_kept_apart() -> None:
    with pytest.raises(Failure) as caught:
        read_jobfile(b'scene = "A"\nframe = "1"\n')
    fault = caught.value.fault
    assert [fault.fact(name) for name in ("line", "key", "nearest")] == ["2", "frame", "frames"]


def test_what_job_toml_says_cannot_reach_the_terminal_raw() -> None:
    with pytest.raises(Failure) as caught:
        read_jobfile(b'"\\u001b[2Jframes" = 1')
    assert "\x1b" not in str(explain(caught.value.fault))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_job_file_or_a_failure(data: bytes) -> None:
    try:
        read_jobfile(data)
    except Failure as failure:
        assert "?" not in explain(failure.fault).what.split(":")[0]


_NAMES = st.sampled_from(["blend", "frames", "scene", "priority", "tags", "allow_scripts", "x"])
_VALUES = st.sampled_from(
    ['"a"', "1", "true", "[]", '["a"]', "[1]", "1.5", "{a = 1}", "1979-05-27", "inf", '"1-5"', "-1"]
)


@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=4))
def test_any_values_give_a_job_file_or_a_failure(pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name} = {value}" for name, value in pairs)
    try:
        found = read_jobfile(text.encode())
    except Failure as failure:
        assert failure.fault.kind is FaultKind.JOBFILE_INVALID
    else:
        assert 0 <= found.priority <= 100

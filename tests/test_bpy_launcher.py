"""The wheel's launcher understands Blender's command line as Blender does.

What Blender does was seen with 3.4.1; the same commands were given to both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.bpy_launcher import STEPS, Plan, frame_of, frames_of, parse
from blendtui.bpy_wheel import can_offer, install, is_installed, write_launcher
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind

ENVIRONMENT = os.environ.get("BLENDTUI_BPY_ENV", "")
VERSION = "5.0.1"
SAMPLE = Path(__file__).parent.parent / "examples" / "bouncing.zip"


def test_the_farms_own_command_is_read() -> None:
    words = "-b --disable-autoexec --python-exit-code 3 -t 2 -P run/driver.py -- run/settings.json"
    steps = [("exit_code", "3"), ("script", "run/driver.py")]
    assert parse(words.split()) == Plan(scripts=False, threads=2, steps=steps)


def test_arguments_are_carried_out_in_their_order() -> None:
    plan = parse(
        [
            "-b",
            "-o",
            "//a_",
            "shot.blend",
            "-s",
            "3",
            "-e",
            "5",
            "-F",
            "TGA",
            "-a",
            "-o",
            "//b_",
            "-f",
            "9",
        ]
    )
    assert [name for name, _ in plan.steps] == [
        *("output", "open", "start", "end", "file_format", "animation", "output", "frames"),
    ]


def test_scripts_and_threads_hold_for_every_file_wherever_they_stand() -> None:
    assert parse(["a.blend", "-y", "-t", "4"]) == Plan(
        scripts=True, threads=4, steps=[("open", "a.blend")]
    )


def test_the_last_word_on_scripts_counts_and_without_one_they_are_off() -> None:
    assert parse(["-Y", "-y"]).scripts
    assert not parse(["-y", "--disable-autoexec"]).scripts
    assert not parse([]).scripts


@given(st.lists(st.sampled_from(["-y", "--version", "-a", "x.blend", "--", "-f", "1", "-P"])))
def test_what_stands_behind_two_dashes_is_for_scripts_alone(words: list[str]) -> None:
    assert parse(["a.blend", "--", *words]) == parse(["a.blend"])


def test_an_argument_without_its_value_is_told_and_nothing_else_happens() -> None:
    assert parse(["a.blend", "-f"]).steps == [
        ("open", "a.blend"),
        ("say", "Error: a value must follow '-f'."),
    ]


def test_an_unknown_argument_is_told_and_taken_for_a_file() -> None:
    assert parse(["--nope"]).steps == [
        ("say", "unknown argument, loading as file: --nope"),
        ("open", "--nope"),
    ]


@pytest.mark.parametrize("threads", ["x", "-1", "1025", ""])
def test_a_wrong_number_of_threads_leaves_it_to_the_file(threads: str) -> None:
    plan = parse(["-t", threads])
    assert plan.threads == 0
    assert [name for name, _ in plan.steps] == ["say"]


def test_what_changes_nothing_here_is_passed_over_with_its_value() -> None:
    words = "--log render.* --log-level 2 -noaudio --factory-startup --debug-cycles --background"
    assert parse(words.split()) == Plan()


@given(st.lists(st.text(alphabet="-abfoPst.1 ", max_size=12)))
def test_no_command_line_is_too_odd_to_read(words: list[str]) -> None:
    known = {*STEPS.values(), "say", "open", "animation"}
    assert {name for name, _ in parse(words).steps} <= known


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", [7]),
        ("1,3", [1, 3]),
        ("1..4", [1, 2, 3, 4]),
        ("+2", [12]),
        ("-1", [19]),
        ("+0..+2,20", [10, 11, 12, 20]),
    ],
)
def test_frames_count_from_the_first_with_plus_and_from_the_last_with_minus(
    text: str, frames: list[int]
) -> None:
    assert frames_of(text, 10, 20) == frames


@pytest.mark.parametrize("text", ["", "abc", "1,", "1..", "1.5", "--1", "1;2"])
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^ ]*$"):
        frames_of(text, 1, 250)


@given(st.integers(0, 10**6), st.integers(0, 500), st.integers(500, 1000))
def test_a_plain_number_is_that_frame(number: int, first: int, last: int) -> None:
    assert frame_of(str(number), first, last) == number


def test_a_wheel_is_offered_only_to_the_python_that_can_load_it() -> None:
    assert can_offer((3, 11))
    assert can_offer((3, 13))
    assert can_offer((3, 12)) is None


def test_the_launcher_starts_its_python_in_its_place_whatever_the_folder_is_called(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "Blender's own $HOME"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    # `exec` in the middle, so that it still is the same process.
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import os, sys; '
                      'print(os.getpid(), sys.argv[1:])" "$@"\n')  # fmt: skip
    python.chmod(0o755)
    launcher = folder / "bin" / "blender"
    write_launcher(launcher, python)
    with subprocess.Popen([launcher, "-b", "a b.blend"], stdout=subprocess.PIPE, text=True) as run:
        said, _ = run.communicate(timeout=30)
    assert said.split(" ", 1)[0] == str(run.pid)
    assert said.strip().endswith("'-b', 'a b.blend']")
    compile(launcher.read_text(encoding="utf-8"), str(launcher), "exec")


def test_a_wheel_that_does_not_start_is_told_with_what_it_lacks(tmp_path: Path) -> None:
    launcher = tmp_path / "bin" / "blender"
    launcher.parent.mkdir()
    launcher.write_text("#!/bin/sh\necho 'ImportError: libX11.so.6: no such file' >&2; exit 1\n")
    launcher.chmod(0o755)
    assert is_installed(tmp_path)
    with pytest.raises(Failure) as caught:
        install(tmp_path, VERSION)
    assert caught.value.fault.kind is FaultKind.BLENDER_WHEEL_BROKEN
    assert caught.value.fault.fact("detail") == "ImportError: libX11.so.6: no such file"
    assert "libx11-6" in caught.value.fault.fact("packages")


def test_a_wheel_that_has_no_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure) as caught:
        install(tmp_path / "file" / "env", VERSION)
    assert caught.value.fault.kind is FaultKind.BLENDER_WHEEL_MISSING
    assert caught.value.fault.fact("detail") == "not a directory"


@pytest.fixture(scope="module")
def launcher() -> Path:
    if not ENVIRONMENT:
        pytest.skip("BLENDTUI_BPY_ENV names no environment with the bpy wheel (350 MB)")
    path = Path(ENVIRONMENT) / "bin" / "blender"
    write_launcher(path, path.with_name("python"))
    return path


def _blender(launcher: Path, *words: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [launcher, "-b", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=100,
    )  # fmt: skip
    return done.returncode, done.stdout


def _sample(tmp_path: Path) -> Path:
    with zipfile.ZipFile(SAMPLE) as archive:
        archive.extractall(tmp_path)
    return next(tmp_path.rglob("*.blend"))


def test_real_wheel_says_its_version(launcher: Path) -> None:
    code, said = _blender(launcher, "--version")
    assert code == 0
    assert said.startswith("Blender ")


def test_real_wheel_renders_single_frames_and_ranges(launcher: Path, tmp_path: Path) -> None:
    blend = _sample(tmp_path)
    out = tmp_path / "out" / "f_"
    code, said = _blender(
        launcher, "-t", "1", blend, "-o", f"{out}####", "-s", "2", "-e", "3", "-a", "-f", "7"
    )
    assert code == 0, said
    assert sorted(path.name[:6] for path in out.parent.iterdir()) == ["f_0002", "f_0003", "f_0007"]


def test_real_wheel_keeps_the_threads_for_files_that_a_script_opens(
    launcher: Path, tmp_path: Path
) -> None:
    script = "import bpy; bpy.ops.wm.open_mainfile(filepath={!r})\nprint('THREADS', {})"
    code, said = _blender(
        launcher, "-t", "3", "--python-expr",
        script.format(str(_sample(tmp_path)), "bpy.context.scene.render.threads"),
    )  # fmt: skip
    assert code == 0, said
    assert "THREADS 3\n" in said


def test_real_wheel_ends_with_blenders_exit_codes(launcher: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import bpy\nbpy.app.handlers.render_stats.append(lambda *_: None)\n1/0\n")
    assert _blender(launcher, tmp_path / "missing.blend")[0] == 1
    assert _blender(launcher, "-P", wrong)[0] == 0
    assert _blender(launcher, "-P", wrong, "--python-exit-code", "5")[0] == 0
    code, said = _blender(
        launcher, "--python-exit-code", "5", "-P", wrong, "--python-expr", "print('on')"
    )
    assert code == 5
    assert "ZeroDivisionError" in said
    assert "on\n" not in said
    assert _blender(launcher, "--python-expr", "import sys; sys.exit(7)")[0] == 7


def test_real_wheel_gives_scripts_their_arguments_and_the_name_of_main(
    launcher: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nprint('GOT', __name__, __file__, sys.argv[sys.argv.index('--'):])\n"
    )
    code, said = _blender(launcher, "-P", script, "--", "-y", "a b")
    assert code == 0
    assert f"GOT __main__ {script} ['--', '-y', 'a b']" in said


def test_real_wheel_runs_scripts_of_a_file_only_when_told(launcher: Path, tmp_path: Path) -> None:
    blend = tmp_path / "auto.blend"
    make = (
        "import bpy; text = bpy.data.texts.new('auto.py'); text.use_module = True\n"
        "text.write('print(\\'AUTO\\' + \\'RAN\\')')\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})"
    )
    assert _blender(launcher, "--python-expr", make)[0] == 0
    again = f"import bpy; bpy.ops.wm.open_mainfile(filepath={str(blend)!r})"
    assert "AUTORAN" not in _blender(launcher, blend, "--python-expr", again)[1]
    assert "AUTORAN" not in _blender(launcher, "-Y", blend)[1]
    assert "AUTORAN" in _blender(launcher, blend, "-y")[1]

"""What `command` promises: every byte arrives, whatever shell reads the line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtui.devices.shell import command

SHELLS = {
    "sh": ["sh"],
    "bash": ["bash"],
    "zsh": ["zsh"],
    "fish": ["fish"],
    "tcsh": ["tcsh"],
    "ash": ["busybox", "ash"],
}

HARD = [
    "",
    " ",
    "it's",
    'say "hi"',
    "one\ntwo\n",
    "\n",
    "$(touch /tmp/never) `id` $HOME ${x}",
    "!! !history !$",
    "back\\slash \\n \\\\ \\' end\\",
    "-n",
    "--help",
    "-e \\0101",
    "%s %d %%",
    "~ * ? [a] {a,b} # ; & | < > ( ) ^ =",
    "grüße, 世界 🎬",
    "\udcff\udc80 not UTF-8 \udcc3",
    "tab\tand\x01\x7f\x1b[31m",
    "\r\n",
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    words = SHELLS[request.param]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{request.param} is not installed")
    return words


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
raw = st.binary(max_size=60).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))


def through(shell: list[str], line: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*shell, "-c", line], input=stdin, capture_output=True, check=False)


def arguments(shell: list[str], *args: str) -> list[str]:
    done = through(shell, command('for word; do printf "%s\\0" "$word"; done', *args))
    assert done.stderr == b""
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


def test_every_argument_arrives_unchanged(shell: list[str]) -> None:
    assert arguments(shell, *HARD) == HARD


def test_a_script_of_many_lines_runs_with_its_status_and_stdin(shell: list[str]) -> None:
    script = (
        'x=$(cat)\n# it\'s a comment!\nif [ "$x" = \'a"b\' ]; then\n  echo "got $1" >&2\nfi\nexit 7'
    )
    done = through(shell, command(script, "one"), b'a"b\n')
    assert (done.returncode, done.stdout, done.stderr) == (7, b"", b"got one\n")


def test_the_longest_line_passes(shell: list[str]) -> None:
    long = "x" * 130_000
    assert arguments(shell, long) == [long]


@settings(max_examples=60, deadline=None)
@given(st.lists(texts | raw, max_size=4))
def test_any_text_and_any_bytes_arrive_in_a_csh_and_in_a_fish(words: list[str]) -> None:
    for shell in ("tcsh", "fish", "dash"):
        if shutil.which(shell):
            assert arguments([shell], *words) == words


@given(texts | raw, st.lists(texts | raw))
def test_a_login_shell_only_sees_harmless_characters(script: str, args: list[str]) -> None:
    line = command(script, *args)
    inside = re.fullmatch(r"""exec sh -c 'eval "\$\(printf %b "(.*)"\)"'""", line)
    assert inside is not None
    assert re.fullmatch(r"(?:[A-Za-z0-9 _./=:,@%+-]|\\0[0-3][0-7]{2})*", inside[1])


def test_what_no_shell_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        command("echo", "a\0b")
    with pytest.raises(ValueError, match="too long"):
        command("echo", "x" * 140_000)

"""Text for people: sizes, time spans, foreign text made harmless, and words for every fault."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm.faults import Fault, FaultKind
from blendtui.tables import cells, fitted, table
from blendtui.wording import duration, explain, safe, size
from blendtui.wording.sentences import SENTENCES

anything = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (2**20 - 1, "1.0 MiB"),
        (2**31, "2.0 GiB"),
        (3 * 2**40, "3.0 TiB"),
        (2**60, "1048576.0 TiB"),
    ],
)
def test_sizes_read_as_people_write_them(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1.0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (42.2, "42 s"),
        (59.6, "1 min 00 s"),
        (185.0, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7800.0, "2 h 10 min"),
        (100_800.0, "1 d 4 h"),
        (float("nan"), "?"),
        (float("inf"), "?"),
    ],
)
def test_time_spans_read_as_people_write_them(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shot Größe カット", "shot Größe カット"),
        ("🎬", "🎬"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nb\tc\0", "a\\r\\nb\\tc\\x00"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("gnp\u202etxt", "gnp\\u202etxt"),
        ("\u2066\u200f\ufeff", "\\u2066\\u200f\\ufeff"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("\udcff", "\\udcff"),
        ("\ue000", "\\ue000"),
    ],
)
def test_what_would_do_something_on_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_cause_that_we_do_not_know_is_left_out() -> None:
    fault = Fault.of(FaultKind.RENDER_ERROR, device="box", frame=1, detail="no")
    strange = Fault(fault.kind, (*fault.facts, ("cause", "nonsense")))
    assert explain(strange) == explain(fault)


@given(anything, st.integers(1, 60))
def test_safe_text_is_harmless_one_line_and_within_its_limit(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert len(shown) <= limit
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    assert safe(shown, limit) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert safe("x" * 501) == "x" * 499 + "…"
    assert safe("x" * 500) == "x" * 500
    assert safe("\n" * 500).endswith("\\n…")


def _facts(kind: FaultKind) -> list[str]:
    texts = " ".join(SENTENCES[kind])
    return [name for _, name, _, _ in string.Formatter().parse(texts) if name]


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_has_words_in_one_line_each(kind: FaultKind) -> None:
    facts = dict.fromkeys(_facts(kind), "a\x1b[2Jb\n{x}")
    words = explain(Fault.of(kind, **facts))
    assert words.what
    assert words.cure
    assert str(words).isprintable()
    assert "{}" not in str(words)
    assert explain(Fault.of(kind)).what


def test_a_fault_tells_of_its_cause_too() -> None:
    fault = Fault.of(
        FaultKind.FIRST_TRIES_FAILED, tries=5, cause=FaultKind.NO_CAMERA, scene="Scene"
    )
    assert "5 tries" in explain(fault).what
    assert "no camera" in explain(fault).what


def test_wide_letters_take_two_columns_of_a_table() -> None:
    lines = table(("A", "B"), [("カット", "1"), ("e\u0301", "2")], "none")
    assert lines == ["A       B", "カット  1", "e\u0301       2"]
    assert table(("A",), [], "none") == ["none"]


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(0, 40))
def test_a_text_is_cut_to_the_columns_that_there_are(text: str, columns: int) -> None:
    shown = fitted(text, columns)
    assert cells(shown) <= columns
    assert text.startswith(shown)
    if shown != text:
        assert cells(text) > columns


def test_what_blender_said_is_kept_apart_from_what_to_do() -> None:
    fault = Fault.of(FaultKind.RENDER_ERROR, device="a", frame=1, detail="Error: no denoiser")
    assert "frame 1: Error: no denoiser. Render this frame by hand" in str(explain(fault))

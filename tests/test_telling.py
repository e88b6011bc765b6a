"""What happened, told in one line for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui import telling
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.state import NoteKind
from blendtui.store.views import HistoryRow

FAULT = Fault.of(FaultKind.RENDER_ERROR, device="left", frame=7, detail="out of\nmemory\x1b[2J")
ROW = HistoryRow(1, 1, 1_700_000_000.5, "", "shot", "left", 7, FAULT, "0.5")


@pytest.mark.parametrize("kind", list(NoteKind))
def test_every_kind_of_thing_is_told_in_one_line(kind: NoteKind) -> None:
    for row in (
        replace(ROW, kind=kind),
        replace(ROW, kind=kind, fault=None),
        replace(ROW, kind=kind, job=None, device=None, frame=None, fault=None, detail=""),
        replace(ROW, kind=kind, job="a\n\x1b[31m", device="\u202eb", detail="c\r\udcff"),
    ):
        told = telling.line(row)
        assert told.strip()
        assert told.isprintable(), told
        assert told.endswith((".", "memory\\x1b[2J", "said."))


def test_a_kind_of_another_version_is_told_too() -> None:
    assert telling.line(replace(ROW, kind="brand-new\n", detail="x")) == "brand-new\\n: x"


def test_a_done_frame_says_where_and_how_long() -> None:
    told = telling.line(replace(ROW, kind=NoteKind.FRAME_DONE, fault=None))
    assert told == "shot: frame 7 on left done in 0.50 s."


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_json_is_one_valid_line_whatever_is_in_it(text: str) -> None:
    row = replace(ROW, kind=NoteKind.REJECTED, detail=text, job=text)
    written = json.dumps(telling.as_json(row))
    assert "\n" not in written
    told = json.loads(written)
    assert told["at"] == "2023-11-14T22:13:20.500+00:00"
    assert (told["kind"], told["job"], told["frame"]) == ("rejected", text, 7)
    assert told["fault"]["kind"] == "render-error"


def test_a_jobs_end_is_told_with_its_frames_and_time() -> None:
    row = replace(ROW, kind=NoteKind.JOB_ENDED, job="shot", fault=None, detail="done 24 24 8.1")
    assert telling.line(row) == "shot: done, 24 of 24 frames in 8.1 s."

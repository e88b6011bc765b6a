"""What `blendtui status` says of movies, to people and to programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blendtui import status
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import JobSpec
from blendtui.store.movie_rows import MovieState
from blendtui.store.views import Views
from tests.support.offices import places_in
from tests.support.stores import StoreStory

FAILED = Fault.of(FaultKind.MOVIE_FAILED, job="shot", detail="no room")


@pytest.mark.parametrize(
    ("known", "told", "line"),
    [
        ({"state": MovieState.ENCODING, "done": 3, "total": 8}, ("encoding", None), "encoded, 37%"),
        ({"state": MovieState.DONE, "file": "a.mp4"}, ("done", "a.mp4"), "its movie is a.mp4"),
        ({"state": MovieState.FAILED, "fault": FAILED}, ("failed", None), "encoded: no room"),
    ],
)
def test_it_says_how_a_movie_stands(
    tmp_path: Path, known: dict[str, Any], told: tuple[str, str | None], line: str
) -> None:
    places = places_in(tmp_path)
    with StoreStory(places.store) as story:
        story.tell(ev.JobAdded(JobSpec("shot", "a.blend", (1, 2))))
        story.tell(ev.JobAdded(JobSpec("other", "a.blend", (1, 2))))
        story.journal.say_of_movie("shot", sheet="contact-sheet.jpg", **known)
        views = Views(places.store)
        shown = status.collect(views, places)
        views.close()
    shot, other = shown["jobs"]
    assert (shot["movie"]["state"], shot["movie"]["file"]) == told
    assert shot["contact_sheet"] == "contact-sheet.jpg"
    assert (other["movie"], other["contact_sheet"]) == (None, None)
    assert line in status.text(shown)

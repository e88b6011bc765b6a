"""What an engine makes of an ended job: movie and contact sheet, or the reason why not."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.engine.finishing import Finishing
from blendtui.engine.office import Heard
from blendtui.engine.reports import Reports
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import AttemptState, DeviceSpec, JobSpec, OutputFile
from blendtui.farm.movies import MovieAsked
from blendtui.farm.overrides import Overrides
from blendtui.farm.state import Note, NoteKind
from blendtui.share.files import is_temporary
from blendtui.store.movie_rows import MovieRow, MovieState
from blendtui.wording import explain
from tests.output.test_encode import tones
from tests.support.media import look
from tests.support.offices import office, places_in
from tests.support.stores import StoreStory

FILM = MovieAsked(
    is_movie=True, has_sound=True, fps=25, file_format="FFMPEG", container="MPEG4", codec="H264",
    crf="HIGH", audio_codec="AAC",
)  # fmt: skip
STILLS = MovieAsked(is_movie=False, has_sound=False)


class Studio:
    """A job of four frames, of which as many are rendered as a test says, and its engine's part."""

    def __init__(
        self, folder: Path, *, output: str = "film.mp4", movie: bool | None = None
    ) -> None:
        self.places = places_in(folder)
        self.story = StoreStory(self.places.store)
        self.heard: list[Heard] = []
        self.office = office(self.places, self.story.journal, self.heard)
        overrides = Overrides(movie=movie, output=output)
        self.story.tell(
            ev.DevicesSet((DeviceSpec("left"),)),
            ev.DeviceReached("left"),
            ev.JobAdded(JobSpec("shot", "a.blend", (1, 2, 3, 4), overrides=overrides)),
            ev.RunReady("left.1.1", "3.4.1"),
        )
        farm = self.story.scheduler.farm
        self.job = farm.jobs["shot"]
        reports = Reports(self.office)
        self.finishing = Finishing(self.office, self.story.journal, farm, reports)
        self.folder = self.places.share / "shot"
        (self.folder / "frames").mkdir(parents=True)

    def render(self, *frames: int, ending: str = ".png", beside: tuple[str, ...] = ()) -> None:
        """Have frames done, with their files in place."""
        for number in frames:
            name = f"film_{number:04d}{ending}"
            path = self.folder / "frames" / name
            Image.fromarray(np.full((18, 32, 3), number * 40, np.uint8)).save(
                path, "PNG" if ending == ".exr" else None
            )
            data = path.read_bytes()
            files = [OutputFile(name, len(data), hashlib.sha256(data).hexdigest())]
            files += [OutputFile(one, 1, "0" * 64) for one in beside if number == 1]
            ordered = self.story.scheduler.farm.attempts.values()
            key = next(
                (one.run, one.frame, one.number)
                for one in ordered
                if one.frame == number and one.state is AttemptState.ORDERED
            )
            self.story.tell(
                ev.FrameStarted(*key), ev.FrameRendered(*key, 1.0, tuple(files)), ev.FrameDone(*key)
            )

    async def finish(self) -> MovieRow:
        """Finish the job; gives what became of its movie."""
        await self.finishing.finish("shot")
        assert not any(is_temporary(path.name) for path in self.folder.rglob("*"))
        return self.story.journal.movie("shot")

    def notes(self) -> list[Note]:
        """Give what people are told."""
        return [one.event for one in self.heard if isinstance(one.event, Note)]

    def report(self) -> str:
        """Give report.toml."""
        return (self.folder / "report.toml").read_text()


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    made = Studio(tmp_path)
    made.office.beside.opened("shot", FILM)
    yield made
    made.story.journal.close()


async def test_a_movie_is_made_of_all_frames_with_the_sound_that_one_of_them_brought(
    studio: Studio,
) -> None:
    (studio.folder / "sound").mkdir()
    tones(studio.folder / "sound" / "0001_from_1_to_4.flac", 1, 4)
    studio.render(1, 2, 3, 4, beside=("@sound/0001_from_1_to_4.flac",))
    row = await studio.finish()
    assert (row.state, row.file, row.said) == (MovieState.DONE, "film.mp4", "H.264 and AAC in MP4")
    assert (row.sheet, row.notes) == ("contact-sheet.jpg", ())
    seen = look(studio.folder / "film.mp4")
    assert [round(one.mean() / 40) for one in seen.pictures] == [1, 2, 3, 4]
    assert seen.audio_codec == "aac"
    assert [note.kind for note in studio.notes()] == [NoteKind.MOVIE_MADE]


async def test_sound_that_nobody_brought_is_said_with_its_cure(studio: Studio) -> None:
    studio.render(1, 2, 3, 4)
    row = await studio.finish()
    assert row.state is MovieState.DONE
    (note,) = row.notes
    assert note.kind is FaultKind.MOVIE_SILENT
    assert "`blendtui again shot 1`" in explain(note).cure
    assert look(studio.folder / "film.mp4").audio_codec is None
    assert "no device has mixed it down" in studio.report()


async def test_no_movie_is_made_of_a_part_unless_a_user_wants_it(studio: Studio) -> None:
    studio.render(1, 2, 4)
    studio.story.tell(ev.JobCancelled("shot"))
    row = await studio.finish()
    assert row.state is MovieState.INCOMPLETE
    assert row.fault is not None
    assert "1 of its frames are not there (3)" in explain(row.fault).what
    assert not (studio.folder / "film.mp4").exists()
    assert (studio.folder / "contact-sheet.jpg").exists()
    studio.finishing.wish("shot")
    row = await studio.finish()
    assert row.state is MovieState.DONE
    seen = look(studio.folder / "film.mp4")
    assert [round(one.mean() / 40) for one in seen.pictures] == [1, 2, 4]


async def test_a_frame_that_is_no_picture_is_named(studio: Studio) -> None:
    studio.render(1, 2, 3, 4)
    (studio.folder / "frames" / "film_0002.png").write_bytes(b"nothing")
    row = await studio.finish()
    assert row.state is MovieState.FAILED
    assert row.fault is not None
    assert row.fault.kind is FaultKind.MOVIE_FRAME_BROKEN
    assert "`blendtui again shot 2`" in explain(row.fault).cure
    assert 'state = "failed"' in studio.report()


async def test_what_is_replaced_and_cut_is_said(studio: Studio) -> None:
    studio.office.beside.opened("shot", replace(FILM, container="OGG", has_sound=False))
    studio.render(1, 2, 3, 4)
    for path in (studio.folder / "frames").iterdir():
        Image.fromarray(np.full((19, 33, 3), 80, np.uint8)).save(path)
    row = await studio.finish()
    assert (row.state, row.file) == (MovieState.DONE, "film.mp40001-0004.webm")
    assert [note.kind for note in row.notes] == [FaultKind.MOVIE_REPLACED, FaultKind.MOVIE_CUT]
    text = " ".join(str(explain(note)) for note in row.notes)
    assert "Theora in OGG, which cannot be made here: FFmpeg has no libtheora here" in text
    assert "VP9 in WebM" in text
    assert "32 by 18 pixels" in text


async def test_a_movie_of_one_of_several_views_says_so(studio: Studio) -> None:
    studio.render(1, 2, 3, 4, beside=("film_0001_R.png", "Depth/film_0001.png"))
    studio.office.beside.opened("shot", replace(FILM, has_sound=False))
    row = await studio.finish()
    (note,) = row.notes
    assert note.kind is FaultKind.MOVIE_ONE_VIEW
    assert "has 2 files, one for each view" in explain(note).what
    assert "film_0001.png" in explain(note).what
    assert "Stereo 3D" in explain(note).cure
    assert "one of them only" in studio.report()


async def test_a_movie_of_another_name_takes_the_place_of_the_one_before(studio: Studio) -> None:
    studio.render(1, 2, 3, 4)
    assert (await studio.finish()).file == "film.mp4"
    studio.office.beside.opened("shot", replace(FILM, container="MKV"))
    assert (await studio.finish()).file == "film.mp40001-0004.mkv"
    assert not (studio.folder / "film.mp4").exists()


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("film: cut 2", "film_ cut 20001-0004.mp4"),
        ("what?.mp4", "what_.mp4"),
        (".film_####", "film_0001-0004.mp4"),
        pytest.param("//r/" + "é" * 300 + ".mp4", "é" * 123 + ".mp4", id="long"),
        ("nul.mp4", "_nul.mp4"),
    ],
)
async def test_a_movie_gets_a_name_that_every_system_can_store(
    tmp_path: Path, output: str, file: str
) -> None:
    studio = Studio(tmp_path, output=output)
    studio.office.beside.opened("shot", FILM)
    studio.render(1, 2, 3, 4)
    row = await studio.finish()
    assert (row.state, row.file) == (MovieState.DONE, file)
    assert (studio.folder / file).is_file()
    studio.story.journal.close()


async def test_a_template_of_blenders_is_filled_in_as_in_the_frames_names(tmp_path: Path) -> None:
    studio = Studio(tmp_path, output="//out/{blend_name}_####.mp4")
    studio.office.beside.opened("shot", FILM)
    studio.render(1, 2, 3, 4)
    assert (await studio.finish()).file == "film_0001-0004.mp4"
    studio.story.journal.close()


async def test_what_lies_in_a_movies_or_sheets_place_ends_the_job_and_is_said(
    studio: Studio,
) -> None:
    for name in ("film.mp4", "contact-sheet.jpg"):
        (studio.folder / name).mkdir()
    studio.render(1, 2, 3, 4)
    row = await studio.finish()
    assert (row.state, row.sheet) == (MovieState.FAILED, "")
    assert row.fault is not None
    assert row.fault.kind is FaultKind.MOVIE_NO_PLACE
    assert "film.mp4: a link or a folder is in its place" in explain(row.fault).what
    assert 'state = "failed"' in studio.report()
    (studio.folder / "film.mp4").rmdir()
    studio.finishing.wish("shot")
    assert (await studio.finish()).state is MovieState.DONE


async def test_a_folder_that_has_taken_the_place_of_an_earlier_movie_is_left_alone(
    studio: Studio,
) -> None:
    studio.render(1, 2, 3, 4)
    await studio.finish()
    (studio.folder / "film.mp4").unlink()
    (studio.folder / "film.mp4").mkdir()
    studio.office.beside.opened("shot", replace(FILM, container="MKV"))
    assert (await studio.finish()).state is MovieState.DONE
    assert (studio.folder / "film.mp4").is_dir()


async def test_a_job_that_went_on_meanwhile_gets_no_movie_of_what_it_was(studio: Studio) -> None:
    studio.render(1, 2, 3, 4)
    studio.story.tell(ev.FramesAgain("shot", (2,)))
    await studio.finishing.finish("shot")
    assert studio.job.is_open
    assert not (studio.folder / "film.mp4").exists()


async def test_a_share_that_is_gone_lets_the_job_wait(studio: Studio) -> None:
    studio.render(1, 2, 3, 4)
    studio.places.share.rename(studio.places.share.with_name("away"))
    with pytest.raises(Failure) as raised:
        await studio.finishing.finish("shot")
    assert raised.value.fault.kind is FaultKind.SHARE_MISSING


@pytest.mark.parametrize(("choice", "asked"), [(False, FILM), (None, STILLS)])
async def test_who_wants_no_movie_gets_none(
    tmp_path: Path, choice: bool | None, asked: MovieAsked
) -> None:
    studio = Studio(tmp_path, movie=choice)
    studio.office.beside.opened("shot", asked)
    studio.render(1, 2, 3, 4)
    row = await studio.finish()
    assert (row.state, row.sheet) == (MovieState.NONE, "contact-sheet.jpg")
    assert "[movie]" not in studio.report()
    studio.story.journal.close()


async def test_frames_that_no_display_shows_need_pictures_that_do(tmp_path: Path) -> None:
    studio = Studio(tmp_path, movie=True, output="film_####")
    studio.office.beside.opened("shot", STILLS)
    studio.render(1, 2, 3, 4, ending=".exr")
    row = await studio.finish()
    assert row.fault is not None
    assert row.fault.kind is FaultKind.MOVIE_UNREADABLE
    assert "EXR" in explain(row.fault).what
    assert "movie = true" in explain(row.fault).cure
    assert row.sheet == ""
    studio.story.journal.close()

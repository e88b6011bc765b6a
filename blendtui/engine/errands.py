"""What users can ask for that changes nothing of the farm itself."""

from __future__ import annotations

from blendtui.engine.finishing import Finishing
from blendtui.engine.fleet import Fleet
from blendtui.engine.office import Heard, Office
from blendtui.engine.pictures import Pictures
from blendtui.farm.events import MovieAgain
from blendtui.farm.state import Farm, Note, NoteKind
from blendtui.store.journal import Journal


class Errands:
    """Does them. All raise Failure where they could not be done."""

    def __init__(
        self,
        office: Office,
        journal: Journal,
        farm: Farm,
        fleet: Fleet,
        pictures: Pictures,
        *,
        finishing: Finishing,
    ) -> None:
        self._office = office
        self._journal = journal
        self._farm = farm
        self._fleet = fleet
        self._pictures = pictures
        self._finishing = finishing

    async def clear_cache(self, device: str) -> None:
        """Remove the project files on a device that no open job needs."""
        station = self._fleet.require(device)
        needed: set[str] = set()
        for job in self._farm.jobs.values():
            found = self._journal.project(job.name) if job.is_open else None
            if found is not None:
                needed.update(file.sha256 for file in found[0].files)
        freed = await station.clear_cache(needed)
        self._office.tell(Heard(Note(NoteKind.CACHE_CLEARED, device=device, detail=str(freed))))

    async def make_picture(self, job: str, frame: int) -> None:
        """Make a small picture of a frame from its file on the share."""
        await self._pictures.make(job, frame)

    async def make_movie(self, job: str) -> None:
        """Have the movie of an ended job made once more."""
        self._finishing.wish(job)
        self._office.tell(Heard(MovieAgain(job)))

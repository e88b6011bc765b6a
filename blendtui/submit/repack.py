"""Copies a project that is a zip already, with wishes laid over its job.toml."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import tomli_w

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.intake.choose import find_jobfile
from blendtui.intake.jobfile import JOBFILE_NAME, LARGEST_JOBFILE, read_jobfile
from blendtui.sending import laid_over


def copy(source: Path, target: Path, wishes: dict[str, Any]) -> tuple[int, int]:
    """Copy a zip, its job.toml changed if there are wishes; gives files and bytes unpacked.

    Raises:
        Failure: ARCHIVE_BROKEN, JOBFILE_INVALID for its own job.toml, SHARE_WRITE.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            found = [info for info in archive.infolist() if not info.is_dir()]
            jobfile = find_jobfile([info.filename for info in found])
            if wishes and jobfile is not None:
                _rewrite(archive, target, jobfile, wishes)
            else:
                _copy(source, target)
        if wishes and jobfile is None:
            with zipfile.ZipFile(target, "a") as archive:
                archive.writestr(JOBFILE_NAME, tomli_w.dumps(wishes))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        reason = str(error)[:1].lower() + str(error)[1:]
        raise Failure.of(
            FaultKind.ARCHIVE_BROKEN, name=source.name, reason=reason or "it is cut off"
        ) from error
    except OSError as error:
        raise Failure.of(
            FaultKind.SHARE_WRITE, path=target.parent, reason=reason_of(error)
        ) from error
    return len(found), sum(info.file_size for info in found)


def _copy(source: Path, target: Path) -> None:
    # Not copy2: the time of change is when it came into the share.
    shutil.copyfile(source, target)


def _rewrite(archive: zipfile.ZipFile, target: Path, jobfile: str, wishes: dict[str, Any]) -> None:
    with archive.open(jobfile) as file:
        data = file.read(LARGEST_JOBFILE + 1)
    read_jobfile(data)
    own = tomllib.loads(data.decode("utf-8-sig"))
    with zipfile.ZipFile(target, "w", compresslevel=1) as fresh:
        for info in archive.infolist():
            if info.filename == jobfile:
                fresh.writestr(jobfile, tomli_w.dumps(laid_over(own, wishes)))
                continue
            with archive.open(info) as old, fresh.open(info, "w") as new:
                shutil.copyfileobj(old, new, 1 << 20)

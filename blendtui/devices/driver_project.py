"""On the device: puts a job's project together from checked blobs.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library only, nothing else of ours. Several Blenders of one job may do this at the same time, so
every file appears in one step, under a name that only its maker used before.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

_CHUNK = 1024 * 1024
# The project is links to the blobs: nothing that writes to its files may change them.
_READ_ONLY = 0o400
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class RunFailure(Exception):  # noqa: N818 - it says what happened, as the workstation's does
    """The run cannot go on: `kind` is a fault's name on the workstation, `facts` say to what."""

    def __init__(self, kind: str, **facts: object) -> None:
        super().__init__(kind, facts)
        self.kind = kind
        self.facts = {name: str(value) for name, value in facts.items()}


def hash_file(path: Path) -> str:
    """Give a file's SHA-256 in hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(_CHUNK), b""):
            found.update(piece)
    return found.hexdigest()


def disk_failure(error: OSError, path: Path) -> RunFailure:
    """Say what the operating system refused; a full disk has a cure of its own."""
    kind = "device-disk-full" if error.errno in _FULL else "work-dir-unwritable"
    return RunFailure(kind, path=path, detail=(error.strerror or str(error)).lower())


def is_full(folder: Path) -> bool:
    """Whether a folder's disk has no room: a file that could not be written whole fills it up."""
    try:
        return shutil.disk_usage(str(folder)).free < _CHUNK
    except OSError:
        return False


def make_ready(job: Path, share_file: str | None) -> Path:
    """Check the blobs, link the job's tree in `job`/project, and give the path of its .blend.

    `share_file` is the drop itself (.zip or .blend) where this device sees it: missing blobs are
    then taken out of it. Raises RunFailure.
    """
    try:
        manifest = json.loads((job / "manifest.json").read_text("utf-8"))
        blobs = job.parent.parent / "blobs"
        blobs.mkdir(mode=0o700, exist_ok=True)
        files = [(path, blobs / sha256, size) for path, sha256, size in manifest["files"]]
        source = _ShareFile(share_file)
        for path, blob, size in files:
            _make_blob(path, blob, size, source)
        for path, blob, _ in files:
            _link(blob, _inside(job / "project", path))
        return _inside(job / "project", manifest["blend"])
    except OSError as error:
        raise disk_failure(error, job) from error


def _make_blob(path: str, blob: Path, size: int, source: _ShareFile) -> None:
    """Have a checked blob in its place: it is there, was uploaded as .part, or is on the share."""
    if not blob.exists():
        part = blob.with_name(blob.name + ".part")
        if part.exists():
            _accept(path, part, blob)
        elif source.path:
            source.fetch(path, blob, size)
    try:
        found = blob.stat().st_size
    except FileNotFoundError:
        raise RunFailure("blob-damaged", path=path, sha256=blob.name, detail="missing") from None
    if found != size:
        _unlink(blob)
        reason = f"{found} bytes instead of {size}"
        raise RunFailure("blob-damaged", path=path, sha256=blob.name, detail=reason)


def _accept(path: str, part: Path, blob: Path) -> None:
    """Rename an uploaded file to its hash, if that is its hash. Another Blender may be faster."""
    try:
        if hash_file(part) == blob.name:
            part.chmod(_READ_ONLY)
            part.replace(blob)
            return
        part.unlink()
    except FileNotFoundError:
        if blob.exists():
            return
    raise RunFailure("blob-damaged", path=path, sha256=blob.name, detail="another hash")


class _ShareFile:
    """A drop on the share, as this device sees it."""

    def __init__(self, path: str | None) -> None:
        self.path = path

    def fetch(self, path: str, blob: Path, size: int) -> None:
        """Take out the one file whose content is the blob's. Raises RunFailure."""
        fresh = blob.with_name(f"{blob.name}.{os.getpid()}.new")
        try:
            if str(self.path).lower().endswith(".zip"):
                self._unpack(path, fresh, size, blob.name)
            else:
                self._copy(path, fresh, blob.name)
            fresh.chmod(_READ_ONLY)
            fresh.replace(blob)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise RunFailure("blob-damaged", path=path, detail=error) from error
        except OSError as error:
            if error.errno in _FULL:
                raise
            above = Path(str(self.path)).parent
            raise RunFailure("share-mount-missing", path=above, detail=error) from error
        finally:
            _unlink(fresh)

    def _copy(self, path: str, fresh: Path, sha256: str) -> None:
        shutil.copyfile(str(self.path), str(fresh))
        if hash_file(fresh) != sha256:
            raise RunFailure("blob-damaged", path=path, sha256=sha256, detail="another hash")

    def _unpack(self, path: str, fresh: Path, size: int, sha256: str) -> None:
        """Names in a zip may be spelled otherwise than here, so the content decides."""
        with zipfile.ZipFile(str(self.path)) as archive:
            entries = [entry for entry in archive.infolist() if entry.file_size == size]
            entries.sort(key=lambda entry: entry.filename.replace("\\", "/") != path)
            for entry in entries:
                with archive.open(entry) as packed, fresh.open("wb") as file:
                    shutil.copyfileobj(packed, file, _CHUNK)
                if hash_file(fresh) == sha256:
                    return
        raise RunFailure("blob-damaged", path=path, sha256=sha256, detail="not in the archive")


def _inside(root: Path, path: str) -> Path:
    """Give a project file's place; it and all above it stay within the project's folder."""
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts:
        raise RunFailure("work-dir-unwritable", path=path, detail="outside the project")
    place = root.joinpath(*pure.parts)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    top = Path(os.path.realpath(str(root)))
    real = Path(os.path.realpath(str(place.parent)))
    if real != top and top not in real.parents:
        raise RunFailure("work-dir-unwritable", path=path, detail="outside the project")
    return place


def _link(blob: Path, place: Path) -> None:
    """Put a blob in its place in the tree, unless it is there already."""
    if _is_same(blob, place):
        return
    fresh = place.with_name(f".blendtui-{os.getpid()}-{blob.name[:16]}")
    _unlink(fresh)
    try:
        os.link(str(blob), str(fresh))
    except OSError as error:
        if error.errno in _FULL:
            raise
        _copy(blob, fresh)
    fresh.replace(place)
    # Renaming one link of a file onto another link of it does nothing: the other Blender was first.
    _unlink(fresh)


def _copy(blob: Path, fresh: Path) -> None:
    """Where there are no hard links, use a symbolic one, else a copy with the same time."""
    try:
        fresh.symlink_to(blob)
    except OSError:
        shutil.copyfile(str(blob), str(fresh))
        shutil.copystat(str(blob), str(fresh))


def _is_same(blob: Path, place: Path) -> bool:
    try:
        there, here = place.stat(), blob.stat()
    except OSError:
        return False
    same = (there.st_size, there.st_mtime_ns) == (here.st_size, here.st_mtime_ns)
    return os.path.samestat(there, here) or same


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()

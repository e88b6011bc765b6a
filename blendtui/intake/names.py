"""Which names a project's files may have, so that they mean the same file on every computer.

A project is unpacked on one computer and rendered on others, with Linux, macOS or Windows. What
any of them would read as another place, another file or no file at all is refused.
"""

from __future__ import annotations

import re
import unicodedata

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind

# Linux and macOS allow 255 bytes a name; macOS allows 1,024 bytes a path, ours in front included.
LONGEST_NAME = 255
LONGEST_PATH = 900

_DRIVE = re.compile(r"[A-Za-z]:")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED_CHARACTERS = frozenset('<>:"|?*')
_RESERVED_NAMES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³"]
)
_JUNK_NAMES = frozenset([".ds_store", "thumbs.db", "icon\r"])
_JUNK_FOLDER = "__macosx"


def place(name: str) -> str:
    r"""Give the path that a zip's name means: relative, with `/`, without `.` and empty parts.

    Backslashes separate, since some Windows programs write them. Raises Failure ARCHIVE_PATH for
    what points elsewhere (absolute, drive letters, network shares, `..`) or nowhere.
    """
    path = name.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    problem = ""
    if path.startswith("//"):
        problem = "points to another computer"
    elif path.startswith("/"):
        problem = "points to the root of the disk"
    elif _DRIVE.match(path):
        problem = "points to a drive of its own"
    elif ".." in parts:
        problem = "points outside the project's folder"
    elif not parts:
        problem = "has no name"
    if problem:
        raise Failure.of(FaultKind.ARCHIVE_PATH, path=name, problem=problem)
    return "/".join(parts)


def is_junk(path: str) -> bool:
    """Say whether a path is what macOS and Windows leave behind by themselves."""
    parts = path.casefold().split("/")
    return _JUNK_FOLDER in parts or parts[-1] in _JUNK_NAMES or parts[-1].startswith("._")


def check_portable(path: str) -> None:
    """Check that a path of `place` can stand on Linux, macOS and Windows alike.

    Raises Failure ARCHIVE_NAME for its characters and words, ARCHIVE_PATH for its length.
    """
    if len(path.encode("utf-8", "surrogatepass")) > LONGEST_PATH:
        raise Failure.of(
            FaultKind.ARCHIVE_PATH, path=path, problem=f"is longer than {LONGEST_PATH} bytes"
        )
    for part in path.split("/"):
        if len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
            problem = f"has a name longer than {LONGEST_NAME} bytes"
            raise Failure.of(FaultKind.ARCHIVE_PATH, path=path, problem=problem)
        if problem := _unportable(part):
            raise Failure.of(FaultKind.ARCHIVE_NAME, path=path, problem=problem)


def _unportable(part: str) -> str:
    """Say why a name cannot stand everywhere, nothing if it can."""
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in part):
        return "has a control character in its name"
    if found := sorted(_RESERVED_CHARACTERS.intersection(part)):
        return f"has a character that Windows cannot store ({' '.join(found)})"
    if part[-1] in ". ":
        return "has a name that ends with a dot or a space, which Windows drops"
    if part.split(".", maxsplit=1)[0].rstrip(" ").upper() in _RESERVED_NAMES:
        return "has the name of a device of Windows"
    return ""


def folded(path: str) -> str:
    """Give the form in which two paths are equal if macOS or Windows holds them for one file."""
    # The Unicode standard's canonical caseless matching (section 3.13, D145).
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


class Tree:
    """The paths of a project, each file and folder once; refuses what clashes.

    It never holds more than `most` files and as many folders (and some), whatever is put in.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add_file(self, path: str) -> None:
        """Take a file in; raises Failure ARCHIVE_CLASH or ARCHIVE_TOO_MANY."""
        self._add_parents(path)
        key = folded(path)
        for taken in (self._files, self._folders):
            if key in taken:
                raise _clash(path, taken[key], is_folder=taken is self._folders)
        self._files[key] = path
        if len(self._files) > self._most:
            raise self._too_many("files", self._most)

    def add_folder(self, path: str) -> None:
        """Take a folder in, with those that hold it; raises as `add_file` does."""
        self._add_parents(f"{path}/")

    def _add_parents(self, path: str) -> None:
        end = path.rfind("/")
        while end > 0:
            folder = path[:end]
            key = folded(folder)
            if self._folders.get(key) == folder:
                break  # and so are those that hold it
            if key in self._files:
                raise _clash(folder, self._files[key], is_folder=True)
            other = self._folders.setdefault(key, folder)
            if other != folder:
                raise _clash(folder, other, is_folder=False)
            end = path.rfind("/", 0, end)
        # Room for a usual project's folders, whatever small number of files is allowed.
        most = self._most + 1000
        if len(self._folders) > most:
            raise self._too_many("folders", most)

    def _too_many(self, what: str, limit: int) -> Failure:
        return Failure.of(FaultKind.ARCHIVE_TOO_MANY, name=self._name, limit=limit, what=what)


def _clash(path: str, other: str, *, is_folder: bool) -> Failure:
    if is_folder:
        problem = "are a file and a folder of the same name"
    elif path == other:
        problem = "are two files of the same name"
    else:
        problem = (
            "differ only in upper and lower case or in how accents are stored, so they would be "
            "one on macOS and Windows"
        )
    return Failure.of(FaultKind.ARCHIVE_CLASH, path=path, other=other, problem=problem)

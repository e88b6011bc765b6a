"""What can go wrong, as data. `wording.py` turns a fault into a sentence and a cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """One name for each thing that can go wrong; the value is what the store keeps."""

    # a drop
    ARCHIVE_BROKEN = "archive-broken"
    ARCHIVE_ENCRYPTED = "archive-encrypted"
    ARCHIVE_METHOD = "archive-method"
    ARCHIVE_PATH = "archive-path"
    ARCHIVE_NAME = "archive-name"
    ARCHIVE_LINK = "archive-link"
    ARCHIVE_CLASH = "archive-clash"
    ARCHIVE_TOO_MANY = "archive-too-many"
    ARCHIVE_TOO_LARGE = "archive-too-large"
    ARCHIVE_RATIO = "archive-ratio"
    ARCHIVE_WRITE = "archive-write"
    DISK_NO_ROOM = "disk-no-room"
    DISK_TOO_SMALL = "disk-too-small"
    BLEND_NONE = "blend-none"
    BLEND_SEVERAL = "blend-several"
    BLEND_NAMED_MISSING = "blend-named-missing"
    BLEND_CHOSEN_MISSING = "blend-chosen-missing"
    BLEND_UNREADABLE = "blend-unreadable"
    JOBFILE_INVALID = "jobfile-invalid"
    DROP_NAME = "drop-name"
    # sending a file
    SUBMIT_KIND = "submit-kind"
    SOURCE_UNREADABLE = "source-unreadable"
    OPTION_INVALID = "option-invalid"
    # a scene
    SCENE_UNKNOWN = "scene-unknown"
    NO_CAMERA = "no-camera"
    NOTHING_TO_RENDER = "nothing-to-render"
    FORMAT_UNKNOWN = "format-unknown"
    OVERRIDE_REFUSED = "override-refused"
    ENGINE_MISSING = "engine-missing"
    FRAMES_TOO_MANY = "frames-too-many"
    SCENES_TOO_MANY = "scenes-too-many"
    FILES_MISSING = "files-missing"
    FILES_ABSOLUTE = "files-absolute"
    NODES_STRANGE = "nodes-strange"
    ENGINE_STRANGE = "engine-strange"
    SCRIPTS_NOT_RUN = "scripts-not-run"
    UNBAKED_ONE_DEVICE = "unbaked-one-device"
    UNBAKED_REFUSED = "unbaked-refused"
    UNBAKED_IGNORED = "unbaked-ignored"
    UNBAKED_UNSEEN = "unbaked-unseen"
    NODES_UNKNOWN = "nodes-unknown"
    NOT_SIMULATED = "not-simulated"
    FACTS_DIFFER = "facts-differ"
    STILL_WHOLE = "still-whole"
    PART_MISSING = "part-missing"
    # devices.toml
    CONFIG_NOT_FOUND = "config-not-found"
    CONFIG_UNREADABLE = "config-unreadable"
    CONFIG_ENCODING = "config-encoding"
    CONFIG_SYNTAX = "config-syntax"
    CONFIG_DUPLICATE = "config-duplicate"
    CONFIG_UNKNOWN = "config-unknown"
    CONFIG_MISSING = "config-missing"
    CONFIG_INVALID = "config-invalid"
    CONFIG_EXISTS = "config-exists"
    CONFIG_UNWRITABLE = "config-unwritable"
    CONFIG_LAYOUT = "config-layout"
    CONFIG_EXPOSED = "config-exposed"
    IMPORT_FOLDER = "import-folder"
    IMPORT_NOTHING = "import-nothing"
    IMPORT_UNUSABLE = "import-unusable"
    # a device
    HOST_UNKNOWN = "host-unknown"
    HOST_UNREACHABLE = "host-unreachable"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_REFUSED = "host-key-refused"
    LOGIN_REFUSED = "login-refused"
    KEY_UNREADABLE = "key-unreadable"
    LINK_LOST = "link-lost"
    SSH_CONFIG_INVALID = "ssh-config-invalid"
    SESSION_REFUSED = "session-refused"
    DEVICE_FILE_REFUSED = "device-file-refused"
    WORK_DIR_UNWRITABLE = "work-dir-unwritable"
    DEVICE_DISK_FULL = "device-disk-full"
    SHARE_MOUNT_MISSING = "share-mount-missing"
    DEVICE_ASLEEP = "device-asleep"
    DEVICE_CHANGED = "device-changed"
    IDLE_COMMAND_FAILED = "idle-command-failed"
    WAKE_FAILED = "wake-failed"
    CLOCK_WRONG = "clock-wrong"
    # a Blender
    BLENDER_MISSING = "blender-missing"
    BLENDER_OTHER = "blender-other"
    BLENDER_VERSION = "blender-version"
    DEVICES_LEFT_OUT = "devices-left-out"
    BLENDER_MISSING_HERE = "blender-missing-here"
    BLENDER_WHEEL_MISSING = "blender-wheel-missing"
    BLENDER_WHEEL_BROKEN = "blender-wheel-broken"
    BLENDER_NOT_STARTED = "blender-not-started"
    BLENDER_DIED = "blender-died"
    BLENDER_KILLED = "blender-killed"
    BLENDER_SILENT = "blender-silent"
    BLENDER_WORDY = "blender-wordy"
    BLENDER_LEFT = "blender-left"
    BLEND_NOT_OPENED = "blend-not-opened"
    BLOB_DAMAGED = "blob-damaged"
    # a frame
    RENDER_ERROR = "render-error"
    TIME_LIMIT = "time-limit"
    GPU_ERROR = "gpu-error"
    GPU_MEMORY = "gpu-memory"
    GPU_MISSING = "gpu-missing"
    DISPLAY_MISSING = "display-missing"
    GPU_NOT_SET_UP = "gpu-not-set-up"
    OUTPUT_MISSING = "output-missing"
    OUTPUT_CHANGED = "output-changed"
    OUTPUT_REFUSED = "output-refused"
    # a movie
    MOVIE_FAILED = "movie-failed"
    MOVIE_FRAME_BROKEN = "movie-frame-broken"
    MOVIE_INCOMPLETE = "movie-incomplete"
    MOVIE_UNREADABLE = "movie-unreadable"
    MOVIE_NO_PLACE = "movie-no-place"
    MOVIE_REPLACED = "movie-replaced"
    MOVIE_ONE_VIEW = "movie-one-view"
    MOVIE_CUT = "movie-cut"
    MOVIE_SILENT = "movie-silent"
    # telling people
    NOTIFY_FAILED = "notify-failed"
    NOTIFY_NO_APPRISE = "notify-no-apprise"
    NOTIFY_NOBODY = "notify-nobody"
    # the share and this machine
    SHARE_MISSING = "share-missing"
    SHARE_UNMOUNTED = "share-unmounted"
    SHARE_WRITE = "share-write"
    SHARE_TAKEN = "share-taken"
    STATE_UNWRITABLE = "state-unwritable"
    STORE_UNREADABLE = "store-unreadable"
    PROJECT_CHANGED = "project-changed"
    PROJECT_UNREADABLE = "project-unreadable"
    SHARE_UNNAMED = "share-unnamed"
    NO_DEVICES = "no-devices"
    DEVICE_UNKNOWN = "device-unknown"
    PAGE_NOT_SERVED = "page-not-served"
    TOKEN_EMPTY = "token-empty"  # noqa: S105 - no token, but the lack of one
    NO_ENGINE = "no-engine"
    JOB_UNKNOWN = "job-unknown"
    REQUEST_REFUSED = "request-refused"
    REQUEST_UNKNOWN = "request-unknown"
    FRAMES_REFUSED = "frames-refused"
    # the job as a whole
    FIRST_TRIES_FAILED = "first-tries-failed"
    NO_DEVICE_FITS = "no-device-fits"
    # what nobody expected: the log file has the traceback
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened (`kind`) and to what (`facts`: name and value, in the order of writing)."""

    kind: FaultKind
    facts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, kind: FaultKind, **facts: object) -> Fault:
        """Make a fault; each fact is kept as text that UTF-8 can hold, `None` as nothing."""
        kept = tuple((name, _text(value)) for name, value in facts.items() if value is not None)
        return cls(kind, kept)

    def fact(self, name: str) -> str:
        """Give one fact's text, empty where there is none of that name."""
        return dict(self.facts).get(name, "")


def _text(value: object) -> str:
    """Names of files can hold bytes that are no text; the store can't."""
    return str(value).encode("utf-8", "backslashreplace").decode()

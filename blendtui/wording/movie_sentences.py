"""What to say for each fault of a movie; part of `sentences`, which says how they are made."""

from __future__ import annotations

from blendtui.farm.faults import FaultKind

MOVIE_SENTENCES: dict[FaultKind, tuple[str, str]] = {
    FaultKind.MOVIE_FAILED: (
        "The movie of {job} could not be encoded: {detail}.",
        "All frames are on the share. `blendtui movie {job}` tries it again.",
    ),
    FaultKind.MOVIE_FRAME_BROKEN: (
        "The movie of {job} could not be encoded: frame {frame} cannot be read ({detail}).",
        "Have it rendered again: `blendtui again {job} {frame}`. The movie follows.",
    ),
    FaultKind.MOVIE_INCOMPLETE: (
        "No movie is made of {job}: {count} of its frames are not there ({frames}).",
        "`blendtui retry {job}` renders them, and the movie follows. `blendtui movie {job}` makes "
        "one of the frames that there are.",
    ),
    FaultKind.MOVIE_UNREADABLE: (
        "No movie can be made of {job}: its frames are {format} files, and there are no pictures "
        "of them as they are seen on a display.",
        "Drop the project again with `movie = true` in job.toml: those pictures are then made "
        "together with the frames.",
    ),
    FaultKind.MOVIE_NO_PLACE: (
        "The movie of {job} has no place in the job's folder on the share: {detail}.",
        "All frames are on the share. Rename or remove what is in its place; then `blendtui movie "
        "{job}` makes it.",
    ),
    FaultKind.MOVIE_REPLACED: (
        "The scene asks for a movie with {asked}, which cannot be made here: {detail}. It has "
        "become {made}.",
        "Nothing has to be done if that is fine. Else choose other codecs in Blender's Output "
        "properties, save and drop it again; the frames are lossless.",
    ),
    FaultKind.MOVIE_ONE_VIEW: (
        "Each frame of {job} has {count} files, one for each view, and its movie shows one of them "
        "only: the first frame's is {file}.",
        "Nothing has to be done if that is fine; the frames of all views are on the share. For "
        "both eyes in one movie choose Stereo 3D as Views Format in Blender's Output properties, "
        "save and drop it again.",
    ),
    FaultKind.MOVIE_CUT: (
        "The movie of {job} has {width} by {height} pixels, a row or a column fewer than its "
        "frames: its codec takes even sizes only.",
        "Nothing has to be done if that is fine. Else set an even resolution in Blender's Output "
        "properties, save and drop it again.",
    ),
    FaultKind.MOVIE_SILENT: (
        "The scene of {job} has sound, and its movie has none{where}: no device has mixed it down.",
        "Have the frame rendered again that brings the sound, `blendtui again {job} {frame}`. The "
        "movie follows.",
    ),
}

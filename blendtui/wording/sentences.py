"""What to say for each fault: what happened to what, and what to do now.

The names in braces are the fault's facts. `wording.explain` makes words of a fault with them.
"""

from __future__ import annotations

from blendtui.farm.faults import FaultKind
from blendtui.wording.device_sentences import DEVICE_SENTENCES
from blendtui.wording.movie_sentences import MOVIE_SENTENCES
from blendtui.wording.setting_sentences import SETTING_SENTENCES

SENTENCES: dict[FaultKind, tuple[str, str]] = {
    **SETTING_SENTENCES,
    **DEVICE_SENTENCES,
    **MOVIE_SENTENCES,
    # a drop
    FaultKind.ARCHIVE_BROKEN: (
        "{name} cannot be unpacked: {reason}.",
        "Zip the project folder again and drop it again. If it was copied from elsewhere, check "
        "that the copy is complete.",
    ),
    FaultKind.ARCHIVE_ENCRYPTED: (
        "“{path}” in the zip is encrypted.",
        "Zip the project folder again without a password and drop it again.",
    ),
    FaultKind.ARCHIVE_METHOD: (
        "“{path}” in the zip is compressed with {method}, which cannot be read here.",
        "Zip the project folder again with the usual method, Deflate, and drop it again.",
    ),
    FaultKind.ARCHIVE_PATH: (
        "“{path}” in the zip {problem}.",
        "Zip the project folder again without such paths and drop it again.",
    ),
    FaultKind.ARCHIVE_NAME: (
        "“{path}” in the zip {problem}.",
        "Rename it, also in the .blend if it is used there, zip the project folder again and drop "
        "it again.",
    ),
    FaultKind.ARCHIVE_LINK: (
        "“{path}” is {what}, not a file.",
        "Put the file itself in its place, zip the project folder again and drop it again.",
    ),
    FaultKind.ARCHIVE_CLASH: (
        "“{path}” and “{other}” in the zip {problem}.",
        "Rename or remove one of them, zip the project folder again and drop it again.",
    ),
    FaultKind.ARCHIVE_TOO_MANY: (
        "{name} holds more than {limit} {what}.",
        "Leave out what the scene does not use, or raise `files` under [share.limits] in "
        "devices.toml, and drop it again.",
    ),
    FaultKind.ARCHIVE_TOO_LARGE: (
        "{name} comes to {size} unpacked, more than the limit of {limit}.",
        "Leave out what the scene does not use, or raise `size` under [share.limits] in "
        "devices.toml, and drop it again.",
    ),
    FaultKind.ARCHIVE_RATIO: (
        "“{path}” unpacks to more than {limit} times its packed size, as zip bombs do.",
        "Leave it out if it is not meant to be like that. Else raise `ratio` under [share.limits] "
        "in devices.toml. Then drop it again.",
    ),
    FaultKind.ARCHIVE_WRITE: (
        "{name} cannot be unpacked on this computer: {reason}, writing “{path}”.",
        "Make room for it or mend the folder that holds blendtui's state, and drop it again.",
    ),
    FaultKind.DISK_NO_ROOM: (
        "There is no room now for {name} on the disk of {path}, some of which is kept free.",
        "Make room there: a drop waits for it, others go on meanwhile. Or take it away again.",
    ),
    FaultKind.DISK_TOO_SMALL: (
        "{name} needs {size} on the disk of {path}, which has {limit}; some of it is kept free.",
        "Leave out what the scene does not use, or have a larger disk there (blendtui's state can "
        "be elsewhere: `--state`), and drop it again.",
    ),
    FaultKind.BLEND_NONE: (
        "{name} holds no .blend file.",
        "Zip the folder that has the .blend and the files that it uses, and drop it again.",
    ),
    FaultKind.BLEND_SEVERAL: (
        "{name} holds several .blend files: {blends}.",
        "Put a text file job.toml into the folder that names the one to render, such as: "
        'blend = "{example}". Zip the folder again and drop it again.',
    ),
    FaultKind.BLEND_NAMED_MISSING: (
        "job.toml names “{blend}”, which is not in {name}. The .blend files there: {blends}.",
        "Correct `blend` in job.toml, zip the folder again and drop it again.",
    ),
    FaultKind.BLEND_CHOSEN_MISSING: (
        "{name} holds no “{blend}”. The .blend files there: {blends}.",
        "Choose one of these, by its path in the zip.",
    ),
    FaultKind.BLEND_UNREADABLE: (
        "The .blend file “{path}” cannot be read: {detail}.",
        "Check that Blender opens it, save it again there and drop it again.",
    ),
    FaultKind.JOBFILE_INVALID: (
        "job.toml{where}: {problem}.",
        "Expected: {expected}. Correct job.toml, zip the folder again and drop it again.",
    ),
    FaultKind.DROP_NAME: (
        "“{name}” {problem}.",
        "Rename it and drop it again.",
    ),
    FaultKind.STILL_WHOLE: (
        "Its frames are rendered whole, each on one device: {reason}.",
        "Nothing needs to be done; change that in the scene to have all devices render one frame.",
    ),
    FaultKind.PART_MISSING: (
        "Part {part} of frame {frame} is gone from the share before it was merged.",
        "Nothing needs to be done: it is rendered again. Leave the folder .parts of a job alone.",
    ),
    FaultKind.FACTS_DIFFER: (
        "The .blend was read as having {setting} = {read}; Blender itself says {blender}.",
        "What Blender says counts. Save the file again with a current Blender to be sure.",
    ),
    # sending a file
    FaultKind.SUBMIT_KIND: (
        "{path} is neither a .blend nor a .zip.",
        "Name the .blend that is to be rendered, or a zip of its project.",
    ),
    FaultKind.SOURCE_UNREADABLE: (
        "{path} cannot be read: {reason}.",
        "Check the path, and that you may read the file.",
    ),
    FaultKind.OPTION_INVALID: (
        "{option}: {problem}.",
        "Expected: {expected}.",
    ),
    # a scene
    FaultKind.SCENE_UNKNOWN: (
        "The .blend has no scene “{scene}”. Its scenes: {scenes}.",
        "Correct `scene` in job.toml, or leave it out for the scene that was open when the .blend "
        "was saved, and drop it again.",
    ),
    FaultKind.NO_CAMERA: (
        "Scene “{scene}” has no camera.",
        "Set one in Blender (Scene properties, Camera), save and drop it again.",
    ),
    FaultKind.NOTHING_TO_RENDER: (
        "There is nothing to render: {detail}.",
        "Set the frame range and the resolution in Blender's Output properties, or name `frames` "
        "in job.toml, and drop it again.",
    ),
    FaultKind.FORMAT_UNKNOWN: (
        "Scene “{scene}” writes a file format that is not known here.",
        "Choose another one in Blender's Output properties, such as PNG or OpenEXR, save and drop "
        "it again.",
    ),
    FaultKind.OVERRIDE_REFUSED: (
        "Scene “{scene}” cannot be rendered with {setting} = “{value}”: {detail}.",
        "Correct `{setting}` in job.toml, or leave it out, and drop it again.",
    ),
    FaultKind.ENGINE_MISSING: (
        "{device}: its Blender {blender} has no render engine {engine}. It has: {engines}.",
        "Install the add-on that brings it there, or choose another `engine` in job.toml.",
    ),
    FaultKind.FRAMES_TOO_MANY: (
        "The scene's range has {count} frames, and a job can have {limit}.",
        "Correct the range in Blender's Output properties, or name `frames` in job.toml, and drop "
        "it again.",
    ),
    FaultKind.SCENES_TOO_MANY: (
        "job.toml asks for {count} scenes, each as a job of its own, and that is too much: "
        "{problem}.",
        "Name fewer in `scenes` in job.toml, and drop the project again for the others.",
    ),
    FaultKind.FILES_MISSING: (
        "Files that the .blend uses are not in the project ({count}): {files}.",
        "If they are needed, put them beside the .blend, make paths relative in Blender (File, "
        "External Data), save and drop it again.",
    ),
    FaultKind.FILES_ABSOLUTE: (
        "The .blend names files by absolute paths, which no device has ({count}): {files}.",
        "Put them beside the .blend, make paths relative in Blender (File, External Data), save "
        "and drop it again. `blendtui submit` does all of that in its copy.",
    ),
    FaultKind.NODES_STRANGE: (
        "The .blend has nodes that are not Blender's own ({nodes}); an add-on brings them.",
        "Install and enable the add-on in the Blender of each device, or replace these nodes. "
        "Without it Blender takes them as if they were not there.",
    ),
    FaultKind.ENGINE_STRANGE: (
        "Scene “{scene}” is for the render engine {engine}, which is not Blender's own; an add-on "
        "brings it.",
        "Install and enable the add-on in the Blender of each device, or choose another `engine` "
        "in job.toml. A device without it is kept from the job.",
    ),
    FaultKind.SCRIPTS_NOT_RUN: (
        "The .blend has Python that Blender would run as it opens the file, and it is not run: "
        "{detail}.",
        "If the picture needs it, and you trust the file, let it run: allow_scripts = true in "
        "job.toml. Else nothing needs to be done.",
    ),
    FaultKind.UNBAKED_ONE_DEVICE: (
        "Scene “{scene}” has simulations that are not baked: {simulations}. One device simulates "
        "them first, then renders all frames in order.",
        "To let all devices render, bake them in Blender (Bake All Dynamics, with the caches "
        "beside the .blend), save and drop it again with its caches.",
    ),
    FaultKind.UNBAKED_REFUSED: (
        "Scene “{scene}” has simulations that are not baked: {simulations}. Its job.toml refuses "
        'that (unbaked = "refuse").',
        "Bake them in Blender (Bake All Dynamics, with the caches beside the .blend), save and "
        'drop it again with its caches; or let one device do it: unbaked = "one-device".',
    ),
    FaultKind.UNBAKED_IGNORED: (
        "Scene “{scene}” has simulations that are not baked: {simulations}. Its frames are "
        'rendered apart all the same (unbaked = "ignore"), as if nothing moved by itself.',
        'Let one device simulate them (unbaked = "one-device" in job.toml), or bake them in '
        "Blender.",
    ),
    FaultKind.UNBAKED_UNSEEN: (
        "Blender finds simulations that are not baked and were not seen in the file before: "
        "{simulations}. The frames are rendered apart, as if nothing moved by itself.",
        "Bake them in Blender (Bake All Dynamics), save and drop it again with its caches.",
    ),
    # the share
    FaultKind.SHARE_MISSING: (
        "The share {path} is not there.",
        "Connect or mount it, or correct `path` under [share] in devices.toml.",
    ),
    FaultKind.SHARE_UNMOUNTED: (
        "The share {path} was a mounted drive before, and no drive is mounted there now.",
        "Mount it. If it is to be a plain folder from now on, remove {note}.",
    ),
    FaultKind.SHARE_WRITE: (
        "{path} on the share cannot be written: {reason}.",
        "Make room or mend the permissions; blendtui goes on by itself then.",
    ),
    FaultKind.SHARE_TAKEN: (
        "A farm is already running for this share, on {host} (process {pid}).",
        "Use that one (`blendtui status` there shows it), or stop it first.",
    ),
    FaultKind.SHARE_UNNAMED: (
        "No share is named, neither in {file} nor with --share.",
        'Put the folder\'s path into devices.toml: path = "..." under [share].',
    ),
    FaultKind.STATE_UNWRITABLE: (
        "blendtui cannot keep its own files in {path}: {reason}.",
        "Make room or mend the permissions there, or name another folder with --state.",
    ),
    FaultKind.STORE_UNREADABLE: (
        "What blendtui has kept in {path} cannot be used: {reason}.",
        "Move that file away to begin anew (frames on the share stay), or name another folder "
        "with --state.",
    ),
    FaultKind.NO_DEVICES: (
        "There is no devices.toml here, nor in {folder}.",
        "Run `blendtui init` to write one, put your devices in, then `blendtui devices check`.",
    ),
    FaultKind.DEVICE_UNKNOWN: (
        "There is no device named {device} in {file}.",
        "Its devices are: {names}.",
    ),
    FaultKind.PAGE_NOT_SERVED: (
        "The page cannot be served on {host}, port {port}: {reason}.",
        "Name another address or port with --host and --port.",
    ),
    FaultKind.TOKEN_EMPTY: (
        "There is no token in {path}.",
        "Put a line of at least 16 random letters into it, or leave --token-file out.",
    ),
    FaultKind.NO_ENGINE: (
        "No farm is running for the share {share}.",
        "Start it with `blendtui --watch`.",
    ),
    FaultKind.JOB_UNKNOWN: (
        "There is no job named {job}.",
        "`blendtui status` lists all jobs.",
    ),
    FaultKind.REQUEST_REFUSED: (
        "{job} cannot be changed like that ({request}): it is {state}.",
        "`blendtui retry {job}` renders what is missing of a job that has ended.",
    ),
    FaultKind.REQUEST_UNKNOWN: (
        "The engine does not know how to “{request}” {device}.",
        "It is of another version than what asked it: end both, and start them from one version.",
    ),
    FaultKind.FRAMES_REFUSED: (
        "“{frames}” does not do for {job}: {problem}.",
        "Name frames as in 1-100, 7 or 1-100x2, several of them with commas between.",
    ),
    # the share and this machine
    FaultKind.PROJECT_CHANGED: (
        "The job's file “{path}” changed on this computer after it was dropped: it {problem}.",
        "Leave the job's files as they are; drop the project again.",
    ),
    FaultKind.PROJECT_UNREADABLE: (
        "“{path}” cannot be read: {reason}.",
        "Check that the file is there and yours to read, or choose another one.",
    ),
    # the job as a whole
    FaultKind.FIRST_TRIES_FAILED: (
        "The first {tries} tries all failed alike, so the job was stopped.",
        "When the cause is mended: `blendtui retry` with the job's name.",
    ),
    FaultKind.NO_DEVICE_FITS: (
        "No device may render it as things are: {reason}.",
        "It waits. Put right what keeps them from it: `devices`, `tags` or `blender` in job.toml "
        "(then drop it again); `tags`, `enabled` or `blender` in devices.toml, or what was said of "
        "the devices (then `blendtui retry {job}`).",
    ),
    # what nobody expected
    FaultKind.UNEXPECTED: (
        "Something went wrong that blendtui did not expect: {detail}.",
        "The log file says more. Please report it.",
    ),
}

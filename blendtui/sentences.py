"""What to say for each fault: what happened to what, and what to do now.

The names in braces are the fault's facts. `wording.explain` makes words of a fault with them.
"""

from __future__ import annotations

from blendtui.farm.faults import FaultKind
from blendtui.setting_sentences import SETTING_SENTENCES

SENTENCES: dict[FaultKind, tuple[str, str]] = SETTING_SENTENCES | {
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
        "{device}: its Blender {blender} has no render engine {engine}.",
        "Install the add-on that brings it there, or choose another `engine` in job.toml.",
    ),
    FaultKind.FRAMES_TOO_MANY: (
        "The scene's range has {count} frames, and a job can have {limit}.",
        "Correct the range in Blender's Output properties, or name `frames` in job.toml, and drop "
        "it again.",
    ),
    FaultKind.FILES_MISSING: (
        "Files that the .blend uses are not in the project ({count}): {files}.",
        "If they are needed, put them beside the .blend, make paths relative in Blender (File, "
        "External Data), save and drop it again.",
    ),
    FaultKind.MOVIE_AS_FRAMES: (
        "Scene “{scene}” is set to write a movie ({format}). It is rendered as single PNG frames.",
        "Nothing has to be done if frames are fine.",
    ),
    # a device
    FaultKind.HOST_UNKNOWN: (
        "{device}: there is no host named {host}.",
        "Check the spelling of `host` in devices.toml or in ~/.ssh/config, and that this "
        "machine's name service knows it.",
    ),
    FaultKind.HOST_UNREACHABLE: (
        "{device}: no SSH connection to {host}, port {port}: {detail}.",
        "Check that the device is on and in the network, that its SSH server runs, and that "
        "`host` and `port` are right.",
    ),
    FaultKind.HOST_KEY_UNKNOWN: (
        "{device}: {host} is not known yet; its host key has the fingerprint {fingerprint}.",
        "Compare it with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` says on the "
        "device itself; if it is the same, run `blendtui devices trust {device}`.",
    ),
    FaultKind.HOST_KEY_CHANGED: (
        "{device}: WARNING: THE HOST KEY OF {host} HAS CHANGED. Known is {known}, offered is "
        "{fingerprint}. Somebody may be listening in, or the device was set up anew. Nothing was "
        "sent to it.",
        "Ask whoever runs the device. Only if the new key is right, run "
        "`blendtui devices trust {device}`.",
    ),
    FaultKind.HOST_KEY_REFUSED: (
        "{device}: the host key or certificate of {host} does not hold: {detail}. Nothing was "
        "sent to it.",
        "Ask whoever runs the device; the known_hosts files say what is revoked.",
    ),
    FaultKind.LOGIN_REFUSED: (
        "{device}: {host} does not let {user} in with the keys that we have ({detail}).",
        "Check `user` and `key` in devices.toml, and that `ssh -p {port} {user}@{host}` works "
        "without a password; `ssh-copy-id -p {port} {user}@{host}` puts your key there.",
    ),
    FaultKind.KEY_UNREADABLE: (
        "{device}: the key {key} cannot be used: {detail}.",
        "Check `key` in devices.toml. A key with a passphrase must be in your agent first: "
        "`ssh-add {key}`.",
    ),
    FaultKind.LINK_LOST: (
        "{device}: the connection was lost: {detail}.",
        "blendtui connects again by itself; if that does not help, check the device and the "
        "network.",
    ),
    FaultKind.SSH_CONFIG_INVALID: (
        "{device}: SSH's configuration cannot be used: {detail}.",
        "Correct it; `ssh -G {device}` shows how ssh itself reads it.",
    ),
    FaultKind.SESSION_REFUSED: (
        "{device}: it lets us in but runs no command for us: {detail}.",
        "Check MaxSessions, ForceCommand and the user's login shell on the device.",
    ),
    FaultKind.DEVICE_FILE_REFUSED: (
        "{device}: it refused to read or write a file: {detail}.",
        "Check the permissions and the free space of the device's `work_dir`.",
    ),
    FaultKind.WORK_DIR_UNWRITABLE: (
        "{device}: its work_dir {path} cannot be written: {detail}.",
        "Make the folder writable for the SSH user, or set another `work_dir` in devices.toml.",
    ),
    FaultKind.DEVICE_DISK_FULL: (
        "{device}: its disk is full: {detail}.",
        "Make room on the device, or set another `work_dir` in devices.toml; `cache` says how much "
        "blendtui may keep there.",
    ),
    FaultKind.SHARE_MOUNT_MISSING: (
        "{device}: there is no folder {path}, where it should see the share.",
        "Mount the share there, or correct or remove `share_mount` in devices.toml.",
    ),
    FaultKind.CLOCK_WRONG: (
        "{device}: its clock is {skew} {direction} this machine's.",
        "Set the clock of one of them, best by letting both ask a time server.",
    ),
    # a Blender
    FaultKind.BLENDER_MISSING: (
        "{device}: there is no Blender named {blender}.",
        "Install Blender there, or set `blender` in devices.toml to the whole path of its program; "
        "`blendtui devices check {device}` shows which ones it finds.",
    ),
    FaultKind.BLENDER_MISSING_HERE: (
        "There is no Blender on this machine.",
        "Install one, so that the command `blender` starts it, and run the demo again.",
    ),
    FaultKind.BLENDER_WHEEL_MISSING: (
        "Blender as a Python package, bpy {version}, cannot be installed: {detail}.",
        "Check the network connection and the free disk space, or install Blender itself.",
    ),
    FaultKind.BLENDER_WHEEL_BROKEN: (
        "Blender as a Python package, bpy {version}, does not start: {detail}.",
        "It needs libraries that a computer with a desktop has: on Debian and Ubuntu, {packages}. "
        "Or install Blender itself.",
    ),
    FaultKind.BLENDER_NOT_STARTED: (
        "{device}: Blender did not start: {detail}.",
        "Try the same command on the device by hand; check `blender`, `launch` and `env` in "
        "devices.toml.",
    ),
    FaultKind.BLEND_NOT_OPENED: (
        "{device}: its Blender cannot open {file}: {detail}",
        "Open the file with the same version of Blender by hand; a newer file needs a newer "
        "Blender on the device.",
    ),
    FaultKind.BLOB_DAMAGED: (
        "{device}: the project's file {path} is not whole there: {detail}.",
        "blendtui sends it again by itself; if that does not help, check the device's disk.",
    ),
    # a frame
    FaultKind.RENDER_ERROR: (
        "{device}: Blender could not render frame {frame}: {detail}",
        "Render this frame by hand with the same version of Blender; the try's log has all that "
        "Blender said.",
    ),
    FaultKind.TIME_LIMIT: (
        "{device}: frame {frame} was not done within the job's time limit of {detail}.",
        "Raise `time_limit` in job.toml, or choose faster devices; the frame is tried elsewhere.",
    ),
    FaultKind.GPU_ERROR: (
        "{device}: the GPU failed at frame {frame}: {detail}",
        "The frame may need more memory than the GPU has, or its driver is at fault; let this "
        "device render on the CPU, or have larger GPUs do the job.",
    ),
    FaultKind.OUTPUT_MISSING: (
        "{device}: Blender said nothing of a failure, but frame {frame} is not there: {detail}.",
        "Look at the try's log, and at the free space on the device.",
    ),
    FaultKind.OUTPUT_CHANGED: (
        "{device}: {path} is not the file that was reported there: {detail}.",
        "The frame is rendered again. If it happens often, check the device's disk and memory.",
    ),
    FaultKind.OUTPUT_REFUSED: (
        "{device}: the files of frame {frame} were not taken: {detail}.",
        "Look at the scene's output path and its File Output nodes; if they are as they should "
        "be, do not trust this device.",
    ),
    FaultKind.BLENDER_DIED: (
        "{device}: Blender crashed (exit status {status}). Its last words: {last}",
        "If the same frame fails elsewhere too, render it in Blender by hand to see why. If only "
        "this device crashes, check its Blender, drivers and memory.",
    ),
    FaultKind.BLENDER_KILLED: (
        "{device}: somebody or something ended Blender (exit status {status}).",
        "Its frames go to others. If the device often runs out of memory, lower `slots` there.",
    ),
    FaultKind.BLENDER_SILENT: (
        "{device}: Blender gave no sign of life for minutes and was ended.",
        "Its frames go to others. If it happens again, check the device's drivers and memory.",
    ),
    FaultKind.BLENDER_LEFT: (
        "{device}: Blender had left after a long time without any word from here.",
        "Nothing needs to be done: it is started again when there is work.",
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
        "Look at `tags` and `enabled` in devices.toml, and at what was said of the devices; after "
        "mending one: `blendtui retry {job}`.",
    ),
    # what nobody expected
    FaultKind.UNEXPECTED: (
        "Something went wrong that blendtui did not expect: {detail}.",
        "The log file says more. Please report it.",
    ),
}

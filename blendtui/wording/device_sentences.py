"""What to say for each fault of a device, of a Blender on it, and of a frame that it renders."""

from __future__ import annotations

from blendtui.farm.faults import FaultKind

DEVICE_SENTENCES: dict[FaultKind, tuple[str, str]] = {
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
    FaultKind.DEVICE_CHANGED: (
        "{device}: it is reached anew, as devices.toml says now.",
        "Nothing is to be done, unless it stays out of reach: then look at what was changed.",
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
    FaultKind.BLENDER_OTHER: (
        "The file was saved with Blender {written}; all its frames are rendered with {blender}.",
        "If that will not do, install Blender {written} on a device and drop the project again, or "
        "name a version in job.toml: `blender`.",
    ),
    FaultKind.BLENDER_VERSION: (
        "{device}: the Blender that came up is {blender}, and the job is rendered with {wanted}.",
        "Check `blender` and `launch` in devices.toml; `blendtui devices check {device}` shows "
        "what is found there.",
    ),
    FaultKind.DEVICES_LEFT_OUT: (
        "All frames are rendered with Blender {blender}, so these devices are left out: {devices}.",
        "Install Blender {blender} there if they are to help; no other one has to go for it.",
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
    FaultKind.NODES_UNKNOWN: (
        "{device}: its Blender does not know these nodes, and renders as if they were not there: "
        "{nodes}.",
        "Install and enable the add-on that brings them there, or keep the device from the job.",
    ),
    FaultKind.NOT_SIMULATED: (
        "{device}: its Blender cannot simulate scene “{scene}”: {detail}.",
        "Bake the simulations in Blender by hand, save and drop it again with its caches.",
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
        "Check the GPU's driver and its temperature there, or let this device render on the CPU: "
        'compute = "CPU" in devices.toml.',
    ),
    FaultKind.GPU_MEMORY: (
        "{device}: the GPU has not enough memory for frame {frame}: {detail}",
        "A device with a larger GPU tries the frame, or a CPU where devices.toml allows it: "
        "cpu_fallback = true. Else make the scene smaller, by its textures first.",
    ),
    FaultKind.GPU_MISSING: (
        "{device}: {wanted}, and its Blender sees {seen}.",
        "Check `compute`, `gpus` and `slots` in devices.toml, the GPU's driver on the device, and "
        "that this Blender knows the GPU; nothing is rendered on the CPU unasked.",
    ),
    FaultKind.DISPLAY_MISSING: (
        "{device}: its Blender cannot draw there, as EEVEE and Workbench do: {detail}",
        "Install OpenGL's drivers for use without a screen (on Debian and Ubuntu libegl1, "
        "libegl-mesa0 and libgl1-mesa-dri) or the graphics card's own driver. An old Blender needs "
        'a display: launch = "xvfb-run -a" in devices.toml. Cycles needs none of that.',
    ),
    FaultKind.GPU_NOT_SET_UP: (
        "{device}: the scene wants a GPU, and none is set up in the Blender there: it renders on "
        "the CPU.",
        'Name what it is to use in devices.toml, such as compute = "OPTIX", or compute = "CPU".',
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
    FaultKind.BLENDER_WORDY: (
        "{device}: Blender printed more than {size} at one frame and was ended. "
        "Its last words: {last}",
        "Look for what prints so much: a script, a driver or an add-on of the scene; if it is none "
        "of them, do not trust this device.",
    ),
    FaultKind.BLENDER_LEFT: (
        "{device}: Blender had left after a long time without any word from here.",
        "Nothing needs to be done: it is started again when there is work.",
    ),
}

"""What each setting is for, in a sentence for whoever fills it in, and what holds without it."""

from __future__ import annotations

from collections.abc import Mapping

SHARE: Mapping[str, tuple[str, str]] = {
    "path": (
        "The folder where you drop projects and find their frames. It must exist.",
        "needed, such as ~/renders",
    ),
    "settle": ("Seconds that a complete drop must stay unchanged before it is taken.", "1.0"),
    "patience": ("Seconds that an incomplete drop may pause before it is refused.", "60.0"),
    "policy": ("Jobs of equal priority: “first” come, first served, or “fair” shares.", "first"),
    "overdue": ("A frame that takes so many times what was expected is tried elsewhere.", "4.0"),
}

LIMITS: Mapping[str, tuple[str, str]] = {
    "files": ("How many files a dropped zip may hold.", "50000"),
    "size": ("How much a dropped zip may hold when it is unpacked.", "200 GiB"),
    "ratio": ("How many bytes may be unpacked for one byte packed.", "200"),
}

DEVICE: Mapping[str, tuple[str, str]] = {
    "host": (
        "An address, a name or an alias of ~/.ssh/config; “local” is this machine.",
        "needed, such as 192.168.1.20",
    ),
    "port": ("The SSH server's port.", "as SSH has it, else 22"),
    "user": ("The user on the device.", "as SSH has it, else your own"),
    "key": ("A private key on this machine.", "as SSH has it, and your agent's"),
    "blender": (
        "Its Blender's command or path, several with commas between.",
        "those in the usual places",
    ),
    "work_dir": ("A folder on the device for projects and frames.", "~/.cache/blendtui"),
    "performance": ("How fast it is beside the others; 2.0 is twice as fast as 1.0.", "1.0"),
    "slots": ("How many Blenders run at once.", "1"),
    "threads": ("How many threads each Blender uses.", "as Blender decides"),
    "compute": (
        "What Cycles renders with: CPU, CUDA, OPTIX, HIP, ONEAPI or METAL.",
        "as Blender is set up there",
    ),
    "gpus": ("Each slot uses “all” GPUs together, or “one” of its own.", "all"),
    "cpu_fallback": ("true: frames that the GPU has no memory for go to the CPU.", "false"),
    "restart_after": ("Restart a Blender after so many frames.", "never"),
    "memory_limit": ("Restart a Blender that takes more memory, such as 12 GiB.", "never"),
    "launch": ("What goes before Blender's command, such as nice -n 10.", "nothing"),
    "env": ("Environment variables for Blender: NAME=value, OTHER=value.", "none"),
    "tags": ("Words of your own for jobs to choose devices by, with commas between.", "none"),
    "share_mount": ("Where the device itself sees the share, if it does.", "it does not"),
    "cache": ("How much room project files may take on the device.", "20 GiB"),
    "enabled": ("true or false; a device that is not enabled gets no work.", "true"),
    "hours": (
        "When it may render, such as 20:00-08:00 or mon-fri 20:00-08:00, sat-sun.",
        "always",
    ),
    "mac": ("Its network card's address, to wake it over the network.", "it is not woken"),
    "wake_address": ("Where the packet that wakes it is sent to.", "255.255.255.255:9"),
    "idle_command": ("What to run on it when it has nothing to do.", "nothing"),
    "idle_after": ("After so many seconds without work it runs idle_command.", "600.0"),
}

#!/bin/sh
# Sets up what `make demo`, `make test`, `make test-versions`, `make test-slurm` and `make bench`
# need on a bare Debian or Ubuntu with Python 3.11 or newer: the system's packages where they are
# missing, and .venv with blendtui in it.
# Usage: scripts/setup.sh demo|test|versions|slurm|bench
set -eu

purpose=$1
python=${PYTHON:-python3}
venv=.venv
cd "$(dirname "$0")/.."
[ "$purpose" = demo ] && group=demo || group=dev
mark="$PWD $(cat pyproject.toml scripts/setup.sh | cksum)"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() { # quietly COMMAND...: nothing to see where all goes well, else the end of what it said
    "$@" </dev/null >"$log" 2>&1 && return
    # Whose server it was is nobody's business in a log that people pass around.
    tail -n 20 "$log" | sed 's#\([a-z]*\)://[^ /]*#\1://...#g' >&2
    return 1
}

has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

lacking() { # lacking COMMAND=PACKAGE...: prints the packages whose command is not here
    for pair in "$@"; do
        has "${pair%%=*}" || printf '%s ' "${pair#*=}"
    done
}

lacking_python() { # prints what Python itself lacks to make an environment
    if ! has "$python"; then
        [ "$python" != python3 ] || printf 'python3 python3-venv '
    # Debian splits what `python3 -m venv` needs from Python: a package for each version.
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        case $python in
        python3 | /usr/bin/python3) printf 'python3-venv ' ;;
        *) printf '%s-venv ' "$(basename "$python")" ;;
        esac
    fi
}

lacking_for_wheel() { # prints the packages of libraries for Blender's wheel that are not here
    command -v dpkg-query >/dev/null 2>&1 || return 0
    for package in $for_wheel; do
        dpkg-query -W "$package" >/dev/null 2>&1 || printf '%s ' "$package"
    done
}

may_install() { # may_install PACKAGE...: whether they can be installed from here; says why not
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Missing here: $*. Install them with this system's package manager." >&2
        return 1
    fi
    root=
    [ "$(id -u)" = 0 ] && return
    root=sudo
    command -v sudo >/dev/null 2>&1 && return
    echo "Missing here: $*. There is neither root nor sudo, so have them installed:" >&2
    echo "    apt-get install --no-install-recommends $*" >&2
    return 1
}

apt() {
    # A machine that has just started may still be busy with its own updates.
    quietly $root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}

install() { # install PACKAGE...: by root or sudo
    echo "Installing: $*"
    apt install --no-install-recommends "$@" || return 1
    case " $* " in
    *' openssh-server '*)
        # The tests start servers of their own; this machine is not to be opened to the network.
        if command -v systemctl >/dev/null 2>&1; then
            $root systemctl disable -q --now ssh.service ssh.socket >/dev/null 2>&1 || :
        fi
        ;;
    esac
}

install_missing() { # install_missing NEEDED USEFUL: fails where something that is needed is missing
    [ -n "$1$2" ] || return 0
    # shellcheck disable=SC2086 # one word a package
    if ! may_install $1$2; then
        [ -z "$1" ]
        return
    fi
    # A list of packages that is old, or was never fetched, names files that are not there. One of
    # several that can't be fetched need not matter.
    apt update || :
    # shellcheck disable=SC2086
    [ -z "$1" ] || install $1 || return 1
    # shellcheck disable=SC2086
    [ -z "$2" ] || install $2 || install $for_wheel || :
}

check_version() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    echo "blendtui needs Python 3.11 or newer; $python: $("$python" -V 2>/dev/null || echo missing)." >&2
    echo "Name another one, such as: make $purpose PYTHON=python3.12" >&2
    return 1
}

whole() { # whether the environment is here, of this folder, with a Python that starts
    [ "$(cat $venv/.made-in 2>/dev/null)" = "$PWD" ] && $venv/bin/python -c '' 2>/dev/null
}

ready() { [ -x $venv/bin/blendtui ] && [ "$(cat "$venv/.ready-$1" 2>/dev/null)" = "$mark" ]; }

make_venv() {
    whole || check_version
    echo "Setting up $venv"
    if ! whole; then
        quietly "$python" -m venv --clear $venv
        echo "$PWD" >$venv/.made-in
    fi
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0
    # Groups of dependencies are known to pip from 25.1 on.
    quietly $venv/bin/python -m pip install --upgrade 'pip>=25.1'
    if [ $group = dev ]; then
        quietly $venv/bin/python -m pip install --editable . --group dev
    else
        quietly $venv/bin/python -m pip install --editable .
    fi
    echo "$mark" >$venv/.ready-$group
}

# What the wheel that stands in for Blender loads from the system; see blendtui/bpy_wheel.py.
for_wheel="libgl1 libgomp1 libice6 libsm6 libx11-6 libxext6 libxfixes3 libxi6 libxkbcommon0
libxrender1 libxxf86vm1"

needed= useful=
whole || needed=$(lacking_python)
case $purpose in
# The demo's devices are served by blendtui itself, and without Blender it has another way to one.
demo) useful=$(lacking blender=blender) ;;
versions) useful=$(lacking_for_wheel) ;;
slurm) needed=$needed$(lacking slurmctld=slurmctld slurmd=slurmd srun=slurm-client munged=munge) ;;
bench) needed=$needed$(lacking parallel=parallel cpulimit=cpulimit) ;;
esac
[ $group = demo ] || needed=$needed$(lacking blender=blender ssh=openssh-client \
    sshd=openssh-server fish=fish tcsh=tcsh zsh=zsh busybox=busybox zip=zip ps=procps \
    tmux=tmux chromium=chromium ip=iproute2 iptables=iptables nsenter=util-linux cc=gcc \
    cc=libc6-dev)
# Parts of a still are merged by NumPy, which Debian's Blender takes from the system.
if command -v apt-get >/dev/null 2>&1 && [ ! -d /usr/lib/python3/dist-packages/numpy ]; then
    useful="${useful}python3-numpy "
fi
install_missing "$needed" "$useful"
ready $group || ready dev || make_venv

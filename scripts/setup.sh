#!/bin/sh
# Sets up what `make demo` and `make test` need on a bare Debian or Ubuntu with Python 3.11 or newer:
# the system's packages where they are missing, the virtual environment, and the package in it.
# Usage: scripts/setup.sh demo|test|bench
set -eu

purpose=$1
python=${PYTHON:-python3}
venv=.venv
missing=

want() { # want COMMAND PACKAGE...: the packages are needed where the command is missing
    command -v "$1" >/dev/null 2>&1 && return
    [ -x "/usr/sbin/$1" ] && return
    shift
    missing="$missing $*"
}

install() {
    root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Missing here:$missing. Neither root nor sudo: ask somebody to install them." >&2
            return 1
        fi
        root=sudo
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Missing here:$missing. Install them with your system's package manager." >&2
        return 1
    fi
    echo "Installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    # An old or empty list of packages is the usual reason for a first failure.
    # shellcheck disable=SC2086
    if ! { $root apt-get install -y -q --no-install-recommends $missing ||
        { $root apt-get update -q && $root apt-get install -y -q --no-install-recommends $missing; }
    } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

want "$python" python3
if command -v "$python" >/dev/null 2>&1; then
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "blendtui needs Python 3.11 or newer; $python is $("$python" -V 2>&1)." >&2
        echo "Name another one: make PYTHON=python3.12 $purpose" >&2
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
else
    missing="$missing python3-venv"
fi
want blender blender
want ssh openssh-client
want sshd openssh-server
if [ "$purpose" != demo ]; then
    want fish fish
    want tcsh tcsh
    want zsh zsh
    want ps procps
fi
if [ "$purpose" = bench ]; then
    want parallel parallel
    want scp openssh-client
fi
if [ -n "$missing" ]; then
    # Without Blender the demo can offer the wheel, so it goes on.
    install || [ "$purpose" = demo ]
fi

stamp=$venv/.ready
fresh=$(cat pyproject.toml scripts/setup.sh | cksum)
if [ ! -x $venv/bin/python ] || [ "$(cat $stamp 2>/dev/null)" != "$fresh" ]; then
    echo "Setting up $venv"
    [ -x $venv/bin/python ] || "$python" -m venv $venv
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    $venv/bin/python -m pip install -q --upgrade 'pip>=25.1' 2>&1 | { grep -v '^WARNING: Location' || :; }
    $venv/bin/python -m pip install -q -e . --group dev 2>&1 | { grep -v '^WARNING: Location' || :; }
    $venv/bin/python -c 'import blendtui'
    echo "$fresh" >$stamp
fi

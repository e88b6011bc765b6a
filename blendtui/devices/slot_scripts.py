"""What `slot.py` has the device's own sh do. POSIX only, and no flag that macOS lacks.

A run's `pid` file has five lines: Blender's process, its birth, the process of the shell around
it, that one's birth, and their process group (empty where they have none of their own). A birth
tells a process from a later one with the same number.
"""

from __future__ import annotations

NO_FOLDER, NO_BLENDER, NOT_STARTED, NO_GZIP = 10, 11, 12, 13
"""Exit statuses of these scripts that mean something."""

_FUNCTIONS = r"""
# The fields of a process from its state on, where there is /proc; nothing for a dead or unborn one.
fields() { sed -n 's/.*) \([^ZX] .*\)/\1/p' "/proc/$1/stat" 2>/dev/null; }
born() {
    if [ -r "/proc/$1/stat" ]; then
        echo $(fields "$1" | cut -d ' ' -f 20) $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
    else
        echo $(LC_ALL=C TZ=UTC0 ps -o stat= -o lstart= -p "$1" 2>/dev/null |
            sed -n 's/^ *[^Z ][^ ]* *//p')
    fi
}
group_of() {
    if [ -r "/proc/$1/stat" ]; then fields "$1" | cut -d ' ' -f 3
    else echo $(ps -o pgid= -p "$1" 2>/dev/null); fi
}
lives() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null && [ "$(born "$1")" = "$2" ]; }
known() {
    pid= birth= shell= shell_birth= group=
    [ -r pid ] || return 0
    { read -r pid; read -r birth; read -r shell; read -r shell_birth; read -r group; } <pid
    return 0
}
"""

PREPARE = r"""
LC_ALL=C; export LC_ALL
umask 077
mkdir -p "$1/out" && cd "$1" || exit 1
# Who follows a file that isn't there yet looks once a second only.
: >>log && : >>orders || exit 1
case $2 in
    gzip) command -v gzip >/dev/null || exit 13; unpack="gzip -dc" ;;
    *) unpack=cat ;;
esac
shift 2
$unpack | {
    while [ $# -gt 0 ]; do
        # One byte a block: nothing of the next file is read from the pipe.
        dd bs=1 count="$2" >"$1.new" && [ "$(wc -c <"$1.new")" -eq "$2" ] &&
            mv -f "$1.new" "$1" || exit 1
        shift 2
    done
}
"""
"""$1 the run's folder, $2 "gzip" where stdin comes packed; then name and size of each file, whose
contents come one after another."""

SUPERVISE = (
    _FUNCTIONS
    + r"""
"$@" </dev/null >>log 2>&1 &
pid=$!
group=$(group_of $$)
[ "$group" = $$ ] || group=
{ echo $pid; born $pid; echo $$; born $$; echo "$group"; } >pid.new && mv -f pid.new pid
echo $pid
exec >/dev/null 2>&1
# A signal to the whole group must not keep us from saying how Blender ended.
trap : HUP INT TERM
while wait $pid; status=$?; [ $status -gt 128 ] && kill -0 $pid; do :; done
printf '\036{"is":"ended","status":%d}\n' $status >>log
"""
)
"""The shell around Blender, as long as that lives; its arguments are the command."""

LAUNCH = r"""
# A session of its own keeps a group of processes together; macOS has perl for it.
apart() {
    if command -v setsid >/dev/null; then exec setsid "$@"; fi
    if command -v perl >/dev/null; then
        exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' -- "$@"
    fi
    exec "$@"
}
folder=$1 supervise=$2 blender=$3 scripts=$4 threads=$5 prefixed=$6
shift 6
cd "$folder" || exit 10
case $blender in '~/'*) blender=$HOME/${blender#'~/'} ;; esac
if [ -z "$prefixed" ]; then
    found=$(command -v "$blender") && [ -x "$found" ] && [ ! -d "$found" ] || exit 11
fi
set -- "$@" "$blender" -b "$scripts" --python-exit-code 3
[ -z "$threads" ] || set -- "$@" -t "$threads"
set -- "$@" -P "$PWD/driver.py" -- "$PWD/settings.json"
# A run is started once in its life, however often somebody asks.
if ( set -C; : >launched ) 2>/dev/null; then
    # The pipe ends, and with it the waiting, when the pid is known.
    : $(apart nohup sh -c "$supervise" blendtui-run "$@" </dev/null 2>>log &)
fi
tries=0
while [ ! -s pid ] && [ $tries -lt 50 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    tries=$((tries + 1))
done
read -r pid <pid || exit 12
echo "$pid"
"""
"""$1 the run's folder, $2 SUPERVISE, $3 Blender, $4 its switch for scripts, $5 how many threads
(empty: Blender decides), $6 "yes" where Blender is only found behind the prefix; then the words
that stand before Blender. Prints Blender's process."""

STATE = (
    _FUNCTIONS
    + r"""
cd "$1" 2>/dev/null && [ -e launched ] || { echo absent; exit 0; }
known
if lives "$pid" "$birth"; then echo alive; else echo dead; fi
"""
)
"""$1 the run's folder. Prints alive, dead or absent."""

APPEND = r"""
LC_ALL=C; export LC_ALL
[ -f "$1/orders" ] || exit 10
cat >>"$1/orders"
"""

FOLLOW = r"""exec tail -c "+$2" -F "$1/log" 2>/dev/null"""
"""$1 the run's folder, $2 the first byte, counted from 1."""

HEAR = r"""
LC_ALL=C; export LC_ALL
# Whoever asked may be gone by the time of the answer; stdin tells that, and all is tidied up.
trap '' PIPE
while IFS= read -r line; do
    if { [ -f "$1/orders" ] && printf '\n%s\n' "$line" >>"$1/orders"; } 2>/dev/null
    then printf '\036+\n'
    else printf '\036-\n'
    fi >&2
done
"""
"""$1 the run's folder. Appends each line to its orders and answers on stderr whether it did."""

REST = r"""exec tail -c "+$2" "$1/log" """
"""$1 the run's folder, $2 the first byte, counted from 1."""

KILL = (
    _FUNCTIONS
    + r"""
cd "$1" 2>/dev/null || exit 0
known
# A group's number is its own only as long as one is left in it whom we know.
ours() { lives "$pid" "$birth" || lives "$shell" "$shell_birth"; }
whole() {
    ours || return 0
    [ -z "$group" ] || kill "-$1" "-$group" 2>/dev/null
    ! lives "$pid" "$birth" || kill "-$1" "$pid" 2>/dev/null
}
until_gone() {
    tries=0
    while lives "$1" "$2" && [ $tries -lt "$3" ]; do
        sleep 0.1 2>/dev/null || sleep 1
        tries=$((tries + 1))
    done
}
whole TERM
until_gone "$pid" "$birth" "$2"
# Blender first: the shell around it then still says how it ended.
! lives "$pid" "$birth" || kill -KILL "$pid" 2>/dev/null
until_gone "$shell" "$shell_birth" 20
whole KILL
until_gone "$pid" "$birth" 20
! lives "$pid" "$birth"
"""
)
"""$1 the run's folder, $2 the tenths of a second that Blender has to leave by itself."""

REMOVE = r"""
LC_ALL=C; export LC_ALL
rm -rf -- "$1"
"""

RESOLVE = r"""
LC_ALL=C; export LC_ALL
umask 077
case $1 in
    '~') folder=$HOME ;;
    '~/'*) folder=$HOME/${1#'~/'} ;;
    *) folder=$1 ;;
esac
mkdir -p "$folder/blobs" "$folder/jobs" && cd "$folder" || exit 1
: >.writable && rm -f .writable && pwd
"""
"""$1 a work_dir as devices.toml has it. Prints its absolute path."""

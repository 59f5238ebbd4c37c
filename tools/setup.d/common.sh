# shellcheck shell=bash
# What the scripts in tools begin with, to be sourced: the two places they work in, how they speak, and what most do.
#
# shellcheck disable=SC2034 # Variables are for the scripts that source this.

: "${program:=setup}" # in front of what `fail` says
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virtnet
# Debian keeps brctl, iptables and dnsmasq off the PATH of ordinary users.
readonly SBIN=/usr/local/sbin:/usr/sbin:/sbin
readonly program repo cache

say() { printf '    %s\n' "$*"; }

# fail LINE…: says why on stderr, and ends the script.
fail() {
    local line
    for line in "$@"; do printf '%s: %s\n' "$program" "$line" >&2; done
    exit 1
}

# step TITLE COMMAND…: runs the command and says how long it took.
step() {
    local started=$EPOCHREALTIME
    printf '==> %s\n' "$1"
    "${@:2}"
    local micros=$((${EPOCHREALTIME/[^0-9]/} - ${started/[^0-9]/}))
    printf '    done in %d.%d s\n' $((micros / 1000000)) $((micros / 100000 % 10))
}

have() { PATH=$PATH:$SBIN command -v "$1" >/dev/null 2>&1; }

any_file() { compgen -G "$1" >/dev/null; }

# make_work NAME: makes $work, a directory in the cache that goes when the script ends. Parts are made there and renamed
# into place when they are whole, so that an interrupted set-up is never taken for a finished one.
make_work() {
    work=$(mktemp -d "$cache/$1.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
}

# one_at_a_time NAME: waits until no other script with this name is at work, and keeps the turn until this one ends.
one_at_a_time() {
    exec 9>"$cache/$1.lock"
    flock 9
}

as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi; }

# Another apt may be at work for minutes: it is waited for.
readonly APT_GET=(apt-get -o DPkg::Lock::Timeout=300 -qq)
# What apt-get installs with. Offline, systemctl enables and disables but starts nothing; in runlevel 1 nor does
# invoke-rc.d, where there is no systemd; needrestart would restart what runs.
readonly STARTS_NOTHING=(SYSTEMD_OFFLINE=1 RUNLEVEL=1 NEEDRESTART_SUSPEND=1)
# Without the second, --yes would remove what a new package keeps out: a machine's own firewall.
readonly CHANGES_NOTHING_ELSE=(--no-install-recommends --no-remove)

update_package_lists() { as_root "${APT_GET[@]}" update; }

# apt_install PACKAGE…: installs them, and changes nothing else.
apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive "${STARTS_NOTHING[@]}" \
        "${APT_GET[@]}" install --yes "${CHANGES_NOTHING_ELSE[@]}" "$@" </dev/null
}

# from_archives LOG COMMAND…: runs what takes packages from the archives, and once more where the lists may be old and
# name what is gone. Its errors go to the log, and to stderr where it fails.
from_archives() {
    local log=$1
    shift
    "$@" 2>"$log" || { update_package_lists && "$@"; } 2>>"$log" || { cat "$log" >&2; return 1; }
}

#!/usr/bin/env bash
# Installs the packages of system-packages.txt that are not on the machine. Called by tools/setup.
#
#   system-packages.sh                     do it
#   system-packages.sh --firewalls [LIST]  the same with firewalls.txt; those that cannot be had are left out
#   system-packages.sh --also LIST         the same with another list
#   system-packages.sh --missing [LIST]    only name them, one a line
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"

list=$repo/tools/setup.d/system-packages.txt
case ${1-} in
--missing) list=${2:-$list} ;;
--also) list=$2 ;;
--firewalls) list=${2:-$repo/tools/setup.d/firewalls.txt} ;;
esac
readonly list
readonly other_names=$repo/provider/virtnet/commands/sandbox/packages.txt

python_has() {
    python3 - "$1" <<'PYTHON'
import importlib.util, pathlib, sys, sysconfig
needed = {
    "headers": lambda: pathlib.Path(sysconfig.get_path("include"), "Python.h").exists(),
    "ensurepip": lambda: importlib.util.find_spec("ensurepip") is not None,
}
sys.exit(0 if needed[sys.argv[1]]() else 1)
PYTHON
}

# proved KIND WHAT: one proof of the list.
proved() {
    case $1 in
    program) have "$2" ;;
    file) any_file "$2" ;;
    pkg-config) have pkg-config && pkg-config --exists "$2" ;;
    python) python_has "$2" ;;
    found) "find_$2" >/dev/null ;;
    no) ! "has_$2" ;;
    *) fail "$list: unknown proof $1" ;;
    esac
}

# any_proved PROOF[|PROOF]…
any_proved() {
    local proofs proof kind what
    IFS='|' read -ra proofs <<<"$1"
    for proof in "${proofs[@]}"; do
        read -r kind what <<<"$proof"
        if proved "$kind" "$what"; then return; fi
    done
    return 1
}

missing_packages() {
    local package proofs
    # Not the standard input: programs that prove something would read it.
    while read -ru 3 package _ proofs; do
        [[ -z $package || $package == '#'* ]] || any_proved "$proofs" || echo "$package"
    done 3<"$list"
}

# The ones of the given packages that this release has: names differ a little between releases.
# Before the first "apt-get update" nothing is known; then the ones that every release has.
installable() {
    local package
    for package in "$@"; do
        if apt-cache show --no-all-versions libvirt-daemon >/dev/null 2>&1; then
            apt-cache show --no-all-versions "$package" >/dev/null 2>&1 || continue
        elif grep -q "^$package  *newer " "$list"; then
            continue
        fi
        echo "$package"
    done
}

# The services of libvirt's packages, of OpenSSH's and of firewalls that are enabled, in one line.
enabled_services() {
    command -v systemctl >/dev/null || return 0
    local unit
    for unit in /usr/lib/systemd/system/{libvirt,virt,ssh,firewalld,ufw}*.{service,socket}; do
        unit=${unit##*/}
        if systemctl is-enabled --quiet "$unit" 2>/dev/null; then printf '%s ' "$unit"; fi
    done
}

# keep_services_off BEFORE: disables the services that the installation enabled, BEFORE being those enabled before it.
# They were not started, and so are not at the next boot either.
keep_services_off() {
    local unit added=()
    for unit in $(enabled_services); do
        [[ " $1 " == *" $unit "* ]] || added+=("$unit")
    done
    if ((${#added[@]} > 0)); then
        as_root env SYSTEMD_OFFLINE=1 systemctl --quiet disable "${added[@]}" >/dev/null 2>&1 ||
            fail "could not disable the services that came with the packages: ${added[*]}"
        say "left switched off on this machine: ${added[*]}"
    fi
}

# elsewhere PACKAGE…: ends the set-up with the command that installs them with this machine's package manager.
elsewhere() {
    local column call wanted
    while read -r _ column call; do
        have "${call%% *}" || continue
        wanted=$(printf '%s\n' "$@" | awk -v column="$column" -v names="$other_names" '
            BEGIN { while ((getline line < names) > 0) if (split(line, row) == 4) called[row[1]] = row[column] }
            called[$1] != "-" { print called[$1] }' | sort -u | paste -sd ' ')
        fail "this machine has no apt-get; run this, then run the set-up again:" "  sudo $call $wanted" \
            "(these names are not tried; where they start services, those stay on)"
    done < <(grep '^= ' "$other_names")
    fail "this platform has no apt-get; install what gives the Debian packages $*, then run this again"
}

install_packages() {
    local services installed=yes
    services=$(enabled_services)
    apt_install "$@" >"$cache/apt.log" 2>&1 || installed=no
    # Some packages may be installed when apt fails at others.
    keep_services_off "$services"
    [[ $installed == yes ]] ||
        { tail -n 20 "$cache/apt.log" >&2; fail "apt-get failed; its whole output is in $cache/apt.log"; }
}

# Whether a package can be installed beside all that the machine has.
goes_beside_the_rest() { apt-get -qq --simulate install "${CHANGES_NOTHING_ELSE[@]}" "$1" >/dev/null 2>&1; }

# Whether packages can be installed on this machine by the set-up itself.
can_install() { have apt-get && as_root true 2>/dev/null; }

# add_firewalls: installs what can be had of the list. Nobody is asked to install a firewall for the tests.
add_firewalls() {
    local names package missing known fitting=()
    names=$(missing_packages)
    if [[ -n $names ]] && can_install; then
        mapfile -t missing <<<"$names"
        update_package_lists
        mapfile -t known < <(installable "${missing[@]}")
        for package in "${known[@]}"; do
            if goes_beside_the_rest "$package"; then fitting+=("$package"); fi
        done
        if ((${#fitting[@]} > 0)); then
            say "installing: ${fitting[*]}"
            install_packages "${fitting[@]}"
        fi
        names=$(missing_packages)
    fi
    if [[ -z $names ]]; then say 'all there'; else say "left out, and skipped by the tests: ${names//$'\n'/ }"; fi
}

main() {
    local names missing known
    names=$(missing_packages)
    if [[ -z $names ]]; then
        say 'all there'
        return
    fi
    mapfile -t missing <<<"$names"
    say "missing: ${missing[*]}"
    have apt-get || elsewhere "${missing[@]}"
    if ! as_root true 2>/dev/null; then
        mapfile -t missing < <(installable "${missing[@]}")
        fail 'not root, and sudo wants a password; run this, then run the set-up again:' \
            "  sudo apt-get update && sudo env ${STARTS_NOTHING[*]} apt-get install ${CHANGES_NOTHING_ELSE[*]} ${missing[*]}" \
            "(this starts nothing; what these packages enable starts with the machine: sudo systemctl disable UNIT)"
    fi
    update_package_lists
    mapfile -t known < <(installable "${missing[@]}")
    if ((${#known[@]} > 0)); then
        say "installing: ${known[*]}"
        install_packages "${known[@]}"
    fi
    names=$(missing_packages)
    [[ -z $names ]] || fail "still missing after the installation: what gives ${names//$'\n'/ }"
}

have python3 || fail "python3 is missing; install Python $PYTHON_OLDEST or newer, then run this again"
python3 -c 'import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))' "$PYTHON_OLDEST" ||
    fail "python3 on PATH is $(python3 --version 2>&1); Python $PYTHON_OLDEST or newer is needed"
case ${1-} in
--missing) missing_packages ;;
--firewalls) add_firewalls ;;
*) main ;;
esac

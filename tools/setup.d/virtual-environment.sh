#!/usr/bin/env bash
# Makes the virtual environment as uv.lock has it, or brings it up to date. Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"

install_uv() {
    say 'installing uv from the Python package index into the cache'
    make_work uv
    # pip writes the final path into the programs it installs, but uv itself is a plain binary: it can move.
    python3 -m venv "$work/uv"
    "$work/uv/bin/python" -m pip install --quiet --disable-pip-version-check "$UV_PACKAGE" ||
        fail 'uv could not be installed from the Python package index'
    rm -rf "$cache/uv"
    mv "$work/uv" "$cache/uv"
}

# Pulumi takes every installed package named pulumi-… for one with a plugin to download, unless it finds
# pulumi-plugin.json beside the package's modules; an editable installation keeps those elsewhere.
tell_pulumi_there_is_no_plugin() {
    local site
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    mkdir -p "$site/pulumi_virtnet"
    cp "$repo/sdk/pulumi_virtnet/pulumi-plugin.json" "$site/pulumi_virtnet/"
}

find_uv >/dev/null || install_uv
uv=$(find_uv)
# The interpreter behind python3, past any shim, and past this very environment when it is active.
python=$(python3 -c 'import sys; print(getattr(sys, "_base_executable", None) or sys.executable)')
say "$("$uv" --version | cut -d' ' -f1,2), $("$python" --version), into ${venv#"$repo/"}"
# The machine's own certificates, as pip, curl and Go use them: a company's proxy may need them.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
# The machine's own libvirt for Python serves where what one is built with is not there, if the environment sees it.
without=()
if ! { have pkg-config && pkg-config --exists libvirt; } && find_libvirt_python >/dev/null; then
    say "with the machine's own libvirt for Python"
    without=(--no-install-package libvirt-python)
    grep -qs '^include-system-site-packages = true$' "$venv/pyvenv.cfg" ||
        "$uv" venv --quiet --clear --system-site-packages --python "$python" --no-python-downloads "$venv" ||
        fail 'uv could not make a virtual environment (its own words are above)'
fi
# Copies, since hard links fail between file systems and let an edit in .venv reach uv's cache.
# Compiled once here, or every start of Python compiles pulumi again where writing bytecode is switched off.
UV_COMPILE_BYTECODE=true UV_LINK_MODE=${UV_LINK_MODE:-copy} UV_PROJECT_ENVIRONMENT=$venv VIRTUAL_ENV='' \
    "$uv" sync --project "$repo" --frozen --quiet --all-extras --python "$python" --no-python-downloads "${without[@]}" ||
    fail 'uv could not make the virtual environment from uv.lock (its own words are above)'
# Likewise the project's own modules. Where they cannot be written, each start takes 0.07 s longer, and that is all.
"$venv/bin/python" -m compileall -q "$repo/provider" "$repo/sdk" >/dev/null 2>&1 || true
tell_pulumi_there_is_no_plugin
# For the demo's guest.
if udhcpc=$(find_udhcpc) && [[ $udhcpc != udhcpc ]]; then ln -sf "$udhcpc" "$venv/bin/udhcpc"; fi

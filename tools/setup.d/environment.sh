#!/usr/bin/env bash
# Prints the export lines with which a shell finds what the set-up brought. Called by tools/setup --env.
#
# What is in single quotes is for the shell that reads the lines.
# shellcheck disable=SC2016
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"

quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

[[ -x $venv/bin/python ]] || fail 'there is no .venv yet; run "make setup" first'
pulumi=$(find_pulumi) || fail 'Pulumi is not there yet; run "make setup" first'

printf 'export PATH=%s:%s:"$PATH":%s\n' "$(quote "$venv/bin")" "$(quote "$pulumi")" "$SBIN"
if languages=$(find_languages); then
    # Last, so that a whole Pulumi's own language hosts come first.
    printf 'export PATH="$PATH":%s\n' "$(quote "$languages/bin")"
    for toolchain in "$(find_go)" "$(find_node)"; do
        [[ $toolchain != "$cache"/* ]] || printf 'export PATH=%s:"$PATH"\n' "$(quote "$toolchain")"
    done
    printf 'export VIRTNET_LANGUAGES=%s\n' "$(quote "$languages")"
fi
if java=$(find_java); then
    printf 'export PATH="$PATH":%s\n' "$(quote "$java/bin")"
    printf 'export VIRTNET_JAVA=%s\n' "$(quote "$java")"
fi
# For `uv lock` and `make audit`. Last, as the directory has a python too.
if uv=$(find_uv) && [[ $uv == "$cache"/* ]]; then printf 'export PATH="$PATH":%s\n' "$(quote "${uv%/*}")"; fi
printf 'export VIRTUAL_ENV=%s\n' "$(quote "$venv")"
printf 'export PULUMI_SKIP_UPDATE_CHECK=true\n'
# Pulumi asks pip at each command which packages there are, and pip would look for a newer pip each time:
# seconds without a network, as in a sandbox.
printf 'export PIP_DISABLE_PIP_VERSION_CHECK=1\n'
if postgresql=$(find_postgresql); then printf 'export VIRTNET_POSTGRESQL=%s\n' "$(quote "$postgresql")"; fi
if browser=$(find_browser); then printf 'export VIRTNET_BROWSER=%s\n' "$(quote "$browser")"; fi
if guest=$(find_guest_image); then
    printf 'export VIRTNET_GUEST_KERNEL=%s\n' "$(quote "$guest/kernel")"
    printf 'export VIRTNET_GUEST_INITRD=%s\n' "$(quote "$guest/initrd")"
fi

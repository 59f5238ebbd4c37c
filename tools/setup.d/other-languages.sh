#!/usr/bin/env bash
# Brings what programs in YAML, TypeScript and Go need into the cache: tools/languages does it. Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"
# shellcheck source=tools/setup.d/toolchains.sh
. "$repo/tools/setup.d/toolchains.sh"

if place=$(find_languages); then
    say "reusing $place"
    exit
fi
# The builds take all cores anyway.
one_at_a_time languages
place=$(languages_cache)
if ! find_languages >/dev/null; then
    provide_go
    provide_node
    say "with $(go version | cut -d' ' -f3) and Node.js $(node --version); this takes some minutes, once"
    # Where it stays, and what an interrupted one left is gone on with: each part replaces its own.
    "$repo/tools/languages" "$place" 2>"$cache/languages.log" ||
        { tail -n 20 "$cache/languages.log" >&2; fail "it failed; all it said is in $cache/languages.log"; }
    touch "$place/whole"
fi
say "ready in $place"

#!/usr/bin/env bash
# Brings what programs in Java need into the cache, and Pulumi's generators of C# and Java: tools/java does it. Called by
# tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"
# shellcheck source=tools/setup.d/toolchains.sh
. "$repo/tools/setup.d/toolchains.sh"

one_at_a_time java
if ! find_java >/dev/null; then
    place=$(java_cache)
    provide_go
    say "with $(go version | cut -d' ' -f3) and $(javac -version); this takes some minutes, once"
    # As with other languages, what an interrupted set-up left is gone on with.
    "$repo/tools/java" "$place" 2>"$cache/java.log" ||
        { tail -n 20 "$cache/java.log" >&2; fail "it failed; all it said is in $cache/java.log"; }
    touch "$place/whole"
fi
say "ready in $(find_java)"

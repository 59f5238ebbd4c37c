#!/usr/bin/env bash
# Brings what drives a browser in tests into the cache: the packages of tests/integration/browser. Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"
# shellcheck source=tools/setup.d/toolchains.sh
. "$repo/tools/setup.d/toolchains.sh"

one_at_a_time browser
if ! find_browser >/dev/null; then
    provide_node
    place=$(browser_cache)
    make_work browser
    cp "$repo"/tests/integration/browser/package{,-lock}.json "$work/"
    npm ci --prefix "$work" --ignore-scripts --no-fund --no-audit --loglevel=error ||
        fail 'npm could not install what drives the browser (its own words are above)'
    mv -T "$work" "$place"
fi
say "ready in $(find_browser)"

#!/usr/bin/env bash
# Brings PostgreSQL, for the test that keeps a stack's state in it, into the cache where the machine has none.
# Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"

# Unpacked, not installed: the packages would make a database of the machine's own, and a service.
unpack_postgresql() {
    local work=$1 package archive
    package=$(apt-cache depends postgresql | sed -n 's/^ *Depends: \(postgresql-[0-9]*\)$/\1/p')
    [[ -n $package ]] || return
    rm -rf "${work:?}"/* # of an attempt before
    mkdir -p "$work/archives/partial" "$work/root"
    # With what it needs and the machine does not have.
    apt-get -qq --yes --no-install-recommends --download-only -o Debug::NoLocking=true \
        -o Dir::Cache::archives="$work/archives" install "$package" || return
    for archive in "$work"/archives/*.deb; do dpkg-deb --extract "$archive" "$work/root" || return; done
}

if root=$(find_postgresql); then
    say "there: ${root:-$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1)}"
    exit
fi
if ! have apt-get; then
    say 'no apt-get to get one with: install PostgreSQL for the test that keeps state in it'
    exit
fi
make_work postgresql
from_archives "$cache/postgresql.log" unpack_postgresql "$work" ||
    fail 'PostgreSQL could not be fetched (why is above)'
# Another set-up may have been faster.
mv -T "$work/root" "$cache/postgresql" 2>/dev/null || find_postgresql >/dev/null
say "unpacked into $cache/postgresql"

#!/usr/bin/env bash
# Brings the kernel and the initramfs of the tests' guests into the cache: tools/guest-image makes them.
# Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"

if ! has_guests; then
    say "none for $(uname -m): tests that start a guest fail here"
    exit
fi
if place=$(find_guest_image); then
    say "reusing $place"
    exit
fi
if ! have apt-get; then
    say "no apt-get to get a kernel with: for tests that start a guest, set VIRTNET_GUEST_KERNEL and"
    say "VIRTNET_GUEST_INITRD (tools/guest-image says what is in it)"
    exit
fi
place=$(guest_cache)
make_work guest
from_archives "$cache/guest-image.log" "$repo/tools/guest-image" "$work/image" ||
    fail 'the guest image could not be made (why is above)'
# Another set-up may have been faster.
mv -T "$work/image" "$place" 2>/dev/null || find_guest_image >/dev/null
say "made from $(paste -sd ' ' "$place/packages"), in $place"

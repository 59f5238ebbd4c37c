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
log=$cache/guest-image.log
if ! "$repo/tools/guest-image" "$work/image" 2>"$log"; then
    # The package lists may be old, and the kernel that they name gone from the archive.
    { update_package_lists && "$repo/tools/guest-image" "$work/image"; } 2>>"$log" ||
        { cat "$log" >&2; fail 'the guest image could not be made (why is above)'; }
fi
# Another set-up may have been faster.
mv -T "$work/image" "$place" 2>/dev/null || find_guest_image >/dev/null
say "made from $(paste -sd ' ' "$place/packages"), in $place"

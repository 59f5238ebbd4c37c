#!/usr/bin/env bash
# Brings Pulumi's engine and its Python language host into the cache where PATH has none that serves: downloaded by
# Pulumi's own installer, or built from Pulumi's Go modules on a machine that reaches only package registries.
# Called by tools/setup.
set -euo pipefail
# shellcheck source=tools/setup.d/find.sh
. "$(dirname "${BASH_SOURCE[0]}")/find.sh"
# shellcheck source=tools/setup.d/toolchains.sh
. "$repo/tools/setup.d/toolchains.sh"

# Pulumi's own installer, into the directory given. A machine without access fails within seconds.
download_pulumi() {
    command -v curl >/dev/null || { say 'no curl, so no download'; return 1; }
    say "trying Pulumi's own installer"
    curl --connect-timeout 4 --max-time 30 -fsSL https://get.pulumi.com -o "$1/install.sh" 2>/dev/null ||
        { say 'not reachable from here'; return 1; }
    timeout 600 sh "$1/install.sh" --version "$PULUMI_VERSION" --install-root "$1/root" --no-edit-path \
        </dev/null >"$cache/pulumi-installer.log" 2>&1 ||
        { say "it failed; its output is in $cache/pulumi-installer.log"; return 1; }
    is_pulumi_directory "$1/root/bin" || { say 'it did not bring all programs'; return 1; }
}

# Turns what "go build -v" prints into a line now and then; all of it goes to the log.
build_progress() {
    local line compiled=0
    # Not awk: mawk holds back what it reads from a pipe until kilobytes are there.
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        [[ $line != 'go: '* ]] || continue
        if ((++compiled % 300 == 0)); then say "$compiled packages compiled"; fi
    done 3>"$cache/pulumi-build.log"
}

fail_build() {
    grep -v '^go: downloading' "$cache/pulumi-build.log" | tail -n 20 >&2
    fail "the build failed (Go's last words are above, all of them in $cache/pulumi-build.log)" "$@"
}

# Builds the same from Pulumi's Go modules. The language host comes from the last release that the
# module proxy still serves; it works with the newer engine.
build_pulumi() {
    local go_needed host_source bin=$1/root/bin
    go_needed=$(sed -n 's/^go //p' "$repo/tools/pulumi/go.mod")
    provide_go
    # From Go 1.21 on, auto fetches a newer toolchain when go.mod asks for one.
    export GOTOOLCHAIN=auto GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=0
    mkdir -p "$bin"
    say "building Pulumi $PULUMI_VERSION with $(go version | cut -d' ' -f3); about 1700 packages, 4 to 6 minutes on two cores"
    (
        cd "$repo/tools/pulumi"
        # Without the version the command line believes itself a development build.
        go build -v -trimpath \
            -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$PULUMI_VERSION" \
            -o "$bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi 2>&1
    ) | build_progress || fail_build "Go $go_needed is needed, or Go 1.21 or newer that may fetch it"
    say 'building its Python language host'
    (
        cd "$repo/tools/pulumi-language-python"
        go build -v -trimpath -ldflags '-s -w' \
            -o "$bin/pulumi-language-python" github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python 2>&1
    ) | build_progress || fail_build
    host_source=$(cd "$repo/tools/pulumi-language-python" && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)
    install -m 755 "$host_source/python/cmd/pulumi-language-python-exec" \
        "$host_source/python/dist/pulumi-resource-pulumi-python" "$bin/"
}

if directory=$(find_pulumi); then
    say "v$PULUMI_VERSION or newer is there: $directory"
    exit
fi
# One set-up at a time gets Pulumi; another one finds it when it is its turn.
one_at_a_time pulumi
place=$(pulumi_cache)
if ! find_pulumi >/dev/null; then
    make_work pulumi
    download_pulumi "$work" || { rm -rf "$work/root"; build_pulumi "$work"; }
    "$work/root/bin/pulumi" version >/dev/null || fail 'the new pulumi does not run'
    rm -rf "$place"
    mv "$work/root" "$place"
fi
say "ready in $place/bin"

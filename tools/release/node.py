"""The npm package of the TypeScript SDK: compiled, as npm installs it without running anything."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.release.project import LICENSE


def package(repository: Path, modules: Path, into: Path) -> Path:
    """The package's archive. `modules` is a node_modules with TypeScript and what the SDK imports."""
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place) / "package"
        compile_sdk(repository, modules, packed)
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(into.resolve())]
        environment = {**os.environ, "npm_config_update_notifier": "false"}
        done = subprocess.run(command, cwd=packed, env=environment, check=True, capture_output=True, text=True)
    return into / done.stdout.split()[-1]


def compile_sdk(repository: Path, modules: Path, folder: Path) -> None:
    """Make the folder the SDK as it is packed. Raises CalledProcessError, with what tsc printed, where it is wrong."""
    with tempfile.TemporaryDirectory() as place:
        sdk = Path(place) / "sdk"
        shutil.copytree(repository / "sdk" / "nodejs", sdk, ignore=shutil.ignore_patterns("bin", "node_modules"))
        (sdk / "node_modules").symlink_to(modules)
        subprocess.run([modules / ".bin" / "tsc"], cwd=sdk, check=True, capture_output=True, text=True)
        shutil.copytree(sdk / "bin", folder)
        for name in ("package.json", "README.md"):
            shutil.copy(sdk / name, folder)
    shutil.copy(repository / LICENSE, folder)

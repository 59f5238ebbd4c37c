"""The wheel and the source archive of the Python distribution."""

import os
import subprocess
import sys
from pathlib import Path


def distributions(repository: Path, into: Path, epoch: int) -> list[Path]:
    """The wheel and the source archive, as the build backend makes them and as the index will take them."""
    before = set(into.iterdir())
    for kind in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
        subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True)
    made = sorted(set(into.iterdir()) - before)
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, made)], check=True)
    return made

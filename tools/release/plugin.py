"""The plugin's archive, as `pulumi plugin install` takes it: a program that needs no Python and no libvirt beside it.

What was weighed: with a PulumiPlugin.yaml (`runtime: python`), Pulumi makes a virtual environment when it installs the
plugin. That needs Python on each machine, an index of packages, and a compiler with libvirt's headers, as
libvirt-python is built from source. Programs in other languages should need none of them. The packages alone, for each
version of Python, leave libvirt out. So PyInstaller packs the interpreter, the packages and libvirt's client library,
which talks to any daemon. The C library is the machine's own: as new as where the archive was built, or newer.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.release.archives import tarball
from tools.release.project import DISTRIBUTION, LICENSE, PLUGIN

#: What Pulumi's names for processors are, by the kernel's.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

#: What PyInstaller finds in an environment of developers, and a provider never imports.
LEFT_OUT = ("_pytest", "debugpy", "hypothesis", "mypy", "pip", "pytest", "setuptools", "tkinter")

ENTRY = """\
import sys

from virtnet.plugin.main import main

sys.exit(main())
"""


def archive(repository: Path, wheel: Path, version: str, into: Path, epoch: int) -> Path:
    """The archive for this machine's processor, with the wheel's code. Raises KeyError for an unknown processor."""
    architecture = ARCHITECTURES[platform.machine()]
    with tempfile.TemporaryDirectory() as place:
        packed = _packed(Path(place), wheel, epoch)
        shutil.copy(repository / LICENSE, packed)
        return tarball(packed, into / f"{PLUGIN}-v{version}-linux-{architecture}.tar.gz", epoch)


def _packed(place: Path, wheel: Path, epoch: int) -> Path:
    code, entry = place / "code", place / f"{PLUGIN}.py"
    zipfile.ZipFile(wheel).extractall(code)
    entry.write_text(ENTRY)
    options = {
        "--name": PLUGIN,
        "--paths": code,
        "--distpath": place / "dist",
        "--workpath": place / "work",
        "--specpath": place,
        "--collect-submodules": "virtnet",
        "--collect-data": "virtnet",
        "--copy-metadata": DISTRIBUTION,
    }
    command = [sys.executable, "-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level", "WARN"]
    for name, value in options.items():
        command += [name, str(value)]
    for name in LEFT_OUT:
        command += ["--exclude-module", name]
    # Sets in compiled code are in the order of hashes.
    same = {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": str(epoch), "PYTHONPATH": str(code)}
    subprocess.run([*command, str(entry)], env={**os.environ, **same}, check=True)
    return place / "dist" / PLUGIN

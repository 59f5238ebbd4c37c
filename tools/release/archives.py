"""Archives and checksums that depend on what is in them alone."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path


def tarball(folder: Path, archive: Path, epoch: int) -> Path:
    """The folder's content as a .tar.gz, the same for the same content: all of root and at `epoch`, sorted by name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            member = tar.gettarinfo(path, str(path.relative_to(folder)))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mtime = epoch
            member.mode = 0o755 if member.isdir() or path.stat().st_mode & 0o100 else 0o644
            with path.open("rb") if member.isfile() else io.BytesIO() as content:
                tar.addfile(member, content if member.isfile() else None)
    with archive.open("wb") as target, gzip.GzipFile("", "wb", fileobj=target, mtime=epoch) as compressed:
        compressed.write(packed.getvalue())
    return archive


def zipped(folder: Path, archive: Path, epoch: int) -> Path:
    """The folder's files as a jar, the same for the same content: at `epoch`, sorted by name, the manifest first."""
    moment = datetime.fromtimestamp(epoch, timezone.utc)
    manifest = folder / "META-INF" / "MANIFEST.MF"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(
            (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path != manifest, path)
        ):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), moment.timetuple()[:6])
            member.external_attr = 0o100644 << 16
            packed.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive


def checksums(files: Iterable[Path]) -> str:
    """Lines as sha256sum prints them, and `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(files, key=lambda path: path.name)
    )

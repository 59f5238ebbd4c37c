"""Writes what is made of the provider's specs, so that no copy of them is kept by hand.

    python -m tools.codegen            write what differs, and remove what is no longer generated
    python -m tools.codegen --check    write nothing; print the differences, and exit with 1 where there are any

Run it in the repository's root, with the environment of "make setup" (virtnet, ruff). The SDKs of Go and TypeScript are
part of it where `generate-sdk` is on PATH, which "make setup" builds; elsewhere it says that it left them out.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.codegen.everything import from_specs, with_languages
from tools.codegen.files import differences, write

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str], repository: Path = REPOSITORY, program: str | None = None) -> int:
    """Write or compare what `repository` holds. `program` is generate-sdk; None leaves Go and TypeScript out."""
    parser = argparse.ArgumentParser(prog="python -m tools.codegen", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where something differs")
    check = parser.parse_args(arguments).check
    generated = from_specs(REPOSITORY)
    if program is None:
        print("left out: sdk/go and sdk/nodejs, as generate-sdk is not on PATH; make setup builds it", file=sys.stderr)
    else:
        generated = with_languages(generated, program)
    if not check:
        for path in write(generated, repository):
            print(f"{'wrote' if path in generated.files else 'removed'} {path}")
        return 0
    different = list(differences(generated, repository))
    sys.stdout.writelines(different)
    if different:
        print("generated files are out of date; run: make codegen", file=sys.stderr)
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], program=shutil.which("generate-sdk")))

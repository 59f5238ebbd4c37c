"""With `virtnet:refusals` at `fail`, a preview fails at its end, after it has reported every refusal.

Not for users. The preview reports each refusal as an error of its resource, and continues. Then the program ends with
the status of a program that has reported an error. If a check or a diff failed instead, the preview would end there,
without the refusals of later resources. The provider is another process: it writes a byte for each refusal to a file.
"""

import atexit
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import pulumi

from pulumi_virtnet._interrupt import is_run_by_language_host

_ERROR_WAS_TOLD = 32
"""The exit status by which Pulumi's language host knows a program that has reported its error itself."""


@cache
def told_in() -> str | None:
    """The file to which the provider writes a byte for each refusal; None if refusals don't fail the run.

    Also None for a function in a process of the user's (automation API), because that process outlives the preview.
    """
    if (
        not is_run_by_language_host()
        or not pulumi.runtime.is_dry_run()
        or pulumi.Config("virtnet").get("refusals") != "fail"
    ):
        return None
    descriptor, place = tempfile.mkstemp(prefix="virtnet-refusals.")
    os.close(descriptor)
    atexit.register(_end, Path(place))
    return place


def _end(place: Path) -> None:
    refused = place.stat().st_size > 0
    place.unlink()
    if not refused:
        return
    try:
        # os._exit skips the functions that were registered before, also the user's.
        atexit.unregister(_end)
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(_ERROR_WAS_TOLD)

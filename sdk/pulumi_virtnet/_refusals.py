"""How a preview that is to fail where something would be refused does so: at its end, when all has been said.

Not for users. With `virtnet:refusals` at `fail` a preview tells each refusal as its resource's error and goes on, and
its program ends as one does that has told of an error. A check or a diff that failed would end the preview there, and
nobody would hear of what comes behind it. The provider is another process: a byte in a file tells this one.
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
"""What Pulumi's language host takes for the end of a program that has said itself what is wrong."""


@cache
def told_in() -> str | None:
    """The file into which the provider puts a byte for each refusal; None where no preview is to fail by one.

    None, too, of a program that is a function in a process of the user's (automation), whose end is not the preview's.
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
        # What was registered before, the user's too, which an end by its status would leave out.
        atexit.unregister(_end)
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(_ERROR_WAS_TOLD)

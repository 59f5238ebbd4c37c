"""`virtnet review`: a file in, a comment, or JSON, and an exit code out."""

import sys
from pathlib import Path

from virtnet.commands.review import digest, messages
from virtnet.commands.review.comment import LONGEST, comment
from virtnet.commands.review.output import as_json
from virtnet.commands.review.records import Outcome
from virtnet.commands.review.verdict import judge
from virtnet.errors import InvalidInputs


def run(file: str, *, at_most: str | None, commit: str, limit: int | None, json: bool = False) -> tuple[str, int]:
    """The comment on a preview, and the exit code of the check. `file` is a path, or "-" for standard input.

    With `json`, all that the comment tells as values, and no limit.
    Raises InvalidInputs if it can't be read, or is no preview.
    """
    review = judge(digest.read(_text(file)))
    most = None if at_most is None else Outcome[at_most.upper()]
    longest = LONGEST if limit is None else limit
    printed = (
        as_json(review, at_most=most, commit=commit)
        if json
        else comment(review, at_most=most, commit=commit, limit=longest)
    )
    return printed, int(review.exit_code(most))


def _text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidInputs(messages.file_not_read("standard input" if file == "-" else file, why)) from error

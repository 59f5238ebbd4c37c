"""One question put to several hosts at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from virtnet.commands.progress import progress
from virtnet.commands.terminal import Terminal
from virtnet.errors import VirtnetError

AT_A_TIME = 16
"""How many hosts are asked at a time."""

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True)
class Answered(Generic[Answer_co]):
    """What became of the question to a host: one of the two is None."""

    uri: str
    answer: Answer_co | None
    error: VirtnetError | None = None


def each_host(
    uris: Sequence[str], question: Callable[[str], Answer_co], terminal: Terminal
) -> Sequence[Answered[Answer_co]]:
    """Ask each host, in threads where there are several; answers come in the order of the hosts.

    Raises nothing that a host could cause.
    """

    def asked(uri: str) -> Answered[Answer_co]:
        try:
            return Answered(uri, question(uri))
        except VirtnetError as error:
            return Answered(uri, None, error)

    if len(uris) == 1:
        return [asked(uris[0])]
    from concurrent.futures import ThreadPoolExecutor

    with progress(len(uris), terminal) as advance, ThreadPoolExecutor(AT_A_TIME) as pool:
        answers = []
        for uri, future in [(uri, pool.submit(asked, uri)) for uri in uris]:
            advance(uri)
            answers.append(future.result())
        return answers

"""Random walks of what Pulumi's engine can do to networks, each preview compared with what the host shows.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.walk --seed 1 --walks 10`. Walk N has the seed
SEED + N. Ends with 1 when something was wrong; then the walk is made shorter as long as the same stays wrong, and told.
"""

import argparse
import json
import os
import random
import shutil
import sys
import time

from tests.campaigns.walk.machines import machines
from tests.campaigns.walk.stacks import FORMS, Place
from tests.campaigns.walk.walk import Walk, shrunk, workplace
from tests.preloaded.server import preloaded


def once(walk: Walk, seed: int, rounds: int) -> str:
    """Make the walk of a seed, in the form that is given back."""
    chance = random.Random(seed)  # noqa: S311 - a walk, not a secret
    form = chance.choice([*FORMS])
    walk.begin(form)
    for operation in walk.chosen(chance, rounds):
        walk.do(operation)
        if walk.wrong:
            break
    return form


def main() -> int:
    """Make the walks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--walks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=6, help="how often a stack is brought up in a walk")
    parser.add_argument("--tell", action="store_true", help="say everything that is done")
    parser.add_argument("--replay", help="a form and operations, as a failure prints them")
    parser.add_argument("--shrink", type=int, default=60, help="how many shorter walks to try after a failure")
    arguments = parser.parse_args()
    if os.environ.get("VIRTNET_SANDBOX") != "1":
        # It removes every network, and all of /etc/sysctl.d, between two walks.
        parser.error("run it inside a sandbox: virtnet sandbox -- python -m tests.campaigns.walk")
    directory, wrong, began = workplace(), 0, time.monotonic()
    try:
        with preloaded(), machines(directory) as there:
            walk = Walk(Place(directory), there, told=arguments.tell)
            if arguments.replay:
                print("\n".join(walk.run(*json.loads(arguments.replay))) or "nothing is wrong")
                return 1 if walk.wrong else 0
            for seed in range(arguments.seed, arguments.seed + arguments.walks):
                since = time.monotonic()
                form = once(walk, seed, arguments.rounds)
                told = f"walk {seed} ({form}): {len(walk.done)} operations, {time.monotonic() - since:.1f} s"
                print(told, *walk.wrong, sep="\n  ", flush=True)
                if walk.wrong:
                    wrong += 1
                    fewer = shrunk(walk, form, arguments.shrink)
                    walk.run(form, fewer)
                    print(walk.story, f"--replay '{json.dumps([form, fewer])}'", sep="\n", flush=True)
            seconds = time.monotonic() - began
            last = arguments.seed + arguments.walks - 1
            told = f"{walk.commands} commands, {walk.answered} answers at ports, {seconds:.0f} s, {wrong} wrong"
            print(f"walks {arguments.seed} to {last}: {told}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

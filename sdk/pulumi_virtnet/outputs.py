"""The types of what a program gets back: groups of a resource's outputs, and what functions answer.

    from pulumi_virtnet import outputs

They are for annotations, `def gateway(ip: outputs.NetworkIp) -> str`, and the same for both forms of the provider. A
key that is NotRequired may be missing where the program did not set it.
"""

from pulumi_virtnet._generated import outputs as _outputs
from pulumi_virtnet._generated.outputs import *  # noqa: F403 - __all__ of the module says what it gives

__all__ = _outputs.__all__

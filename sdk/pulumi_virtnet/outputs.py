"""The types of what a program reads: groups of a resource's outputs, and results of functions.

    from pulumi_virtnet import outputs

They are for annotations: `def gateway(ip: outputs.NetworkIp) -> str`. Both forms of the provider have the same types. A
key that is NotRequired may be missing if the program didn't set it.
"""

from pulumi_virtnet._generated import outputs as _outputs
from pulumi_virtnet._generated.outputs import *  # noqa: F403 - __all__ of the module says what it gives

__all__ = _outputs.__all__

"""pulumi_virtnet.native by a name without a dot: the one that programs of `pulumi import` have in their import line."""

from pulumi_virtnet.native import *  # noqa: F403 - __all__ of the module says what it gives
from pulumi_virtnet.native import __all__ as __all__
from pulumi_virtnet.native import __dir__ as __dir__
from pulumi_virtnet.native import __getattr__ as __getattr__

"""The Python types of the provider's own settings, and the version that its resources are registered with."""

from collections import defaultdict
from collections.abc import Iterator

from tools.codegen.project import Project
from tools.codegen.python.resources import Levels, args_class, typed_dict
from tools.codegen.python.source import MARK

from virtnet.spec.part import Part, shapes


def module(settings: type[Part], published: Project) -> Iterator[str]:
    """The lines of the module."""
    literal = ", Literal" if any(shape.choices for shape in shapes(settings).values()) else ""
    # A change of a setting is no change of a resource, so it has no class.
    levels: Levels = defaultdict(set)
    about = "The inputs of a Provider, for its `args`."
    yield MARK
    yield '"""The types of a Provider of the native plugin, and the plugin\'s version."""'
    yield from ("", "from __future__ import annotations", "")
    yield from ("from collections.abc import Mapping", f"from typing import ClassVar{literal}", "")
    yield from ("from pulumi import Input", "from typing_extensions import NotRequired, TypedDict")
    yield from ("", "from pulumi_virtnet._resource import Args, named_inputs", "")
    yield from ('__all__ = ["ProviderArgs", "ProviderArgsDict"]', "")
    yield f'VERSION = "{published.version}"'
    yield '"""The version of the distribution and of its plugin."""'
    yield f'DOWNLOAD_URL = "{published.plugin_download_url}"'
    yield '"""Where the engine downloads that plugin if it finds none."""'
    yield ""
    yield from args_class(settings, "ProviderArgs", about, levels)
    yield from typed_dict(settings, "ProviderArgsDict", about, levels)

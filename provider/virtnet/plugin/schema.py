"""The package's schema in Pulumi's format, from the specs that validate. Pure; used by tools/generate_schema alone.

What the spec calls a default is told in the descriptions and is no `default` of the schema: Pulumi's SDKs would send
it as if the program had named it, and what a program names it owns.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.observed import ProblemKind
from virtnet.network.spec import NetworkSpec
from virtnet.plugin.functions import FUNCTIONS, Function, NetworkFacts
from virtnet.spec.part import Part, Shape, shapes

PACKAGE = "virtnet"

_TYPES = {str: "string", bool: "boolean", int: "integer"}

_CHANGES = {
    "recorded": "A change touches nothing on the host.",
    "live": "A change is applied live.",
    "restart": "A change restarts the network.",
    "replace": "A change replaces the resource.",
}

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}

_TEXTS: Json = {"type": "object", "additionalProperties": _TEXT}

#: The outputs that are made rather than named, by resource: the words of the SDK's own properties.
NETWORK_OUTPUTS: Mapping[str, Json] = {
    "uuid": {**_TEXT, "description": "The network's UUID: the given one, or the one chosen when it was made."},
    "bridgeName": {
        **_TEXT,
        "description": 'The bridge that guests are plugged into, such as "virbr1"; empty where the mode has none.',
    },
    "mac": {**_TEXT, "description": "The MAC address of the network's own bridge; empty where the mode has none."},
    "persistent": {
        "type": "boolean",
        "description": "Whether libvirt keeps the configuration when it stops; if not, `pulumi up` repairs it.",
    },
    "hostUuid": {
        **_TEXT,
        "description": "The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one.",
    },
    "adoptedFrom": {
        "$ref": f"#/types/{PACKAGE}:index:AdoptedFrom",
        "description": "The network as found when it was adopted; none if made by this program. Always a secret, as "
        "others may have written secrets into it.",
        "secret": True,
    },
    "problems": {
        "type": "array",
        "items": {"$ref": f"#/types/{PACKAGE}:index:Problem"},
        "description": "What is wrong on the host though libvirt calls the network active; `pulumi up` repairs it.",
    },
}

FORWARDING_OUTPUTS: Mapping[str, Json] = {
    "hostUuid": NETWORK_OUTPUTS["hostUuid"],
    "runtime": {
        **_TEXTS,
        "description": 'The kernel\'s parameters as they are now, {"net/ipv4/ip_forward": "1"}.',
    },
    "dropInPath": {
        **_TEXT,
        "description": 'The file that keeps the values over a boot, "/etc/sysctl.d/90-virtnet-forwarding.conf".',
    },
    "previous": {**_TEXTS, "description": "The values found before the first change, which delete puts back."},
    "atBoot": {
        "type": "object",
        "additionalProperties": {"$ref": f"#/types/{PACKAGE}:index:AtBoot"},
        "description": "What the next boot will give, by kernel parameter, and which file decides it.",
    },
}

_OUTPUT_TYPES: Mapping[str, Json] = {
    "Problem": {
        "type": "object",
        "description": "Something that is wrong with a network on its host. A preview says it in a sentence.",
        "properties": {
            "kind": {**_TEXT, "description": f"What it is: {', '.join(f'`{kind.value}`' for kind in ProblemKind)}."},
            "details": {
                "type": "object",
                "additionalProperties": {"$ref": "pulumi.json#/Any"},
                "description": 'What it concerns, by name: {"bridge": "virbr1"}.',
            },
        },
        "required": ["details", "kind"],
    },
    "AdoptedFrom": {
        "type": "object",
        "description": "A network as it was found when it was adopted.",
        "properties": {
            "xml": {**_TEXT, "description": "libvirt's XML of it."},
            "active": {"type": "boolean", "description": "Whether it ran."},
            "autostart": {"type": "boolean", "description": "Whether it started with the host."},
            "persistent": {"type": "boolean", "description": "Whether libvirt kept its configuration."},
        },
        "required": ["active", "autostart", "persistent", "xml"],
    },
    "AtBoot": {
        "type": "object",
        "description": "What a kernel parameter will be after the next boot.",
        "properties": {
            "value": {**_TEXT, "description": "The value; empty where no file sets one."},
            "source": {**_TEXT, "description": "The file that decides it."},
        },
        "required": ["source", "value"],
    },
}

_NETWORK_ALWAYS = (
    "uri", "name", "active", "autostart", "uuid", "bridgeName", "mac", "persistent", "hostUuid", "problems",
)  # fmt: skip

_FORWARDING_ALWAYS = ("uri", "hostUuid", "runtime", "dropInPath", "previous", "atBoot")


def schema(examples: Mapping[str, Mapping[str, str]], version: str) -> Json:
    """The whole schema.

    `examples`: by resource or function, the programs by language ("python", "typescript", "go", "yaml"). `version`: the
    distribution's, which the generated SDKs carry.
    """
    types: Json = dict(sorted(_OUTPUT_TYPES.items()))
    types = {f"{PACKAGE}:index:{name}": definition for name, definition in types.items()}
    _add_types(types, NetworkSpec, "restart")
    _add_types(types, HostForwardingSpec, "live")
    for function in FUNCTIONS:
        for part in (function.takes, function.gives):
            _add_types(types, part, None)
    return {
        "name": PACKAGE,
        "version": version,
        # Lets Pulumi's generators write whole packages: Go's go.mod, and the version where a package has one.
        "meta": {"supportPack": True},
        "displayName": "libvirt virtual networks",
        "description": "Virtual networks of libvirt hosts, and the hosts' IP forwarding.",
        "keywords": ["pulumi", "libvirt", "category/network", "kind/native"],
        "license": "Apache-2.0",
        "language": {
            # The module that generated Python programs (`pulumi import`) get the package's classes from.
            "python": {"packageName": "pulumi_virtnet.native", "inputTypes": "classes-and-dicts"},
            "nodejs": {"packageName": "pulumi-virtnet", "respectSchemaVersion": True},
            # Without a host's name, as the module is taken from a checkout (`replace`, `go work`).
            "go": {"importBasePath": "pulumi-virtnet/sdk/go/virtnet", "respectSchemaVersion": True},
        },
        "config": {"variables": _configuration()},
        "provider": {
            "description": "The provider: where the host is, and what a refresh does when it cannot be reached.",
            "inputProperties": _configuration(),
        },
        "types": dict(sorted(types.items())),
        "resources": {
            f"{PACKAGE}:index:LibvirtNetwork": _resource(
                NetworkSpec,
                "A virtual network of a libvirt host: its bridge, addresses, DHCP, DNS and way to the outside.\n\n"
                "What the program names is owned whole; what it leaves out is libvirt's, or whoever's, and is not "
                "touched. The id is the network's UUID. `pulumi import` takes the network's name or UUID.",
                outputs=NETWORK_OUTPUTS,
                always=_NETWORK_ALWAYS,
                level="restart",
                examples=examples.get("LibvirtNetwork", {}),
            ),
            f"{PACKAGE}:index:HostForwarding": _resource(
                HostForwardingSpec,
                "A host's kernel forwards IP packets, now and after every boot.\n\nThe values are set at once and kept "
                "by a file of their own in /etc/sysctl.d, and what was there before comes back on delete.",
                outputs=FORWARDING_OUTPUTS,
                always=_FORWARDING_ALWAYS,
                level="live",
                examples=examples.get("HostForwarding", {}),
            ),
        },
        "functions": {
            f"{PACKAGE}:index:{function.name}": _function(function, examples.get(function.name, {}))
            for function in FUNCTIONS
        },
    }


def _configuration() -> Json:
    return {
        "uri": {
            **_TEXT,
            "description": 'Connection URI of the host for resources that name none, "qemu:///system" or '
            '"qemu+ssh://root@host/system". Left out: LIBVIRT_DEFAULT_URI, then qemu:///system.',
        },
        "unreachable": {
            **_TEXT,
            "description": "What a refresh does with resources of a host that cannot be reached: `fail`, the default, "
            "or `recorded` to show what is recorded, with a warning.",
        },
    }


def _resource(
    spec: type[Part],
    description: str,
    *,
    outputs: Mapping[str, Json],
    always: Iterable[str],
    level: str,
    examples: Mapping[str, str],
) -> Json:
    inputs = _properties(spec, level)
    return {
        "description": description + _shown(examples),
        "inputProperties": inputs,
        "properties": {**inputs, **outputs},
        "required": sorted(always),
    }


def _shown(examples: Mapping[str, str]) -> str:
    """Programs as Pulumi's registry and its code generators find them in a description."""
    if not examples:
        return ""
    blocks = "\n".join(f"```{language}\n{program.strip()}\n```" for language, program in examples.items())
    opening, closing = "{{% examples %}}\n## Example Usage\n{{% example %}}", "{{% /example %}}\n{{% /examples %}}"
    return f"\n\n{opening}\n\n{blocks}\n{closing}"


def _function(function: Function, examples: Mapping[str, str]) -> Json:
    takes, gives = _properties(function.takes, None), _properties(function.gives, None)
    return {
        "description": function.summary + _shown(examples),
        "inputs": {"type": "object", "properties": takes, **_required(function.takes)},
        "outputs": {"type": "object", "properties": gives, **_required(function.gives)},
    }


def _required(part: type[Part]) -> Json:
    names = [to_camel(name) for name in shapes(part) if part.model_fields[name].is_required()]
    if part is NetworkFacts:
        names += ["uri", "uuid", "active", "autostart", "mac"]
    return {"required": sorted({*names})} if names else {}


def _add_types(types: Json, part: type[Part], level: str | None) -> None:
    for shape in shapes(part).values():
        if shape.choices:
            types[_enum_token(part, shape)] = {
                "type": "string",
                "description": shape.description,
                "enum": [{"value": choice} for choice in shape.choices],
            }
        if shape.part is None:
            continue
        token, below = _token(shape.part), shape.level or level
        if token not in types:
            types[token] = {
                "type": "object",
                "description": (shape.part.__doc__ or "").strip(),
                "properties": _properties(shape.part, None),
                **_required(shape.part),
            }
        _add_types(types, shape.part, below)


def _token(part: type[Part]) -> str:
    return f"{PACKAGE}:index:{part.__name__}"


def _properties(part: type[Part], level: str | None) -> Json:
    return {to_camel(name): _property(part, shape, level) for name, shape in shapes(part).items()}


def _property(part: type[Part], shape: Shape, level: str | None) -> Json:
    one: Json = {"type": _TYPES[shape.base]}
    if shape.choices:
        one = {"type": "string", "$ref": f"#/types/{_enum_token(part, shape)}"}
    if shape.part is not None:
        one = {"$ref": f"#/types/{_token(shape.part)}"}
    described: Json = one
    if shape.kind in ("parts", "scalars"):
        described = {"type": "array", "items": one}
    elif shape.kind == "map":
        described = {"type": "object", "additionalProperties": one}
    words = shape.description
    if shape.default is not None:
        shown = {True: "true", False: "false"}.get(shape.default) if isinstance(shape.default, bool) else shape.default
        words += f" Default: {shown}."
    change = shape.level or level
    if change is not None and "is live" not in words and "only changes what is recorded" not in words:
        words += f" {_CHANGES[change]}"
    described = {**described, "description": words}
    if shape.level == "replace" and shape.name != "uri":
        described["willReplaceOnChanges"] = True
    return described


def _enum_token(part: type[Part], shape: Shape) -> str:
    owner = {NetworkSpec: "LibvirtNetwork", NetworkFacts: "LibvirtNetwork", HostForwardingSpec: "HostForwarding"}
    words = to_camel(shape.name)
    return f"{PACKAGE}:index:{owner.get(part, part.__name__)}{words[0].upper()}{words[1:]}"

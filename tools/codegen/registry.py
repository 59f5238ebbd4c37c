"""docs/_index.md and docs/installation-configuration.md: what Pulumi's registry shows of the package.

The registry takes both files from the repository of a release. They are Hugo's, with front matter and the registry's
own shortcodes, so the documentation's site leaves them out. Links are whole addresses, as the pages stand elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic.alias_generators import to_camel
from tools.codegen.project import Project
from tools.codegen.python.source import MARK
from tools.codegen.schema import JAVA_GROUP, LANGUAGES, NODE_PACKAGE, PACKAGE

from virtnet.spec.part import shapes
from virtnet.spec.settings import ProviderSettings

_OVERVIEW = """\
Create and change the virtual networks of libvirt hosts: NAT, routed, isolated, bridged and the other modes of libvirt,
with DHCP, DNS, VLANs and quality of service. Turn on IP forwarding of a host, and publish ports that lead to guests.

- **A preview says what happens on the host**: which change is applied live, which one restarts a network, which guests
  notice and for how long, and what would be refused.
- **Guests stay attached.** When a network restarts, virtnet reattaches guests and containers with their settings. When
  a step fails, virtnet rolls back what it did.
- **Adoption.** `adopt` manages an existing network as it is, and `pulumi destroy` restores its old configuration.

The package works on this machine and over ssh, with any libvirt from 7.0 on.

## Example

A NAT network with DHCP. Guests reach the outside through the host.
"""

_FURTHER = """\
## Further reading

- [Installation and configuration](./installation-configuration/)
- [Tutorial]({docs}/tutorial.md), [everyday work]({docs}/how-to.md) and [reference]({docs}/reference.md)
- [Coming from Terraform, virsh, Ansible or pulumi-libvirt]({docs}/coming-from.md)
- [What runs as root, and what the state holds]({docs}/security.md)
"""

_INSTALLATION = """\
## Installation

The package is available in these languages:

- Python: [`pulumi-virtnet`](https://pypi.org/project/pulumi-virtnet/), imported as `pulumi_virtnet.native`
- JavaScript and TypeScript: [`{node}`](https://www.npmjs.com/package/{node})
- Go: [`{go}`](https://pkg.go.dev/{go}/{package})
- Java: the Maven package `{group}:{package}`, among the files of [each release]({repository}/releases)
- C#: `pulumi package gen-sdk --language dotnet` generates the package from the plugin. No test compiles it.
- YAML needs no package.

### Plugin

The Python package brings the plugin with it. In the other languages, install the plugin with:

```bash
pulumi plugin install resource {package} v{version} --server {server}
```

The plugin's archive needs neither Python nor libvirt on the machine where you run `pulumi`. The hosts need libvirt and
dnsmasq. [Supported versions]({docs}/support.md) lists the versions that the tests run with.

### From files

[Each release]({repository}/releases) has all of this as files. In a clone of the repository,
`make release-artifacts` builds the same files into `dist`. Type this in the folder of your program, with the path of
that folder instead of `FILES`:

{from_files}

In all languages but Python, install the plugin from its archive:

```bash
pulumi plugin install resource {package} v{version} --file FILES/{archive}
```

[The first network in each language]({docs}/install.md#the-first-network-in-each-language) has all steps from an empty
folder.

## Configuration

Without any configuration, resources are on the libvirt of this machine, `qemu:///system`. Set another host for a stack
with `pulumi config set`:

```bash
pulumi config set {package}:uri qemu+ssh://root@host/system
```

or for all commands of a shell with an environment variable:

```bash
export LIBVIRT_DEFAULT_URI=qemu+ssh://root@host/system
```

virtnet uses your own OpenSSH configuration, keys, agent and known_hosts. Networks need membership of the group
`libvirt` on the host. `HostForwarding` and `PortForward` need root, or a user whose sudo asks for no password.

### Configuration options
"""


#: How the SDK of a language is installed from a release's files.
_FROM_FILES = {
    "typescript": "npm install FILES/{node}-{version}.tgz",
    "python": "pip install FILES/{wheel}-{version}-py3-none-any.whl",
    "go": """\
tar -xzf FILES/{wheel}-{version}.tar.gz --strip-components=1 {wheel}-{version}/sdk/go
go mod edit -replace={go}=./sdk/go
go mod tidy""",
    "java": "mvn install:install-file -Dfile=FILES/{package}-{version}.jar -DpomFile=FILES/{package}-{version}.pom",
}


def index(repository: Path, published: Project) -> str:
    """The overview."""
    programs = {
        language: (repository / "docs" / "native" / f"LibvirtNetwork{suffix}").read_text(encoding="utf-8")
        for language, suffix in LANGUAGES.items()
    }
    head = _front_matter("libvirt virtual networks", "Virtual networks of libvirt hosts as resources.", "package")
    further = _FURTHER.format(docs=_documents(published))
    return "\n".join([*head, _OVERVIEW, *_chooser(programs), "", further])


def installation(published: Project) -> str:
    """The page on installation and configuration."""
    head = _front_matter(
        "libvirt virtual networks: installation and configuration",
        "How to install the virtnet package for Pulumi, and how to set the libvirt host that it manages.",
        "installation",
    )
    names = {
        "node": NODE_PACKAGE,
        "wheel": NODE_PACKAGE.replace("-", "_"),
        "go": published.go_module,
        "package": PACKAGE,
        "archive": f"pulumi-resource-{PACKAGE}-v{published.version}-linux-amd64.tar.gz",
        "group": JAVA_GROUP,
        "repository": published.repository,
        "version": published.version,
        "server": published.plugin_download_url,
        "docs": _documents(published),
    }
    commands = {language: typed.format(**names) for language, typed in _FROM_FILES.items()}
    body = _INSTALLATION.format(from_files="\n".join(_chooser(commands, "bash")), **names)
    return "\n".join([*head, body, *_options(), ""])


def _documents(published: Project) -> str:
    return f"{published.repository}/blob/v{published.version}/docs"


def _front_matter(title: str, description: str, layout: str) -> list[str]:
    quoted = (f'title: "{title}"', f'meta_desc: "{description}"', f"layout: {layout}")
    # Front matter is YAML, which has comments; before it there may be nothing.
    return ["---", MARK, *quoted, "---", ""]


def _chooser(texts: Mapping[str, str], written_in: str = "") -> Iterator[str]:
    """A text for each language, in a block of that language or of another."""
    yield f'{{{{< chooser language "{",".join(texts)}" >}}}}'
    for language, text in texts.items():
        yield f"\n{{{{% choosable language {language} %}}}}\n"
        yield f"```{written_in or language}\n{text.rstrip()}\n```\n"
        yield "{{% /choosable %}}"
    yield "\n{{< /chooser >}}"


def _options() -> Iterable[str]:
    for name, shape in shapes(ProviderSettings).items():
        yield f"- `{PACKAGE}:{to_camel(name)}`: {shape.description}"

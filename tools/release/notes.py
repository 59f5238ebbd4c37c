"""What a release says of itself: its section of the changelog. Pure."""

import re


def notes(changelog: str, version: str) -> str:
    """The section of a version, without its title. Raises ValueError where there is none: it isn't gathered yet."""
    title = re.compile(rf"^## {re.escape(version)} \(.*\)\n", re.MULTILINE)
    found = title.search(changelog)
    if found is None:
        raise ValueError(f"CHANGELOG.md has no section of {version}. Run: make changelog")
    section, _, _ = changelog[found.end() :].partition("\n## ")
    return section.strip() + "\n"


def tagged(tag: str, version: str) -> None:
    """Raises ValueError unless the tag is that of the version, which pyproject.toml has."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and pyproject.toml has version {version}. Tag v{version}")

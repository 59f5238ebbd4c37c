"""What is plugged in, by name."""

from collections.abc import Mapping, Sequence


def names(attachments: Sequence[Mapping[str, str]]) -> str:
    """Everything plugged in, from what `Attachment.details` gives."""
    return ", ".join(_name(**entry) for entry in attachments)


def _name(owner: str, interface: str, mac: str) -> str:
    if not owner:
        return f"interface {interface}"
    return f"guest '{owner}'" + (f" ({interface or mac})" if interface or mac else "")

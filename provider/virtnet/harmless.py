"""Words of hosts on their way to a terminal. Pure. Imported by what prints."""

import re

#: The controls of ASCII and of ISO 6429, but for the ends of lines and tabs; and what turns the direction of writing.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """A text in which nothing moves a terminal's cursor, colours or hides anything, or comes from no character at all.

    Names of interfaces and what a host's programs say come from there as they are; a terminal would obey what is in
    them. Controls are shown as Python writes them, and so are bytes that were no text.
    """
    shown = _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
    return shown.encode("utf-8", "backslashreplace").decode()

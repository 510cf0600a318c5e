"""A room's theme: the colour of its background, by name or as `#rrggbb`. Empty: the page takes it from what plays."""

import re

from roomd.domain.refusals import Invalid

#: Names that every page knows.
THEMES = ("amber", "rose", "violet", "ocean", "forest", "night")

_COLOUR = re.compile(r"#[0-9a-f]{6}")


def tidy_theme(text: str) -> str:
    """The theme as it is kept. Raises Invalid."""
    theme = text.strip().lower()
    if theme and theme not in THEMES and not _COLOUR.fullmatch(theme):
        reason = f"must be one of {', '.join(THEMES)}, or a colour such as #ffb638"
        raise Invalid(f"The theme {reason}.", fields={"theme": reason})
    return theme

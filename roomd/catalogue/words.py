"""Text made comparable: people search for "beyonce", "BEYONCÉ" and "Beyoncé" and mean the same."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
#: Letters that Unicode does not take apart, though people leave the stroke out when they type.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "'": "", "’": ""})


def words(text: str) -> list[str]:
    """The words of a text, without case, accents and punctuation."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in parted if not unicodedata.combining(character))
    return _WORD.findall(bare.translate(_PLAIN))


def fold(text: str) -> str:
    """The words, each with a space before it, so that " be" finds those that begin with "be"."""
    return "".join(f" {word}" for word in words(text))

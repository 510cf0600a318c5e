"""Text that people type, made fit to show: one form of each letter, no control characters, no tricks with direction."""

import unicodedata

from roomd.domain.refusals import Invalid

#: They turn the text around them back to front, so that it can pretend to be another. (The plain direction marks, which
#: Arabic and Hebrew keyboards put between words, are not among them.)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Control characters, lone surrogates, line and paragraph separators.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def unshowable(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in _CONTROLS


def tidy_text(field: str, text: str, longest: int, *, empty: bool = False, lines: bool = False) -> str:
    """The text in NFC without surrounding space. Raises Invalid naming the field; `lines` lets line breaks stand."""
    tidy = unicodedata.normalize("NFC", text).strip()
    if lines:
        tidy = tidy.replace("\r\n", "\n").replace("\r", "\n")
    if not tidy and not empty:
        raise _wrong(field, "must not be empty")
    if len(tidy) > longest:
        raise _wrong(field, f"is longer than {longest} characters")
    if tidy.isprintable():
        # Nearly always: what turns and what controls is not printable, so none of it is looked at letter by letter.
        return tidy
    for letter in tidy:
        if unshowable(letter) and not (lines and letter in "\n\t"):
            raise _wrong(field, "holds characters that cannot be shown")
    return tidy


def _wrong(field: str, reason: str) -> Invalid:
    return Invalid(f"The {field} {reason}.", fields={field: reason})

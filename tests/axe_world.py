"""What axe-core finds wrong with a page: WCAG 2.0 to 2.2, levels A and AA, and what is held to be good practice."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

SOURCE = Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """
  async ([tags, contrast]) => {
    // A colour that is on its way to another has no contrast of its own; nor has what is not there yet.
    const ends = (each) => each.effect.getTiming().iterations !== Infinity;
    await Promise.all(document.getAnimations().filter(ends).map((each) => each.finished.catch(() => {})));
    const { violations } = await axe.run(document.querySelector("dialog[open]") ?? document, {
      ...(contrast === "only" ? { runOnly: ["color-contrast"] } : { runOnly: tags }),
      ...(contrast === "no" && { rules: { "color-contrast": { enabled: false } } }),
      resultTypes: ["violations"],
    });
    const told = (id, { target, any }) => [id, target.join(" "), any[0]?.message ?? ""];
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => told(id, node)));
  }
"""
_BEYOND = """
  () => {
    const { clientWidth: width, scrollWidth } = document.documentElement;
    if (scrollWidth <= width) return [];
    const beyond = ({ width: wide, left, right }) => wide > 0 && (right > width + 1 || left < -1);
    const all = [...document.body.querySelectorAll("*")];
    return all.filter((each) => beyond(each.getBoundingClientRect())).map((each) => each.outerHTML.slice(0, 120));
  }
"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def overflow(page: Page) -> list[str]:
    """What reaches beyond the page's edge, where anything does: nobody scrolls in two directions (WCAG 1.4.10)."""
    found: list[str] = page.evaluate(_BEYOND)
    return found


def violations(page: Page, contrast: Literal["too", "only", "no"] = "too") -> list[str]:
    """Each as the rule, the element's selector and what is wrong with it; of the dialog alone where one is open.

    `contrast`: whether colours are looked at too, which takes most of the time; they alone differ in the dark.
    """
    if not page.evaluate("() => 'axe' in window"):
        # Evaluated, not loaded: the page's content policy would not let it in.
        page.evaluate(_source())
    found = page.evaluate(_RUN, [list(TAGS), contrast])
    return sorted({json.dumps(each, ensure_ascii=False) for each in found})

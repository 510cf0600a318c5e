"""Two people in a room, one of them with a line that is as slow as a test wants it."""

from collections.abc import Callable

from browser_world import PLAYS_ALOUD, Person, Roomd, open_room, say_who
from playwright.sync_api import Route, expect

#: The classic player keeps nothing of what it has played, so it asks for everything again.
CLASSIC = """() => localStorage.setItem("roomd.preferences", '{"player": "element"}')"""


class Held:
    """A slow line: what this person asks for of the music comes once it is let go."""

    def __init__(self, person: Person) -> None:
        self.held: list[Route] | None = []
        person.page.route("**/media/**", self._take)

    def let_go(self) -> None:
        held, self.held = self.held, None
        for route in held or ():
            route.continue_()

    def _take(self, route: Route) -> None:
        if self.held is None:
            route.continue_()
        else:
            self.held.append(route)


def two_in_a_room(roomd: Roomd, invite: Callable[..., Person], **second: object) -> tuple[Person, Person]:
    """Alice, whose room it is, and Bob; `second`: what is special about his browser."""
    alice, bob = invite("Alice", PLAYS_ALOUD), invite("Bob", PLAYS_ALOUD, **second)
    code = open_room(roomd, alice)
    bob.open(f"{roomd.url}/r/{code}")
    say_who(bob)
    return alice, bob


def add(person: Person, title: str) -> None:
    person.page.locator("#search").click()
    person.page.get_by_role("button", name=f"Add {title}").click()
    expect(person.page.locator("#queue")).to_contain_text(f"{title}Carol Example")

"""How far apart listeners are to the ear: what real browsers play, recorded. `make bench-audio`.

make bench-audio ARGS='--only G3 --seconds 20'     one goal, shorter
make bench-audio ARGS='--controller off'           the proof that it can fail: nobody is corrected, the gates must break
make bench-audio ARGS='--stumble'                  everybody begins 60 ms apart, and has 5 s to find together
make bench-audio ARGS='--markdown'                 the tables as in docs/sync.md

Takes about 2.5 minutes for each goal and wants a machine with little else to do. A run in which the sound had gaps is
made once more, and marked as noisy when the second has some too. Every window of the recordings is in
test-output/audio.json. Exit status 1 when a gate is broken, 2 when nothing could be measured.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio.suite import Outcome

TOP = Path(__file__).resolve().parent.parent


def main() -> int:
    sys.path.insert(0, str(TOP / "tests"))
    from audio.pulse import PulseError
    from audio.report import tables, write_json
    from audio.suite import GOALS
    from audio.tab import TabError

    given = _arguments(list(GOALS))
    try:
        outcomes = [_measured(name, given) for name in given.only or list(GOALS)]
    except (PulseError, TabError, TimeoutError) as fault:
        print(f"Nothing was measured: {fault}", file=sys.stderr)
        return 2
    write_json(TOP / "test-output" / "audio.json", outcomes)
    print(tables(outcomes, markdown=given.markdown))
    broken = [f"BROKEN {outcome.goal.name}: {outcome.fault}" for outcome in outcomes if outcome.fault]
    print("\n".join(broken), file=sys.stderr)
    return 1 if broken else 0


def _arguments(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Record what real browsers play in one room, and measure how far apart."
    )
    parser.add_argument("--only", action="append", choices=names, help="this goal; may be given again")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the steady stretch (60; 5 to 300)")
    parser.add_argument(
        "--controller", choices=("on", "off"), default="on", help="off: what plays is not corrected, after a stumble"
    )
    parser.add_argument("--stumble", action="store_true", help="begin 60 ms apart, with something to correct")
    parser.add_argument("--markdown", action="store_true", help="the tables in Markdown")
    given = parser.parse_args()
    if not 5 <= given.seconds <= 300:
        parser.error("5 to 300 seconds")
    return given


def _measured(name: str, given: argparse.Namespace) -> "Outcome":
    from audio.evening import spend
    from audio.suite import GOALS, judge

    goal = GOALS[name]
    off = given.controller == "off"
    plan = goal.plan(given.seconds, controlled=not off, stumbling=off or given.stumble)
    outcome = judge(goal, asyncio.run(spend(plan)))
    print(f"{name}: {outcome.verdict}", file=sys.stderr, flush=True)
    if not outcome.noisy:
        return outcome
    print(f"{name}: the machine starved the sound; once more", file=sys.stderr, flush=True)
    return judge(goal, asyncio.run(spend(plan)))


if __name__ == "__main__":
    sys.exit(main())

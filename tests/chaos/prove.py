"""`python -m tests.chaos.prove`: kill -9 at every named crash point, and 200 times at random, on a real `venturi up`.

Each kill comes while at least two attempts live. Effects are counted from outside: zero lost, zero doubled where the
attempt survived, and how long it took until a restarted engine had adopted what lived.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .points import POINTS
from .tree import Tree, is_alive

ROLES = ("engine", "crew", "zygote", "attempt", "host")


@dataclass
class Proof:
    kills: int = 0
    by_role: Counter[str] = field(default_factory=Counter)
    adoption_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def at_point(point: str, folder: Path) -> Proof:
    """One process dies by itself at the point, once two attempts live; the tree goes on and the run ends well."""
    marker, armed_by = folder / "crashed", folder / "armed"
    armed = {"VENTURI_CRASH_AT": point, "VENTURI_CRASH_ONCE": str(marker), "VENTURI_CRASH_WHEN": str(armed_by)}
    tree = Tree(folder, width=4, depth=5, steps=8, env=armed)
    proof = Proof()
    tree.up()
    try:
        run_id = tree.trigger()
        tree.until_live(2)
        armed_by.touch()
        state = tree.until_final(run_id)
        if not marker.exists():
            proof.problems.append(f"nobody died at {point}")
        else:
            proof.kills = 1
            tree.killed.update(int(n) for n in marker.read_text().split() if n.isdigit())
        if state != "success":
            proof.problems.append(f"the run ended as {state}")
        proof.problems += tree.problems()
    finally:
        tree.down()
    return proof


def at_random(kills: int, folder: Path, rng: random.Random) -> Proof:
    """Kill one process after another while runs go on."""
    tree = Tree(folder, width=4, depth=12, steps=12)
    proof = Proof()
    tree.up()
    try:
        while proof.kills < kills and not proof.problems:
            tree.effects_file.unlink(missing_ok=True)
            run_id = tree.trigger()
            while proof.kills < kills and _kill_one(tree, proof, rng):
                pass
            state = tree.until_final(run_id)
            if state != "success":
                proof.problems.append(f"a run ended as {state}")
            proof.problems += tree.problems()
    finally:
        tree.down()
    return proof


def _kill_one(tree: Tree, proof: Proof, rng: random.Random) -> bool:
    """False when the run is nearly over and no two attempts live any more."""
    role = rng.choice(ROLES)
    give_up_at = time.monotonic() + 3.0
    while len(live := tree.effects().open) < 2:
        if time.monotonic() > give_up_at or len(tree.effects().ended) >= tree.tasks - 3:
            return False
        time.sleep(0.005)
    if role == "attempt":
        pid = rng.choice(list(live.values()))
    elif role in ("zygote", "host"):
        try:
            found = tree.zygotes() if role == "zygote" else tree.hosts()
        except OSError:
            found = []  # gone while we looked
        if not found:
            return True
        pid = rng.choice(found)
    else:
        known = tree.pid(role)
        if known is None or not is_alive(known):
            return True
        pid = known
    tree.kill(pid)
    proof.kills += 1
    proof.by_role[role] += 1
    if role in ("engine", "crew"):
        began = time.monotonic()
        tree.until(lambda: tree.call("status")["online"], f"the {role} did not come back")
        proof.adoption_s.append(time.monotonic() - began)
    time.sleep(rng.random() * 0.1)  # not a wait for something: another moment to strike
    return True


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    problems = 0
    for point in POINTS:
        with tempfile.TemporaryDirectory(prefix="venturi-chaos-") as folder:
            proof = at_point(point, Path(folder))
        problems += len(proof.problems)
        print(f"{point:26} {'nothing lost, nothing doubled' if not proof.problems else proof.problems}", flush=True)
    print(f"random kills, seed {options.seed}:")
    with tempfile.TemporaryDirectory(prefix="venturi-chaos-") as folder:
        proof = at_random(options.kills, Path(folder), random.Random(options.seed))
    problems += len(proof.problems)
    slowest = max(proof.adoption_s, default=0.0)
    middle = statistics.median(proof.adoption_s) if proof.adoption_s else 0.0
    print(
        f"{proof.kills} kills ({', '.join(f'{n} × {role}' for role, n in sorted(proof.by_role.items()))}), "
        f"adoption median {middle:.2f} s, slowest {slowest:.2f} s, problems: {proof.problems or 'none'}"
    )
    return 1 if problems or slowest > 2.0 else 0


if __name__ == "__main__":
    sys.exit(main())

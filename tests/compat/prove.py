"""`python -m tests.compat.prove`: example DAGs of every generation, and public files, beside a real Airflow.

Prints a line a file and totals; ends with 1 where a share is below what is promised, or a difference is not explained.
A file over which the proof itself falls is told as such and stops nothing.
Owns the sets and their order; `asking` gets the answers, `comparing` owns what a difference is, `judging` the counting.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import comparing, corpus, obtaining, own, page, sandbox
from .asking import Kept, ask, state_of_reference, state_of_sources
from .judging import Explanations, Judge, Totals, in_words, not_loaded, to_run
from .obtaining import PLACE, Example

AT_LEAST = 0.95
# Of the others every difference must be explained, whatever their share: our own files are there for the differences.
WITH_SHARE = ("3.3", "2.11", "1.10", "providers", "older", "beside")
SETS = ("own", "3.3", "2.11", "1.10", "providers", "older", "corpus", "beside")
RECORDED = Path(__file__).parent / "recorded.json"


class Proof:
    def __init__(self, only: str, shown: bool) -> None:
        self.explanations = Explanations()
        self._only, self._shown = only, shown
        self._ours = Kept("venturi", state_of_sources())

    def run(self, name: str) -> Totals:
        judge = Judge(self.explanations, self._shown)
        sets = {
            "own": self._own,
            "1.10": self._load_only,
            "providers": lambda judge: self._either(judge, obtaining.examples("providers")),
            "older": lambda judge: self._either(judge, list(obtaining.older())),
            "corpus": self._corpus,
            "beside": lambda judge: self._either(judge, list(corpus.beside())),
        }
        try:
            sets.get(name, lambda judge: self._generation(name, judge))(judge)
        except (Exception, SystemExit) as error:  # an environment or a wheel that cannot be had: the other sets go on
            judge.broke(f"all of {page.TITLES[name]}", error)
        return judge.totals

    # ── the two sides ──

    def _wanted(self, files: list[Example]) -> list[Example]:
        return [each for each in files if self._only in each.key]

    def _theirs(self, version: str, files: list[Example], runs: bool) -> Kept:
        kept = Kept(f"airflow-{version}", state_of_reference(version))
        python = obtaining.airflow(version)
        ask(f"airflow-{version}", "in_airflow.py", python, kept, [(file, {}) for file in files], runs)
        return kept

    def _load_ours(self, files: list[Example]) -> None:
        ask("venturi", "in_venturi.py", obtaining.venturi(), self._ours, [(file, {}) for file in files], False)

    def _run_ours(
        self, files: list[Example], reference: Kept, judge: Judge, ends: frozenset[str] = frozenset()
    ) -> None:
        """`ends`: files whose end is recorded, so that they are run whether or not they have ended in this proof."""
        runs = {f.key: to_run(reference.get(f, True), f.key in ends) for f in files if not judge.waits(f)}
        wanted = [(f, {"runs": runs.get(f.key, {})}) for f in files]
        ask("venturi", "in_venturi.py", obtaining.venturi(), self._ours, wanted, True)

    # ── the sets ──

    def _own(self, judge: Judge) -> None:
        """Files of our own. What Airflow made of them must be what is recorded for `make test`."""
        recorded = {}
        for version, files in own.write_out(PLACE / "files" / "own").items():
            wanted = self._wanted(files)
            theirs = self._theirs(version, wanted, True)
            self._run_ours(wanted, theirs, judge)
            recorded.update({file.key: _lasting(theirs.get(file, True) or {}) for file in wanted})
            self._compare(judge, wanted, theirs)
        if not self._only and _settled(json.loads(RECORDED.read_text())) != _settled(recorded):
            RECORDED.write_text(json.dumps(recorded, indent=0, sort_keys=True) + "\n")
            judge.say(RECORDED.name, "has been written anew: commit it")

    def _generation(self, version: str, judge: Judge) -> None:
        """The example DAGs of one Airflow against that Airflow."""
        files = self._wanted(obtaining.examples(version))
        theirs = self._theirs(version, files, True)
        self._run_ours(files, theirs, judge)
        self._compare(judge, files, theirs)

    def _compare(self, judge: Judge, files: list[Example], theirs: Kept) -> None:
        for file in files:
            with judge.judging(file.key):
                judge.compare(file, theirs.get(file, True) or {}, self._ours.get(file, True) or {}, True)

    def _load_only(self, judge: Judge) -> None:
        """The files of 1.10, which installs on no Python of today: do they load?"""
        files = self._wanted(obtaining.examples("1.10"))
        self._load_ours(files)
        for file in files:
            with judge.judging(file.key):
                found = self._ours.get(file, False) or {}
                failed = not_loaded(found)
                said = judge.verdict("load", file.key, [failed] if failed else [])
                judge.say(file.key, f"NOT LOADED: {failed[:200]}" if failed else f"{said}: {in_words(found)}")

    def _either(self, judge: Judge, files: list[Example]) -> None:
        """Loaded alone, and compared with whichever Airflow of today loads them."""
        files = self._wanted(files)
        theirs = {version: self._theirs(version, files, False) for version in ("2.11", "3.3")}
        self._load_ours(files)
        for file in files:
            with judge.judging(file.key):
                known = {version: kept.get(file, False) or {} for version, kept in theirs.items()}
                judge.either(file, known, self._ours.get(file, False) or {})

    def _corpus(self, judge: Judge) -> None:
        every = [each for each in corpus.expected() if self._only in each.key]
        reached = [each for each in every if each.example is not None]
        references: dict[str, Kept] = {}
        ends = frozenset(each.key for each in every if each.about.get("run", "").startswith("success"))
        for version in ("2.11", "3.3"):
            files = [e.example for e in reached if e.example and _version(e.about) == version]
            references[version] = self._theirs(version, files, True)
            self._run_ours(files, references[version], judge, ends)
        self._load_ours([e.example for e in reached if e.example])
        for each in every:
            with judge.judging(each.key):
                self._judge_public(each, references, judge)

    def _judge_public(self, each: corpus.Expected, references: Mapping[str, Kept], judge: Judge) -> None:
        if each.example is None:
            judge.totals.counts["unreached"] += 1
            judge.say(each.key, "UNREACHED")
        elif (version := _version(each.about)) is not None:
            theirs = references[version].get(each.example, True) or {}
            ours = self._ours.get(each.example, True) or {}
            _check_hash(each, ours, judge)
            judge.compare(each.example, theirs, ours, True)
        else:
            _without_reference(each, self._ours.get(each.example, False) or {}, judge)


def _lasting(found: Mapping[str, Any]) -> dict[str, Any]:
    """What Airflow says of a file, without what is another each time."""
    runs = {dag_id: {n: v for n, v in run.items() if n != "seconds"} for dag_id, run in found.get("runs", {}).items()}
    return {"dags": found.get("dags", {}), "runs": runs}


def _settled(found: Any) -> Any:
    """Without addresses, and without the order of texts in a list, which may come from a set."""
    if isinstance(found, dict):
        return {name: _settled(value) for name, value in found.items()}
    if isinstance(found, list):
        settled = [_settled(one) for one in found]
        return sorted(settled) if all(isinstance(one, str) for one in settled) else settled
    return re.sub(r" at 0x[0-9a-f]+", " at 0x…", found) if isinstance(found, str) else found


def _version(about: Mapping[str, Any]) -> str | None:
    """The Airflow that a public file is compared with: the one that accepted it when the list was made."""
    return {"both": "2.11"}.get(about["reference"], about["reference"]) if "reference" in about else None


def _check_hash(each: corpus.Expected, ours: Mapping[str, Any], judge: Judge) -> None:
    """The recorded hash and outcome, which were made by others than this proof."""
    found = comparing.edges_hash(ours.get("dags") or {})
    wanted = each.about["structure"]
    judge.verdict("hash", each.key, [] if found == wanted else [f"hash is {found}, recorded {wanted}"])
    recorded = each.about.get("run")
    if recorded is None or not recorded.startswith("success"):
        return
    states = [run.get("state") for run in (ours.get("runs") or {}).values()]
    counts = Counter(state for run in (ours.get("runs") or {}).values() for state in (run.get("states") or {}).values())
    wanted_counts = {state: int(n) for n, state in re.findall(r"(\d+) (\w+)", recorded)}
    same = states and set(states) == {"success"} and (not wanted_counts or dict(counts) == wanted_counts)
    judge.verdict("recorded end", each.key, [] if same else [f"ends as {states} {dict(counts)}, recorded {recorded}"])


def _without_reference(each: corpus.Expected, ours: Mapping[str, Any], judge: Judge) -> None:
    """Files that must fail with their cause, or that no Airflow of today loads any more."""
    about, failed, dags = each.about, not_loaded(ours), ours.get("dags") or {}
    tasks = [task for dag in dags.values() for task in dag["tasks"].values()]
    counts = f"{len(dags)}/{len(tasks)}/{sum(len(task['downstream']) for task in tasks)}"
    if "fails_with" in about:
        cause = about["fails_with"].lower()
        differences = [] if failed and cause in failed.lower() else [f"should fail with '{cause}': {failed or counts}"]
        said = judge.verdict("refusal", each.key, differences)
    elif about.get("defines_nothing"):
        differences = [] if not failed and not dags else [f"should define nothing: {failed or counts}"]
        said = judge.verdict("refusal", each.key, differences)
    else:
        differences = [f"not loaded: {failed}"] if failed else []
        if not failed and counts != about.get("counts", counts):
            differences = [f"DAGs/tasks/edges are {counts}, read from the file {about['counts']}"]
        if not failed and not dags:
            differences = ["no DAG is defined"]
        said = judge.verdict("load of what no Airflow loads today", each.key, differences)
    judge.say(each.key, said, differences)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="files whose name holds this text")
    parser.add_argument("--set", action="append", choices=SETS, help="these sets alone")
    parser.add_argument("--show", action="store_true", help="every difference, explained or not")
    options = parser.parse_args()
    refused = sandbox.why_not()
    if refused:
        print(f"Strangers' files are read in namespaces alone, and this machine makes none: {refused}", file=sys.stderr)
        return 2
    proof = Proof(options.only, options.show)
    all_totals: dict[str, Totals] = {}
    for name in options.set or SETS:
        print(f"── {page.TITLES[name]} ──", flush=True)
        all_totals[name] = proof.run(name)
    return _end(all_totals, proof.explanations, whole=not options.only and not options.set)


def _end(all_totals: Mapping[str, Totals], explanations: Explanations, whole: bool) -> int:
    print("── totals ──")
    bad = False
    for name, totals in all_totals.items():
        compared = [what.removesuffix(" compared") for what in totals.counts if what.endswith(" compared")]
        shares = [f"{w} {totals.counts[f'{w} same']} of {totals.counts[f'{w} compared']}" for w in compared]
        rest = [f"{n} {what}" for what, n in sorted(totals.counts.items()) if not what.endswith(("same", "compared"))]
        print(f"{page.TITLES[name]}: {' · '.join([*shares, *rest])}")
        bad |= name in WITH_SHARE and any(totals.share(what) < AT_LEAST for what in compared)
        for each in totals.unexplained:
            print(f"  not explained: {each}")
            bad = True
    (PLACE / "totals.json").write_text(json.dumps({n: dict(t.counts) for n, t in all_totals.items()}, indent=1))
    if whole:
        written = page.text(all_totals, explanations.entries)
        if not page.PAGE.exists() or page.PAGE.read_text() != written:
            page.PAGE.write_text(written)
            print(f"{page.PAGE.name} has been written anew: commit it")
        for entry in explanations.out_of_date():
            print(f"  explained, but not seen this time: {entry}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())

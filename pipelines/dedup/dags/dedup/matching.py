"""Which records are the same person: blocks, the score of a pair, and what follows from the scores. Knows no database.

Comparing each record with every other one grows with the square of their number. So only records that share a *block*
are compared: four keys each, chosen so that one typing error leaves at least one of them as it was.
"""

import re

import numpy as np
from rapidfuzz.distance import Jaro
from rapidfuzz.process import cpdist

WEIGHTS = (0.25, 0.35, 0.40)  # first name, last name, address
SAME_FROM = 0.9  # namesakes (same names, another address) stay below it
FIELD_FROM = 0.75  # in each field: Jean and John Hill at one address are two people


def blocks_of(first_name, last_name, address):
    """From cleaned fields."""
    numbers = re.findall(r"\d+", address)
    house, postcode = (numbers[0], numbers[-1]) if numbers else ("", "")
    street = "".join(re.findall(r"[a-z]+", address)[:1])[:4]
    return (
        f"a:{house}:{street}:{last_name[:1]}",
        f"b:{last_name[:3]}:{first_name[:3]}:{house}",
        f"c:{postcode}:{first_name[:1]}:{last_name[:1]}",
        f"d:{postcode}:{house}",
    )


def score(one, other):
    """Of two cleaned records: 1 is the same in all three fields, 0 stands for any two that differ too much in one."""
    return float(scores([(*one, *other)])[0])


def scores(pairs):
    """Of many at once, each (first, last, address, first, last, address)."""
    columns = list(zip(*pairs, strict=True))
    return combined(cpdist(columns[at], columns[at + 3], scorer=Jaro.similarity, workers=-1) for at in range(3))


def combined(fields):
    """One score of the three fields' similarities, which are arrays."""
    total, lowest = 0.0, 1.0
    for weight, similarity in zip(WEIGHTS, fields, strict=True):
        total, lowest = total + weight * similarity, np.minimum(lowest, similarity)
    return np.where(lowest >= FIELD_FROM, total, 0.0)


def decide(in_people, in_batch):
    """{record: (what it is a duplicate of, score)}; records are numbered in the order in which they came.

    `in_people`: {record: (person, score)}, the best one. `in_batch`: {record: (earlier record, score)}. A duplicate of
    a duplicate is one of what that is of.
    """
    found = {n: ("person", person, scored) for n, (person, scored) in in_people.items()}
    for n in sorted(in_batch):
        earlier, scored = in_batch[n]
        if n not in found:
            kind, of, _ = found.get(earlier, ("record", earlier, scored))
            found[n] = (kind, of, scored)
    return found

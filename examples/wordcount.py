"""Makes up a text, cuts it into tokens, counts the words.

String methods, slices and comparisons, dictionaries of counts, sets, sorting
with keys, f-strings, and a hand-written tokenizer that raises on bad input.
"""

import sys

CONSONANTS = "bdklmnrst"
VOWELS = "aeio"
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
STOP_WORDS = {"bade", "kodi", "lana", "same", "tire", "dolo"}


class Source:
    """A linear congruential generator: the same text on every machine."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return (self.state >> 8) % limit


class TokenError(ValueError):
    def __init__(self, char, position):
        super().__init__(f"unexpected {char!r} at {position}")
        self.position = position


def make_vocabulary(source, size):
    words = []
    known = set()
    while len(words) < size:
        length = 2 + source.below(3)
        word = "".join([SYLLABLES[source.below(len(SYLLABLES))] for _ in range(length)])
        if word not in known:
            known.add(word)
            words.append(word)
    return words


def make_sentence(source, vocabulary):
    parts = []
    for position in range(4 + source.below(9)):
        # The product of two draws prefers the front of the vocabulary, as languages do.
        rank = source.below(len(vocabulary)) * source.below(len(vocabulary))
        word = vocabulary[rank // len(vocabulary)]
        kind = source.below(24)
        if position == 0:
            word = word.capitalize()
        elif kind == 0:
            word = f"{word}'s"
        elif kind == 1:
            word = str(source.below(1000))
        elif kind == 2:
            word += ","
        elif kind == 3:
            word = f'"{word}"'
        elif kind == 4 and source.below(40) == 0:
            word += "\\"
        parts.append(word)
    return " ".join(parts) + ".?!"[source.below(3)]


def tokenize(line):
    """Cut a line into (kind, text) pairs."""
    tokens = []
    position = 0
    end = len(line)
    while position < end:
        char = line[position]
        if char == " ":
            position += 1
            continue
        start = position
        if char.isalpha():
            while position < end and (line[position].isalpha() or line[position] == "'"):
                position += 1
            tokens.append(("word", line[start:position]))
        elif char.isdigit():
            while position < end and line[position].isdigit():
                position += 1
            tokens.append(("number", line[start:position]))
        elif char in '.,?!"':
            position += 1
            tokens.append(("mark", char))
        else:
            raise TokenError(char, position)
    return tokens


class Statistics:
    def __init__(self):
        self.lines = 0
        self.characters = 0
        self.words = {}
        self.kinds = {"word": 0, "number": 0, "mark": 0}
        self.followers = {}
        self.number_sum = 0
        self.errors = {}

    def add_line(self, line):
        self.lines += 1
        self.characters += len(line)
        try:
            tokens = tokenize(line)
        except TokenError as error:
            self.errors[error.position] = self.errors.get(error.position, 0) + 1
            return
        previous = None
        for kind, text in tokens:
            self.kinds[kind] += 1
            if kind == "word":
                word = text.lower().removesuffix("'s")
                if word in STOP_WORDS:
                    continue
                self.words[word] = self.words.get(word, 0) + 1
                if previous is not None:
                    self.followers.setdefault(previous, set()).add(word)
                previous = word
            elif kind == "number":
                self.number_sum += int(text)
                previous = None

    def most_common(self, count):
        ranking = sorted(self.words.items(), key=lambda item: (-item[1], item[0]))
        return ranking[:count]

    def by_length(self):
        lengths = {}
        for word, count in self.words.items():
            lengths[len(word)] = lengths.get(len(word), 0) + count
        return {length: lengths[length] for length in sorted(lengths)}


def main(n):
    source = Source(20)
    vocabulary = make_vocabulary(source, 1500)
    statistics = Statistics()
    for _ in range(n):
        statistics.add_line(make_sentence(source, vocabulary))

    print(f"lines: {statistics.lines}, characters: {statistics.characters}")
    print("tokens: " + ", ".join(f"{k} {v}" for k, v in statistics.kinds.items()))
    print(f"different words: {len(statistics.words)}")
    print(f"different pairs: {sum(map(len, statistics.followers.values()))}")
    print(f"sum of the numbers: {statistics.number_sum}")
    print(f"lines given up: {sum(statistics.errors.values())}")
    print(f"by length: {statistics.by_length()}")
    for word, count in statistics.most_common(10):
        print(f"{count:8} {word}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 180_000)

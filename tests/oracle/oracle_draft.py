"""The book as one command would leave it."""


class Draft:
    """The book as one command would leave it; dropped when the command is refused."""

    def __init__(self, book):
        self.book = book
        self.positions = {}   # those touched, in the order they were
        self.liens = {}       # those changed; None: closed
        self.events = 0
        self.done = []        # what else is to be done when it is accepted

    def touch(self, account, asset):
        place = (account, asset)
        if place not in self.positions:
            self.positions[place] = list(self.book.positions.get(place, (0, 0, 0)))
        return self.positions[place]

    def now(self, account, asset):
        place = (account, asset)
        return self.positions.get(place) or self.book.positions.get(place, (0, 0, 0))

    def free(self, account, asset):
        total, encumbered, reserved = self.now(account, asset)
        return max(total, 0) - encumbered - reserved

    def lien(self, key):
        return self.liens[key] if key in self.liens else self.book.liens[key]

    def bind(self, lines, sign):
        for owner, location, asset, _, _, consumed in lines:
            self.touch(owner, asset)[1] += sign * consumed
            self.touch(location, asset)[1] += sign * consumed

    def set_lines(self, key, lines, **other):
        old = self.lien(key)
        self.bind(old["lines"], -1)
        self.bind(lines, 1)
        self.liens[key] = dict(old, lines=lines, **other)
        self.events += 1


def place_of(line):
    return line[:4]


def merge(lines, added):
    for at, line in enumerate(lines):
        if place_of(line) == place_of(added):
            lines[at] = line[:4] + (line[4] + added[4], line[5] + added[5])
            return
    lines.append(added)


def held_at(lines, place):
    return sum(line[4] for line in lines if place_of(line) == place)

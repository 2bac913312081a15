# Loops that are always left by a break are entered again from their own bodies, with another iterator.
# expect-compiled: searches, in_while, never_done, of_lists
from _support import show, show_error


def searches(rounds):
    total = 0
    for number in range(rounds):
        for divisor in range(2, 50):
            if divisor > 2 + number % 7:
                break
        else:
            raise ValueError(number)
        total += divisor * number
    return total


def in_while(limit):
    total = count = 0
    while count < limit:
        for step in range(count, count + 9):
            total += step
            if total % 3 == 2:
                break
            if step - count > 7:
                return total, count, "exhausted"
        count += 1
    return total, count


def never_done(limit):
    rounds = []
    while True:
        for index in range(len(rounds), limit + 20):
            if index % 5 == 4:
                rounds.append(index)
                break
        if len(rounds) > limit:
            return sum(rounds), rounds[-3:]


def of_lists(rows):
    total = 0
    for row in rows:
        for item in row:
            if item > 3:
                break
        else:
            raise IndexError(len(row))
        total += item
    return total


def main():
    for rounds in (5, 60, 200):
        show(searches(rounds))
        show(in_while(rounds))
        show(never_done(rounds))
        show(of_lists([[1, 2, 3, 4 + n] for n in range(rounds)]))
        try:
            of_lists([[1, 9]] * rounds + [[1, 2]])
        except IndexError as error:
            show_error(error)
    show(searches(300))


main()

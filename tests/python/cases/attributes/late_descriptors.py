# Classes whose instances are class attributes become descriptors after instances of other classes were used.
# expect-compiled: get, put
from _support import repeat


class Late:
    pass


class Owner:
    x = Late()

    def __init__(self):
        self.x = 1


class Other(Owner):
    x = Late()


def get(owner):
    return owner.x


def put(owner, value):
    owner.x = value
    return vars(owner)["x"]


owner, other = Owner(), Other()
for it in (owner, other, owner):
    repeat(get, it)
    repeat(put, it, 5)
Late.__get__ = lambda self, instance, owner: 2
for it in (owner, other):
    repeat(get, it)
Late.__set__ = lambda self, instance, value: None
for it in (owner, other):
    repeat(get, it)
    repeat(put, it, 7)
del Late.__set__, Late.__get__
for it in (owner, other):
    repeat(put, it, 8)
    repeat(get, it)

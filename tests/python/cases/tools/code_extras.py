# A tool that keeps something of its own with code objects, and asks for it late: its function that frees is called for
# what it stored and for nothing else.
# expect-compiled: work, other
import ctypes
import gc

from _support import repeat, show

api = ctypes.pythonapi
Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
request = api.PyUnstable_Eval_RequestCodeExtraIndex
request.argtypes = [Free]
request.restype = ctypes.c_ssize_t
put = api.PyUnstable_Code_SetExtra
put.argtypes = [ctypes.py_object, ctypes.c_ssize_t, ctypes.c_void_p]
put.restype = ctypes.c_int
fetch = api.PyUnstable_Code_GetExtra
fetch.argtypes = [ctypes.py_object, ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_void_p)]
fetch.restype = ctypes.c_int


def work(n):
    return n + 1


show(repeat(work, 1))
freed = []
free = Free(freed.append)
index = request(free)


def other(n):
    return n * 2


def made(number):
    namespace = {}
    exec(f"def f(x):\n    return x + {number}", namespace)
    return namespace["f"]


def stored(func):
    value = ctypes.c_void_p()
    assert fetch(func.__code__, index, value) == 0
    return value.value


show(repeat(other, 1))
for func in (work, other):
    print(stored(func), put(func.__code__, index, 17), stored(func), repeat(func, 4))
for number in range(3):
    func = made(number)
    repeat(func, number)
    if number == 1:
        put(func.__code__, index, 99)
    del func
gc.collect()
print(freed)
for func in (work, other):
    put(func.__code__, index, None)
del work, other, func, made, stored

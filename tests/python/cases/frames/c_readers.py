# Frames as C code gets at them, by every function of the C API that gives one or reads one.
# expect-compiled: eval_get_frame, thread_state_get_frame, parts_of_frame, get_var, caller
import ctypes
import dis

from _support import repeat

api = ctypes.pythonapi


def function(name, result, *arguments):
    found = getattr(api, name)
    found.restype, found.argtypes = result, arguments
    return found


eval_frame = function("PyEval_GetFrame", ctypes.c_void_p)
thread_state = function("PyThreadState_Get", ctypes.c_void_p)
thread_frame = function("PyThreadState_GetFrame", ctypes.py_object, ctypes.c_void_p)
frame_code = function("PyFrame_GetCode", ctypes.py_object, ctypes.py_object)
frame_back = function("PyFrame_GetBack", ctypes.py_object, ctypes.py_object)
frame_locals = function("PyFrame_GetLocals", ctypes.py_object, ctypes.py_object)
frame_globals = function("PyFrame_GetGlobals", ctypes.py_object, ctypes.py_object)
frame_builtins = function("PyFrame_GetBuiltins", ctypes.py_object, ctypes.py_object)
frame_lasti = function("PyFrame_GetLasti", ctypes.c_int, ctypes.py_object)
frame_line = function("PyFrame_GetLineNumber", ctypes.c_int, ctypes.py_object)
frame_var = function("PyFrame_GetVar", ctypes.py_object, ctypes.py_object, ctypes.py_object)
frame_var_string = function("PyFrame_GetVarString", ctypes.py_object, ctypes.py_object, ctypes.c_char_p)
eval_locals = function("PyEval_GetFrameLocals", ctypes.py_object)
eval_globals = function("PyEval_GetGlobals", ctypes.c_void_p)
eval_builtins = function("PyEval_GetBuiltins", ctypes.c_void_p)


def chain(frame):
    names = []
    while frame is not None:
        names.append(f"{frame.f_code.co_qualname}:{frame.f_lineno - frame.f_code.co_firstlineno}")
        frame = frame.f_back
    return names


def eval_get_frame(n, name="x"):
    total = 0.5
    for i in range(n):
        total += i * 0.25
        frame = ctypes.cast(eval_frame(), ctypes.py_object).value
    return frame.f_code.co_name, frame.f_lineno, dict(frame.f_locals) | {"frame": None}


def thread_state_get_frame(n, *args, **kw):
    count = 5000
    while n > 0:
        n -= 1
        count += 3
        frame = thread_frame(thread_state())
        values = {key: value for key, value in frame.f_locals.items() if key not in ("frame", "values")}
    return chain(frame)[:2], values


def parts_of_frame(obj):
    number, real = 70000, 2.5
    number += 1
    real += 1.0
    frame = thread_frame(thread_state())
    code = frame_code(frame)
    return (
        code is parts_of_frame.__code__,
        frame_line(frame),
        dis.opname[code.co_code[frame_lasti(frame)]],
        frame_globals(frame) is globals(),
        frame_builtins(frame)["len"] is len,
        frame_back(frame).f_code.co_name,
        sorted(frame_locals(frame)),
        [frame_locals(frame)[name] for name in ("obj", "number", "real")],
        eval_locals()["number"],
        eval_globals() == id(globals()),
        eval_builtins() == id(frame.f_builtins),
    )


def get_var(n):
    total, count, cell = 0.0, 2000, 1
    found = []
    for i in range(n):
        total += 1.5
        count += 7
        cell += i
        frame = thread_frame(thread_state())
        found.append([frame_var(frame, name) for name in ("total", "count", "i", "n")])
        found.append(frame_var_string(frame, b"cell"))
        try:
            frame_var(frame, "later")
        except NameError as error:
            found.append(str(error))
    later = lambda: cell  # noqa: E731
    return found, later()


def look_up():
    frame = thread_frame(thread_state())
    outer = frame_back(frame)
    return chain(frame)[:3], frame_var(outer, "x"), frame_var(outer, "k"), dict(frame_locals(outer))


def caller(n):
    x, k = 0.5, 3000
    seen = []
    for _ in range(n):
        x = x + 1.0
        k = k + 1
        names, real, number, values = look_up()
        values.pop("seen")
        seen.append((names, real, number, values))
    return seen


repeat(eval_get_frame, 4)
repeat(thread_state_get_frame, 4, 1, 2, a=3)
repeat(parts_of_frame, "object")
repeat(get_var, 3)
repeat(caller, 3)

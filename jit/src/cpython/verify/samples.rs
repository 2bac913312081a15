//! Objects with known contents to read back.
//!
//! They are made whenever rjit is loaded, so their source imports nothing that a program could miss in `sys.modules` without rjit.

use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::LayoutMismatch;

const SOURCE: &std::ffi::CStr = c"
import sys
def function(a, b=1.5, /, c=2, *args, d=3, **kwargs):
    def inner():
        return a, args
    for item in a:
        try:
            b += item
        except TypeError:
            del c
    return inner
class Plain:
    def method(self): return self
class Slotted:
    __slots__ = ('x',)
def generator():
    yield 1
def raised():
    try:
        raise ValueError(7)
    except ValueError as error:
        error.__cause__, error.__context__ = KeyError(), TypeError()
        return error
plain = Plain()
plain.x, plain.y = function, generator
other = Plain()
other.x = function
slotted = Slotted()
slotted.x = function
closure = function([], 0)
code = function.__code__
text_dict = {'one': function, 'two': generator}
mixed_dict = {'one': function, 2: generator}
items_list = [function, generator, plain]
items_tuple = (function, generator, plain)
list_iterator, tuple_iterator = iter(items_list), iter(items_tuple)
next(list_iterator), next(tuple_iterator)
a_range = range(3, 11, 2)
range_iterator = iter(a_range)
next(range_iterator)
an_enumerate = enumerate(items_list, 7)
first_pair = next(an_enumerate)
a_zip = zip(items_tuple, items_list)
first_zipped = next(a_zip)
a_slice = slice(function, generator, plain)
a_set = {function}
bound = plain.method
c_function = len
c_method = [].append
method_descriptor = list.append
member = Slotted.x
getter = lambda self: 1
a_property = property(getter)
a_class_method = classmethod(getter)
a_static_method = staticmethod(getter)
cell = (lambda held: (lambda: held).__closure__[0])(function)
module = type(sys)('sample')
an_error = raised()
stop = StopIteration(function)
complex_number = complex(1.5, -2.5)
a_generator = generator()
next(a_generator)
strings = ['plain', 'caf\\u00e9', '\\u0416', '\\U0001f40d']
view = text_dict.keys()
byte_array = bytearray(b'ab')
memory = memoryview(byte_array)
";

/// A namespace of objects made by running [`SOURCE`].
pub struct Samples<'py> {
    namespace: Bound<'py, PyDict>,
}

impl<'py> Samples<'py> {
    /// Makes them.
    pub fn new(py: Python<'py>) -> Result<Self, LayoutMismatch> {
        let namespace = PyDict::new(py);
        py.run(SOURCE, Some(&namespace), None)?;
        Ok(Self { namespace })
    }

    /// The Python token.
    pub fn py(&self) -> Python<'py> {
        self.namespace.py()
    }

    /// The sample of this name.
    pub fn get(&self, name: &str) -> Result<Bound<'py, PyAny>, LayoutMismatch> {
        Ok(self.namespace.as_any().get_item(name)?)
    }

    /// The address of the sample of this name, which lives as long as the samples.
    pub fn address(&self, name: &str) -> Result<*mut PyObject, LayoutMismatch> {
        Ok(self.get(name)?.as_ptr())
    }

    /// An attribute of a sample.
    pub fn attr(&self, name: &str, attr: &str) -> Result<Bound<'py, PyAny>, LayoutMismatch> {
        Ok(self.get(name)?.getattr(attr)?)
    }
}

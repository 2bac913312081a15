//! CPython 3.15's private layouts, as far as frames need them: one file a concept, each number beside the C expression that
//! yields it, and [`verify`], which holds them against the interpreter that runs.
//!
//! The compiler shares these files and has more of the kind. They are no part of this crate's interface.

/// Declares constants together with the C expression each one stands for.
///
/// The expression becomes part of the documentation, and the layout test reads it from the source.
#[doc(hidden)]
#[macro_export]
macro_rules! layout {
    ($($(#[$meta:meta])* $name:ident: $ty:ty = $value:expr, $c:literal;)*) => {
        $(
            $(#[$meta])*
            #[doc = ""]
            #[doc = concat!("In C: `", $c, "`.")]
            pub const $name: $ty = $value;
        )*
    };
}

pub mod code;
pub mod ffi;
pub mod frame;
pub mod memory;
pub mod object;
pub mod thread;
pub mod verify;

//! One binary for all test files of the command: separate binaries would each take a second or more to link.
//!
//! A new file `cli/tests/NAME.rs` needs a line `mod NAME;` here; a test below checks it. Parts of a file are in a
//! folder of its name. `tests/run NAME::` runs the tests of one file.

mod command_line;
#[cfg(feature = "download")]
mod fetch;
#[path = "../../tests/support/harness.rs"]
mod harness;

use std::path::Path;

#[test]
fn test_file_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    harness::assert_all_are_modules(&folder, include_str!("all.rs"));
}

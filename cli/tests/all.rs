//! One binary of all test files of the command. A binary of its own costs each file a second or more of linking.
//!
//! A new file `cli/tests/NAME.rs` needs a line `mod NAME;` here; a test below fails without it. A part of a file
//! lies in a folder of its name.
//! `tests/run NAME::` runs the tests of one file.

mod command_line;
mod fetch;
#[path = "../../tests/support/harness.rs"]
mod harness;

use std::path::Path;

#[test]
fn every_test_file_is_a_module_of_this_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    harness::assert_all_are_modules(&folder, include_str!("all.rs"));
}

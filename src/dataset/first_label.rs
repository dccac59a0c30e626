//! Labels that begin at 1.

use super::array::ByteArray;
use super::class_names::numeric;

/// Renumbers labels that begin at 1 and have no gaps, so that there is no class 0 without images. `names`: names of the
/// classes, if the files have them; one more than there are classes names the missing class 0. Returns the names and a
/// sentence, if labels were renumbered.
pub(super) fn number_from_0(
    mut sets: Vec<&mut ByteArray<1>>,
    names: Option<Vec<String>>,
) -> (Option<Vec<String>>, Option<String>) {
    let mut is_there = [false; 256];
    for set in &sets {
        set.bytes.iter().for_each(|&label| is_there[usize::from(label)] = true);
    }
    let largest = is_there.iter().rposition(|&is_there| is_there).unwrap_or(0);
    let begin_at_1 =
        largest > 1 && !is_there[0] && is_there[1..=largest].iter().all(|&there| there);
    let has_class_0 = names.as_ref().is_some_and(|names| names.len() != largest);
    if !begin_at_1 || has_class_0 {
        return (names, None);
    }
    for set in &mut sets {
        set.bytes.iter_mut().for_each(|label| *label -= 1);
    }
    let note = format!("labels 1 to {largest} are read as classes 0 to {}", largest - 1);
    let names = names.or_else(|| Some(numeric(largest + 1).split_off(1)));
    (names, Some(note))
}

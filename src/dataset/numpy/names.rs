//! Names of arrays and files, from which their set and content follow: `x_train`, `test_labels`, `kmnist-train-imgs`.

/// Set of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SetName {
    Training,
    Test,
    Validation,
}

/// Content of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Images,
    Labels,
}

/// Words for the sets, in lower case.
const SETS: [(SetName, &[&str]); 3] = [
    (SetName::Training, &["train", "training"]),
    (SetName::Test, &["test", "testing", "t10k"]),
    (SetName::Validation, &["val", "valid", "validation"]),
];
/// Words for the contents, in lower case.
const CONTENTS: [(Content, &[&str]); 2] = [
    (Content::Images, &["x", "images", "image", "imgs", "img", "data", "features"]),
    (Content::Labels, &["y", "labels", "label", "target", "targets", "classes"]),
];

/// A name whose words say what an array has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArrayName {
    /// `None` for the only set.
    pub set: Option<SetName>,
    pub content: Content,
    /// Other words, such as the name of the data set.
    pub rest: Vec<String>,
}

impl ArrayName {
    /// Parses a name. Returns `None` unless it has exactly one word for a content and at most one for a set.
    pub fn parse(name: &str) -> Option<ArrayName> {
        let (mut set, mut content, mut rest) = (None, None, Vec::new());
        for word in name.split(['_', '-', '.', ' ']).filter(|word| !word.is_empty()) {
            let word = word.to_lowercase();
            if let Some(found) = find(&SETS, &word) {
                if set.replace(found).is_some() {
                    return None;
                }
            } else if let Some(found) = find(&CONTENTS, &word) {
                if content.replace(found).is_some() {
                    return None;
                }
            } else {
                rest.push(word);
            }
        }
        content.map(|content| ArrayName { set, content, rest })
    }
}

/// Returns the meaning of a word, if it has one.
fn find<T: Copy>(words: &[(T, &[&str])], word: &str) -> Option<T> {
    words.iter().find(|(_, of_meaning)| of_meaning.contains(&word)).map(|&(meaning, _)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_names_give_set_and_content() {
        use Content::{Images, Labels};
        use SetName::{Test, Training, Validation};
        for (name, set, content) in [
            ("x_train", Some(Training), Images),
            ("X_test", Some(Test), Images),
            ("y_test", Some(Test), Labels),
            ("train_images", Some(Training), Images),
            ("val_labels", Some(Validation), Labels),
            ("images", None, Images),
            ("y", None, Labels),
            ("target", None, Labels),
        ] {
            assert_eq!(ArrayName::parse(name), Some(ArrayName { set, content, rest: Vec::new() }));
        }
        let kmnist = ArrayName::parse("kmnist-test-imgs").unwrap();
        assert_eq!((kmnist.set, kmnist.content), (Some(Test), Images));
        assert_eq!(kmnist.rest, ["kmnist"]);
        for name in ["arr_0", "train", "x_y", "train_test_x", "", "times"] {
            assert_eq!(ArrayName::parse(name), None, "{name}");
        }
    }
}

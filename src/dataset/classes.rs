//! Matching of a data set's classes to a network's by name, since the same class may have different numbers.

use super::class_names::{list_names, numeric};
use super::{Dataset, DatasetError};

impl Dataset {
    /// Relabels the images with a network's class numbers, whose classes have these `names`. Also returns a sentence on
    /// what was changed or assumed. Classes of the network may have no images.
    ///
    /// Classes match by name; a class without a name is called by its number. If exactly one side has only numbers,
    /// labels are indices into the list of names.
    ///
    /// # Errors
    /// Returns [`DatasetError::ClassMismatch`] if images are of a class that the network does not have.
    pub fn with_classes_of(
        mut self,
        names: &[String],
    ) -> Result<(Dataset, Option<String>), DatasetError> {
        if self.class_names == names {
            return Ok((self, None));
        }
        let Some((labels, by_number)) = self.labels_in(names) else {
            return Err(DatasetError::ClassMismatch {
                name: self.name,
                found: list_names(&self.class_names),
                known: list_names(names),
            });
        };
        let pairs: Vec<String> = (self.class_names.iter().zip(&labels).enumerate())
            .filter_map(|(label, (name, class))| class.map(|class| (label, name, class)))
            .filter(|&(label, name, class)| label != class || *name != names[class])
            .map(|(label, name, class)| match by_number {
                true => format!("{name} as {}", names[class]),
                false => format!("{name} as {class} instead of {label}"),
            })
            .collect();
        let used = labels.iter().flatten().count();
        let note = match (by_number, pairs.is_empty()) {
            (true, _) => Some(format!(
                "{}: classes are matched by order, since their names differ: {}",
                self.name,
                list_names(&pairs)
            )),
            (false, false) => Some(format!(
                "{}: classes are matched by name, {} of {}: {}",
                self.name,
                used,
                names.len(),
                list_names(&pairs)
            )),
            (false, true) => None,
        };
        let class = |&label: &u8| labels[usize::from(label)].unwrap_or(0) as u8;
        self.labels = self.labels.iter().map(class).collect();
        self.classes = names.len();
        self.class_names = names.to_vec();
        Ok((self, note))
    }

    /// Returns the network's index per class of the data set, `None` if it has no images, and whether classes were
    /// matched by order.
    fn labels_in(&self, names: &[String]) -> Option<(Vec<Option<usize>>, bool)> {
        let mut is_used = vec![false; self.classes];
        self.labels.iter().for_each(|&label| is_used[usize::from(label)] = true);
        let used = || (0..self.classes).filter(|&class| is_used[class]);
        let index_of =
            |class: usize| names.iter().position(|name| *name == self.class_names[class]);
        if used().all(|class| index_of(class).is_some()) {
            let indices = (0..self.classes).map(|class| index_of(class).filter(|_| is_used[class]));
            return Some((indices.collect(), false));
        }
        let [data_has_names, network_has_names] =
            [&self.class_names, names].map(|names| *names != numeric(names.len())[..]);
        let is_number = |name: &String| name.parse::<u32>().is_ok();
        let are_numbers = names.iter().chain(&self.class_names).all(is_number);
        let fits = match (data_has_names, network_has_names) {
            (false, true) => self.classes <= names.len(),
            (true, false) => self.classes == names.len(),
            _ => false,
        };
        let order = (0..self.classes).map(|class| is_used[class].then_some(class));
        (fits && !are_numbers && used().all(|class| index_of(class).is_none()))
            .then(|| (order.collect(), true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    /// Labels `0, 1, .., 0` of classes with these names.
    fn dataset(class_names: &[&str]) -> Dataset {
        let labels: Vec<u8> = (0..class_names.len() as u8).collect();
        let training = (vec![1; labels.len()], labels);
        let dataset = Dataset::from_parts("own", 1, 1, training, (vec![1], vec![0])).unwrap();
        dataset.with_class_names(names(class_names)).unwrap()
    }

    fn labels(data: &[&str], network: &[&str]) -> Option<(Vec<u8>, bool)> {
        let (matched, note) = dataset(data).with_classes_of(&names(network)).ok()?;
        assert_eq!((matched.classes, &matched.class_names), (network.len(), &names(network)));
        assert_eq!(matched.labels[0], matched.test_labels()[0]);
        Some((matched.training_labels().to_vec(), note.is_some()))
    }

    #[test]
    fn classes_are_matched_by_name() {
        let network = ["a", "b", "c"];
        assert_eq!(labels(&network, &network), Some((vec![0, 1, 2], false)));
        assert_eq!(labels(&["c", "a", "b"], &network), Some((vec![2, 0, 1], true)));
        assert_eq!(labels(&["b", "c"], &network), Some((vec![1, 2], true)));
        assert_eq!(labels(&["a", "b"], &network), Some((vec![0, 1], false)));
    }

    #[test]
    fn unknown_class_names_return_error_with_both_lists() {
        let error = dataset(&["b", "c", "d"]).with_classes_of(&names(&["a", "b", "c"]));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("a, b, c") && error.contains("b, c, d"), "{error}");
        let many: Vec<String> = (0..200).map(|name| format!("class-{name}")).collect();
        let error = dataset(&["x", "y"]).with_classes_of(&many).unwrap_err().to_string();
        assert!(error.contains("and 188 more") && error.len() < 500, "{error}");
    }

    #[test]
    fn numbers_match_as_names_or_by_order() {
        let ten: Vec<String> = numeric(10);
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        assert_eq!(labels(&["0", "1", "2"], &ten), Some((vec![0, 1, 2], false)));
        // Folder names sort as text.
        assert_eq!(labels(&["1", "10", "2"], &["2", "1", "10"]), Some((vec![1, 2, 0], true)));
        assert_eq!(labels(&["0", "1"], &["cat", "dog", "fox"]), Some((vec![0, 1], true)));
        assert_eq!(labels(&["cat", "dog"], &["0", "1"]), Some((vec![0, 1], true)));
        // Two names cannot select among three numbers, nor different numbers among each other.
        assert_eq!(labels(&["cat", "dog"], &["0", "1", "2"]), None);
        assert_eq!(labels(&["0", "1", "2"], &["1", "2", "3"]), None);
        assert_eq!(labels(&["0", "1", "2", "3"], &["cat", "dog", "fox"]), None);
    }

    #[test]
    fn class_without_images_needs_no_match() {
        let mut own = dataset(&["a", "b", "d"]);
        own.labels.iter_mut().for_each(|label| *label = (*label).min(1));
        let (own, note) = own.with_classes_of(&names(&["a", "b", "c"])).unwrap();
        assert_eq!((own.training_labels(), note), (&[0, 1, 1][..], None));
    }
}

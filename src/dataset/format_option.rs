//! Options that only some formats have.

use std::path::Path;

use super::error::invalid_with_hint;
use super::{DatasetError, Location, ReadOptions};

/// Option of [`ReadOptions`] that only some formats have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormatOption {
    Transposed,
    ChannelOrder,
    CsvHeader,
}

impl FormatOption {
    const ALL: [FormatOption; 3] =
        [FormatOption::Transposed, FormatOption::ChannelOrder, FormatOption::CsvHeader];

    fn is_set(self, options: &ReadOptions) -> bool {
        match self {
            FormatOption::Transposed => options.transposed.is_some(),
            FormatOption::ChannelOrder => options.channel_order.is_some(),
            FormatOption::CsvHeader => options.csv_header.is_some(),
        }
    }

    /// Returns what was expected and a hint.
    fn texts(self) -> [&'static str; 2] {
        match self {
            FormatOption::Transposed => {
                ["IDX files or tables, for which --transposed is given", "omit --transposed"]
            }
            FormatOption::ChannelOrder => {
                ["arrays, for which --channels is given", "omit --channels"]
            }
            FormatOption::CsvHeader => {
                ["CSV files, for which --csv-header is given", "omit --csv-header"]
            }
        }
    }
}

impl ReadOptions {
    /// Checks that no option is set that the files do not have. `own`: options that they have. `found`: what they are,
    /// for messages.
    pub(super) fn refuse_those_of_other_formats(
        &self,
        path: &Path,
        own: &[FormatOption],
        found: &str,
    ) -> Result<(), DatasetError> {
        let is_foreign = |option: &FormatOption| option.is_set(self) && !own.contains(option);
        let Some(option) = FormatOption::ALL.into_iter().find(is_foreign) else { return Ok(()) };
        let [expected, hint] = option.texts();
        let location = Location::whole(path.display().to_string());
        Err(invalid_with_hint(location, expected, found, hint))
    }
}

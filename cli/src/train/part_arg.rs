//! Value of `--part`: a part of the networks, given by numbers or by the job array of Slurm.

use std::str::FromStr;

use crate::CliError;
use apical::config::{Part, PartError};

/// Value of `--part`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PartArg {
    Numbers(Part),
    /// From the environment variables of a task of a job array.
    JobArray,
}

/// Index of the task, smallest index and step of the array, and its number of tasks.
const SLURM: [&str; 4] = [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_STEP",
    "SLURM_ARRAY_TASK_COUNT",
];

impl FromStr for PartArg {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        match text {
            "auto" => Ok(PartArg::JobArray),
            numbers => Ok(PartArg::Numbers(numbers.parse()?)),
        }
    }
}

impl PartArg {
    /// Returns the part.
    ///
    /// # Errors
    /// Returns an error if it is that of a job array, and there is no array or it has gaps.
    pub(super) fn part(&self) -> Result<Part, CliError> {
        match self {
            PartArg::Numbers(part) => Ok(*part),
            PartArg::JobArray => of_array(|name| std::env::var(name).ok()),
        }
    }
}

/// Returns the part of a task of a job array. `variable` reads an environment variable.
fn of_array(variable: impl Fn(&str) -> Option<String>) -> Result<Part, CliError> {
    let usage = |message: String| CliError::Usage(format!("invalid --part auto: {message}"));
    let number = |name: &str| {
        let text = variable(name).ok_or_else(|| {
            usage(format!("{name} is not set; use it in a job array of Slurm, or give --part I/N"))
        })?;
        let number = text.parse::<usize>();
        number.map_err(|_| usage(format!("{name} is '{text}'; expected a number")))
    };
    let [task, first, step, count] = SLURM.map(number);
    let (task, first, step, count) = (task?, first?, step?, count?);
    let offset = task.checked_sub(first).filter(|offset| offset.is_multiple_of(step.max(1)));
    let part = offset.and_then(|offset| Part::new(offset / step.max(1) + 1, count).ok());
    // The tasks of a list such as 1,2,7 have no common step.
    let last = variable("SLURM_ARRAY_TASK_MAX").and_then(|text| text.parse::<usize>().ok());
    let expected =
        count.saturating_sub(1).checked_mul(step).and_then(|more| first.checked_add(more));
    let has_gaps = last.is_some_and(|last| Some(last) != expected);
    part.filter(|_| !has_gaps).ok_or_else(|| {
        usage(format!(
            "task {task} is of an array with gaps: {count} tasks from {first} in steps of {step}; give --part I/N with \
             the N of the whole array"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(
        task: &str,
        first: &str,
        last: &str,
        step: &str,
        count: &str,
    ) -> Result<String, String> {
        let values = SLURM.iter().zip([task, first, step, count]);
        let mut values: Vec<(&str, &str)> = values.map(|(name, value)| (*name, value)).collect();
        values.push(("SLURM_ARRAY_TASK_MAX", last));
        let variable = |wanted: &str| {
            let found = values.iter().find(|(name, value)| *name == wanted && !value.is_empty());
            found.map(|(_, value)| value.to_string())
        };
        of_array(variable).map(|part| part.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn array_may_begin_anywhere_and_have_a_step() {
        assert_eq!(part("0", "0", "7", "1", "8"), Ok("1/8".to_string()));
        assert_eq!(part("7", "0", "7", "1", "8"), Ok("8/8".to_string()));
        assert_eq!(part("3", "1", "8", "1", "8"), Ok("3/8".to_string()));
        assert_eq!(part("5", "1", "7", "2", "4"), Ok("3/4".to_string()));
        assert_eq!(part("6", "6", "6", "1", "1"), Ok("1/1".to_string()));
    }

    #[test]
    fn no_array_or_one_with_gaps_is_refused() {
        let error = part("", "", "", "", "").unwrap_err();
        assert!(error.contains("SLURM_ARRAY_TASK_ID is not set"), "{error}");
        let error = part("x", "1", "7", "2", "4").unwrap_err();
        assert!(error.contains("SLURM_ARRAY_TASK_ID is 'x'"), "{error}");
        // Larger than any array.
        let error = part("1", "1", "7", &usize::MAX.to_string(), "8").unwrap_err();
        assert!(error.contains("an array with gaps"), "{error}");
        // The arrays 1,2,7 and 1,5,7.
        for (task, step) in [("7", "1"), ("2", "1"), ("5", "2"), ("0", "1")] {
            let error = part(task, "1", "7", step, "3").unwrap_err();
            assert!(
                error.contains("an array with gaps") && error.contains("--part I/N"),
                "{error}"
            );
        }
    }
}

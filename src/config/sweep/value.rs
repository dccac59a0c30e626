//! Reads one value of a setting that is named by its key.

use serde_json::{Map, Number, Value};

use super::SweepError;
use crate::config::Config;

/// Separate the values of a list: in a sweep a comma separates what is swept.
const LIST_SEPARATORS: [char; 2] = [':', ','];

/// Keys of all settings.
pub(super) fn keys() -> Vec<String> {
    settings(&Config::default()).into_iter().map(|(key, _)| key).collect()
}

/// What a file has of the settings.
fn settings(config: &Config) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(settings)) => settings,
        _ => unreachable!("settings are keys with values"),
    }
}

/// Changes a setting to the value that a text says, written as in a file but without quotes and brackets.
pub(in crate::config) fn set(
    config: &mut Config,
    key: &str,
    value: &str,
) -> Result<(), SweepError> {
    let refused = |reason: String| {
        let (key, value) = (key.to_string(), value.to_string());
        SweepError::Value { key, value, reason }
    };
    let mut settings = settings(config);
    let found = match settings.get(key) {
        Some(Value::String(_)) => Value::String(value.to_string()),
        Some(Value::Array(_)) => {
            let values = value.split(LIST_SEPARATORS).map(number);
            Value::Array(values.collect::<Result<_, _>>().map_err(refused)?)
        }
        _ => number(value).map_err(refused)?,
    };
    settings.insert(key.to_string(), found);
    *config = serde_json::from_value(Value::Object(settings))
        .map_err(|error| refused(error.to_string().replace('`', "'")))?;
    Ok(())
}

fn number(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let whole =
        text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    let number = whole.ok().or_else(|| text.parse().ok().and_then(Number::from_f64));
    number.map(Value::Number).ok_or_else(|| format!("expected a number, found '{text}'"))
}

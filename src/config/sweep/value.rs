//! Reads one value of a setting by its key.

use serde_json::{Map, Number, Value};

use super::error::SweepError;
use crate::config::Config;

/// Separators of list elements. In a sweep, commas separate the swept values.
const LIST_SEPARATORS: [char; 2] = [':', ','];

/// Returns the keys of all settings.
pub(super) fn keys() -> Vec<String> {
    settings(&Config::default()).into_iter().map(|(key, _)| key).collect()
}

/// Returns all settings as a JSON object.
fn settings(config: &Config) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(settings)) => settings,
        _ => unreachable!("settings serialize to an object"),
    }
}

/// Sets a setting from text, written as in a file but without quotes and brackets.
pub(in crate::config) fn set(
    config: &mut Config,
    key: &str,
    value: &str,
) -> Result<(), SweepError> {
    let invalid = |reason: String| {
        let (key, value) = (key.to_string(), value.to_string());
        SweepError::InvalidValue { key, value, reason }
    };
    let mut settings = settings(config);
    let parsed = match settings.get(key) {
        Some(Value::String(_)) => Value::String(value.to_string()),
        Some(Value::Array(_)) => {
            let values = value.split(LIST_SEPARATORS).map(number);
            Value::Array(values.collect::<Result<_, _>>().map_err(invalid)?)
        }
        _ => number(value).map_err(invalid)?,
    };
    settings.insert(key.to_string(), parsed);
    *config = serde_json::from_value(Value::Object(settings))
        .map_err(|error| invalid(error.to_string().replace('`', "'")))?;
    Ok(())
}

fn number(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let whole =
        text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    let number = whole.ok().or_else(|| text.parse().ok().and_then(Number::from_f64));
    number.map(Value::Number).ok_or_else(|| format!("expected a number, found '{text}'"))
}

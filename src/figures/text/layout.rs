//! Text layout: bidirectional order, joined Arabic letters, grapheme clusters.

use std::ops::Range;

use ar_reshaper::ArabicReshaper;
use unicode_bidi::BidiInfo;
use unicode_width::UnicodeWidthChar;

/// Returns the letters from left to right, each with its accents.
pub(super) fn clusters(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return text.chars().map(String::from).collect();
    }
    let text = join_arabic(&text.chars().filter(|c| !is_invisible(*c)).collect::<String>());
    let order = BidiInfo::new(&text, None);
    let mut clusters = Vec::new();
    for paragraph in &order.paragraphs {
        let (levels, runs) = order.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let is_reversed = levels[run.start].is_rtl();
            let mut letters = run_clusters(&text, run);
            if is_reversed {
                letters.reverse();
            }
            clusters.append(&mut letters);
        }
    }
    clusters
}

/// Joins Arabic letters. Requires text without joiners, which the crate miscounts.
fn join_arabic(text: &str) -> String {
    match text.chars().any(|c| ('\u{600}'..='\u{6ff}').contains(&c)) {
        true => ArabicReshaper::default().reshape(text),
        false => text.to_string(),
    }
}

fn run_clusters(text: &str, run: Range<usize>) -> Vec<String> {
    let mut clusters: Vec<String> = Vec::new();
    for letter in text[run].chars() {
        match clusters.last_mut() {
            Some(last) if letter.width() == Some(0) => last.push(letter),
            _ => clusters.push(letter.to_string()),
        }
    }
    clusters
}

/// Returns whether a character only controls how others are shown.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

//! The few words that a new conversation goes on with.

use super::{head::SessionStatus, model::Session, transition::refusal_in_words};

/// The longest statement, in bytes: an agent pays for each.
const LONGEST: usize = 1024;

impl Session {
    /// Where the session is, and the call that goes on with it, in at most 1 KB.
    #[must_use]
    pub fn statement(&self) -> String {
        let head = &self.head;
        let done = self.completed_phases().len();
        let mut words = format!(
            "{} runs {} {} on {}: {}, phase {} ({}), {done} of {} phases done.",
            head.id,
            head.workflow,
            shortened(&head.version, 40),
            shortened(&head.target, 120),
            head.status,
            head.phase,
            shortened(self.title_of(head.phase), 80),
            self.phases.len(),
        );
        if let Some(pause) = self.pause.as_ref().filter(|pause| !pause.note.is_empty()) {
            words.push_str(&format!(" Paused: {}.", shortened(&pause.note, 200)));
        }
        if let Some(last) = self.attempts_at(head.phase).next_back().filter(|last| !last.end.opens()) {
            let why = refusal_in_words(last);
            words.push_str(&format!(" Attempt {} was refused: {}.", last.number, shortened(&why, 200)));
        }
        words.push_str(&match head.status {
            SessionStatus::Active => {
                format!(" Go on: {{\"action\": \"get_phase\", \"session_id\": \"{}\"}}", head.id)
            }
            SessionStatus::Paused => {
                format!(" Go on: {{\"action\": \"resume\", \"session_id\": \"{}\"}}", head.id)
            }
            SessionStatus::Completed => " Nothing is left to do.".to_owned(),
        });
        debug_assert!(words.len() <= LONGEST, "each part is short: {words}");
        words
    }
}

/// At most `bytes` of the text, whole characters.
fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.trim_end_matches('.').to_owned();
    }
    let end = (0..=bytes - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

//! Views over real files: what a person would find in them is found, and edits re-read as meant.

use crate::corpus::{corpus, files};
use regex::Regex;
use rulemark::{
    document::{ItemStatus, Items, Outline, ProjectConfig, Role, WorkflowState},
    text::{Patch, Revision, TextEdit},
};
use std::fs;

/// `text` after `edits`, which have to be disjoint and to fit it.
fn edited(text: &str, edits: Vec<TextEdit>) -> String {
    Patch::new(Revision::of(text), edits).unwrap().apply(text).unwrap()
}

/// Calls `look` with every file of `state` and `config` and every `nth` of `history`, whose files
/// are versions of each other, and prints what it finds wrong.
fn each(nth: usize, look: impl Fn(&str, &mut Vec<String>)) {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    let newest = ["state", "config"].iter().flat_map(|folder| files(&corpus.join(folder)));
    for path in newest.chain(files(&corpus.join("history")).into_iter().step_by(nth)) {
        let text = fs::read_to_string(&path).unwrap();
        let mut found = Vec::new();
        look(&text, &mut found);
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        wrong.extend(found.into_iter().map(|what| format!("{name}: {what}")));
        count += 1;
    }
    println!("{count} files");
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn keys_are_read_as_they_were_set() {
    each(7, |text, wrong| {
        let state = WorkflowState::parse(text);
        for (name, value) in [
            ("Phase", "VALIDATE"),
            ("Status", "NEEDS_PLAN_APPROVAL"),
            ("CurrentItem", "Add sync (repost) | `--dry` # 2"),
            ("CycleCount", "7"),
        ] {
            let after = edited(text, state.set(name, value));
            let again = WorkflowState::parse(&after);
            if again.value(name) != Some(value) {
                wrong.push(format!("{name} is {:?} after set", again.value(name)));
            }
            for key in ["Phase", "Status", "CurrentItem"] {
                if key == name || state.key(name).is_some_and(|own| own.name == key) {
                    continue;
                }
                if again.value(key) != state.value(key) {
                    wrong.push(format!(
                        "{key} was {:?}, is {:?} after set {name}",
                        state.value(key),
                        again.value(key)
                    ));
                }
            }
            if !again.set(name, value).is_empty() {
                wrong.push(format!("{name} set twice is not the same"));
            }
            if again.outline().sections().len() < state.outline().sections().len() {
                wrong.push(format!("set {name} lost a section"));
            }
        }
    });
}

#[test]
fn sections_are_cleared_and_added_to() {
    each(7, |text, wrong| {
        let outline = Outline::parse(text);
        for role in [Role::Log, Role::ArchiveLog, Role::Plan, Role::Changelog, Role::BlueprintHistory] {
            let Some(section) = outline.section(role) else { continue };
            let others: Vec<_> =
                outline.sections().iter().filter(|other| !section.body.covers(other.heading)).collect();
            let same_others = |after: &Outline<'_>, what: &str, wrong: &mut Vec<String>| {
                let own = after.section(role).map(|section| section.body);
                let left =
                    after.sections().iter().filter(|other| own.is_none_or(|own| !own.covers(other.heading)));
                let titles: Vec<_> = left.map(|section| section.title.of(after.text())).collect();
                if titles != others.iter().map(|section| section.title.of(text)).collect::<Vec<_>>() {
                    wrong.push(format!("{what} {role:?} changed other sections"));
                }
            };
            let cleared = edited(text, outline.clear(section));
            let after = Outline::parse(&cleared);
            match after.section(role) {
                Some(section) => {
                    let left = after.content(section);
                    let is_table = left.lines().all(|line| line.trim_start().starts_with('|'));
                    if !left.is_empty() && !is_table {
                        wrong.push(format!("cleared {role:?} holds {left:?}"));
                    }
                    same_others(&after, "clearing", wrong);
                }
                None => wrong.push(format!("cleared {role:?} is gone")),
            }
            for (what, edits) in [
                ("append", outline.append(section, "zyx: entry\nsecond line")),
                ("prepend", outline.prepend(section, "zyx: entry\nsecond line")),
            ] {
                let changed = edited(text, edits);
                let after = Outline::parse(&changed);
                let Some(own) = after.section(role) else {
                    wrong.push(format!("{what} lost {role:?}"));
                    continue;
                };
                if !after.content(own).contains("zyx: entry") {
                    wrong.push(format!("{what} to {role:?} is not in its content"));
                }
                same_others(&after, what, wrong);
                let crlf = text.matches("\r\n").count() == text.matches('\n').count();
                if text.contains('\n')
                    && crlf != (changed.matches("\r\n").count() == changed.matches('\n').count())
                {
                    wrong.push(format!("{what} to {role:?} mixes line ends"));
                }
            }
        }
    });
}

#[test]
fn items_are_added_and_completed() {
    each(7, |text, wrong| {
        let outline = Outline::parse(text);
        let items = Items::read(&outline);
        let added = edited(text, items.add("zyx one"));
        let after = Outline::parse(&added);
        let again = Items::read(&after);
        let is_last = again
            .rows()
            .last()
            .is_some_and(|item| item.description == "zyx one" && item.state == ItemStatus::Unprocessed);
        if !is_last || again.rows().len() != items.rows().len() + 1 {
            wrong.push(format!("added: {} rows, then {:?}", items.rows().len(), again.rows().last()));
        }
        for (index, item) in
            items.rows().iter().enumerate().filter(|(_, item)| item.state == ItemStatus::Unprocessed)
        {
            let edits = items.complete(item);
            if edits.is_empty() {
                continue;
            }
            let done = edited(text, edits);
            let after = Outline::parse(&done);
            let again = Items::read(&after);
            let row = again.rows().get(index);
            if row.is_none_or(|row| row.state != ItemStatus::Processed || row.description != item.description)
            {
                wrong.push(format!("completed {item:?}: {row:?}"));
            }
        }
        for item in items.rows().iter().filter(|item| !item.description.is_empty()) {
            let found = items.matching(&item.description);
            if found.is_none_or(|found| {
                found.description != item.description && found.id.as_deref() != Some(&*item.description)
            }) {
                wrong.push(format!("{:?} matches {found:?}", item.description));
            }
        }
    });
}

#[test]
fn entries_are_logged_and_changes_noted() {
    let at = "2031-02-03T04:05:06".parse::<jiff::civil::DateTime>().unwrap();
    each(7, |text, wrong| {
        let state = WorkflowState::parse(text);
        let logged = edited(text, state.log(at, "zyx happened"));
        let after = WorkflowState::parse(&logged);
        let log = after
            .outline()
            .section(Role::Log)
            .map(|section| after.outline().content(section))
            .unwrap_or_default();
        let line = log.lines().find(|line| line.contains("zyx happened"));
        let day = log.contains("2031-02-03") || log.contains("2031/02/03") || log.contains("2031.02.03");
        if line.is_none() || !day {
            wrong.push(format!("logged: {line:?}"));
        }
        let config = ProjectConfig::parse(text);
        let changed = edited(text, config.add_change(at.date(), "Zyx was done", false));
        if !ProjectConfig::parse(&changed).says_already("Zyx was done") {
            wrong.push("the change is not the newest".to_owned());
        }
    });
}

/// An independent look at the State-like region, line by line: it knows no Markdown and no
/// aliases, only the forms of the report's table.
#[test]
fn phase_and_status_are_found() {
    let section =
        Regex::new(r"(?i)^#{1,6}\s*(?:\d+\.\s*)?\W*(?:current |workflow |project )?(?:state|status)\b[^:]*$")
            .unwrap();
    let heading = Regex::new(r"^#{1,6}\s").unwrap();
    let key = |name: &str| {
        Regex::new(&format!(
            r"(?i)^\s*(?:[-*+>│|]\s+)*\W{{0,4}}[*_`]*(?:State\.)?(?:current ?|active |overall )?{name}[*_`]*\s*[:=|][*_`]*\s*(?P<value>\S.*)$"
        ))
        .unwrap()
    };
    let hole = Regex::new(r"(?i)[{}]|^\W*(?:null|none|n/a)\b|`?\s\|\s`?\w|→.*→|^\W*$").unwrap();
    let keys = [("Phase", key("phase")), ("Status", key("status"))];
    each(1, |text, wrong| {
        let state = WorkflowState::parse(text);
        let (mut is_region, mut is_comment, mut fence) = (true, false, None::<bool>);
        let mut seen = [false; 2];
        for (number, line) in text.lines().enumerate() {
            is_comment |= line.contains("<!--");
            let was_comment = is_comment;
            is_comment &= !line.contains("-->");
            if let Some(info) = line.trim_start().strip_prefix("```") {
                fence = if fence.is_some() { None } else { Some(matches!(info.trim(), "" | "yaml")) };
            }
            if was_comment || fence == Some(false) {
                continue;
            }
            if heading.is_match(line) {
                is_region = number == 0 || section.is_match(line);
            }
            if !is_region || number > 400 {
                continue;
            }
            for (index, (name, pattern)) in keys.iter().enumerate() {
                let Some(found) = pattern.captures(line).filter(|_| !seen[index]) else { continue };
                let value = found["value"].trim_end_matches(['|', ' ', '│']).to_owned();
                if hole.is_match(&value) {
                    continue;
                }
                seen[index] = true;
                let mut read = state.keys().iter().filter(|key| key.name == *name && !key.value.is_empty());
                if !read.any(|key| value.to_lowercase().contains(&key.value.to_lowercase())) {
                    wrong.push(format!(
                        "line {}: {line:?}, but {name} is {:?}",
                        number + 1,
                        state.value(name)
                    ));
                }
            }
        }
    });
}

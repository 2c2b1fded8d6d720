//! Sections by role.

use super::title::{self, Rank};
use crate::{
    markdown::{Block, BlockKind, Heading, Markdown},
    text::Span,
};
use std::{cell::OnceCell, collections::HashMap};

/// What a section is for, whatever its heading is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Phase, Status, CurrentItem and their like.
    State,
    /// The plan.
    Plan,
    /// Rules; a file may have several such sections.
    Rules,
    /// The items.
    Items,
    /// The log.
    Log,
    /// Summaries of earlier logs.
    ArchiveLog,
    /// Earlier plans.
    BlueprintHistory,
    /// Commits.
    WorkflowHistory,
    /// What was done, newest first.
    Changelog,
    /// What came of the items (`## TokenizationResults`).
    Results,
    /// Anything else.
    Other,
}

impl Role {
    /// The role that a rule means by a section's name, in whatever language: `Log`, `변경 이력`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        title::exact(&title::normal(name)).map(|(role, _)| role)
    }
}

/// A heading and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is for.
    pub role: Role,
    /// The heading's level, 1 to 6. A rule's heading inside a Rules section counts as one below it.
    pub level: u8,
    /// The heading's text, decoration and all.
    pub title: Span,
    /// The heading's block; the opening comment of a marked section without a heading.
    pub heading: Span,
    /// From behind the heading to the next section of the same or a higher level, or to the comment
    /// that marks the section's end. Sections below lie inside.
    pub body: Span,
}

/// A document as sections.
#[derive(Clone, Debug)]
pub struct Outline<'t> {
    markdown: Markdown<'t>,
    sections: Vec<Section>,
    /// Index of the section that plays a role, by role.
    chosen: [Option<usize>; ROLES],
    /// Index of the first section with each undecorated title; made when somebody asks.
    titles: OnceCell<HashMap<String, usize>>,
}

const ROLES: usize = Role::Other as usize;

/// Real files nest none; the limit keeps a file of nothing but opening comments linear.
const MAX_OPEN_MARKERS: usize = 16;

impl<'t> Outline<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let markdown = Markdown::parse(text);
        let mut reader = Reader::new(&markdown);
        for block in markdown.blocks() {
            reader.read(block);
        }
        let (sections, ranks) = reader.finish();
        let chosen = choose(&markdown, &sections, &ranks);
        Self { markdown, sections, chosen, titles: OnceCell::new() }
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.markdown.text()
    }

    /// The blocks below.
    #[must_use]
    pub fn markdown(&self) -> &Markdown<'t> {
        &self.markdown
    }

    /// All sections, in the order of the file.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section that plays `role`; of several the one the file works with: the one whose name
    /// leaves least doubt, of these the one highest up in the hierarchy, of these the first. (Files
    /// that keep a State, Plan and Log for each task put the current task on top.) An empty State
    /// or Items gives way to a later one that is not.
    #[must_use]
    pub fn section(&self, role: Role) -> Option<&Section> {
        let index = (*self.chosen.get(role as usize)?)?;
        self.sections.get(index)
    }

    /// The section a rule calls `name`: `Log`, `## ArchiveLog`, `Blueprint History`. By role first,
    /// then by its undecorated title, without case.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Section> {
        let wanted = title::normal(name);
        let by_role = title::exact(&wanted).and_then(|(role, _)| self.section(role));
        by_role.or_else(|| self.sections.get(*self.titles().get(&wanted)?))
    }

    fn titles(&self) -> &HashMap<String, usize> {
        self.titles.get_or_init(|| {
            let titles = self.sections.iter().map(|section| title::normal(section.title.of(self.text())));
            let mut first = HashMap::new();
            for (index, title) in titles.enumerate() {
                first.entry(title).or_insert(index);
            }
            first
        })
    }
}

/// Builds sections from blocks, in one pass.
struct Reader<'m> {
    markdown: &'m Markdown<'m>,
    sections: Vec<Section>,
    ranks: Vec<Rank>,
    /// Sections that have not ended, outermost first.
    open: Vec<usize>,
    /// Opening comments (`<!-- DYNAMIC:LOG:START -->`) without their closing one.
    markers: Vec<Marker<'m>>,
    /// Where an opening comment stands that has nothing but blank lines and comments behind it.
    pending: Option<usize>,
    has_heading: bool,
    has_several_titles: bool,
}

struct Marker<'m> {
    name: &'m str,
    comment: Span,
    /// How many sections there were before it.
    sections: usize,
}

impl<'m> Reader<'m> {
    fn new(markdown: &'m Markdown<'m>) -> Self {
        let text = markdown.text();
        let is_title =
            |heading: &Heading| heading.level == 1 && !title::is_inside_rules(heading.text.of(text));
        let titles = markdown.headings().filter(|(_, heading)| is_title(heading)).take(2).count();
        Self {
            markdown,
            sections: Vec::new(),
            ranks: Vec::new(),
            open: Vec::new(),
            markers: Vec::new(),
            pending: None,
            has_heading: false,
            has_several_titles: titles > 1,
        }
    }

    fn read(&mut self, block: &Block) {
        match block.kind {
            BlockKind::Heading(heading) => self.heading(block.span, heading),
            BlockKind::Comment => self.comment(block.span),
            BlockKind::Blank => {}
            BlockKind::Wrapper => {
                if block.span.start > 0 {
                    self.close(0, block.span.start);
                }
            }
            _ => self.pending = None,
        }
    }

    fn heading(&mut self, span: Span, heading: Heading) {
        let title = heading.text.of(self.markdown.text());
        let rules = self.open.iter().copied().find(|&index| self.sections[index].role == Role::Rules);
        let level = match rules {
            Some(index) if title::is_inside_rules(title) => {
                heading.level.max((self.sections[index].level + 1).min(6))
            }
            _ => heading.level,
        };
        let end = self.pending.take().unwrap_or(span.start);
        let deep = self.open.partition_point(|&index| self.sections[index].level < level);
        self.close(deep, end);
        let (role, rank) = self.role(title, heading.level);
        self.has_heading = true;
        self.open.push(self.sections.len());
        let body = Span::new(span.end, self.markdown.text().len());
        self.sections.push(Section { role, level, title: heading.text, heading: span, body });
        self.ranks.push(rank);
    }

    fn role(&self, title: &str, level: u8) -> (Role, Rank) {
        let none = (Role::Other, Rank::MAX);
        let owner = self.open.iter().map(|&index| self.sections[index].role);
        if owner.into_iter().any(|role| !matches!(role, Role::State | Role::Other)) {
            return none;
        }
        let (role, rank) = title::role(title);
        // Titles are the document's: `# Workflow State & Rules`, `# Project Plan`. Of several, those
        // that leave no doubt are sections.
        if level == 1 && (rank > 0 || (!self.has_heading && !self.has_several_titles)) {
            return none;
        }
        let marker = self.markers.last().filter(|marker| marker.sections == self.sections.len());
        match marker {
            Some(marker) if role == Role::Other => title::exact(&title::normal(marker.name)).unwrap_or(none),
            _ => (role, rank),
        }
    }

    fn comment(&mut self, span: Span) {
        let text = self.markdown.text();
        let mut at = span.start;
        for line in span.of(text).split_inclusive(['\n', '\r']) {
            match marker(line) {
                Some((name, true)) => {
                    self.pending.get_or_insert(at);
                    let comment = Span::new(at, at + line.len());
                    if self.markers.len() < MAX_OPEN_MARKERS {
                        self.markers.push(Marker { name, comment, sections: self.sections.len() });
                    }
                }
                Some((name, false)) => self.end_marker(name, at),
                None => {}
            }
            at += line.len();
        }
    }

    fn end_marker(&mut self, name: &str, at: usize) {
        let Some(index) = self.markers.iter().rposition(|marker| marker.name == name) else { return };
        let Marker { comment, sections, .. } = self.markers.swap_remove(index);
        self.markers.truncate(index);
        self.pending = None;
        let deep = self.open.partition_point(|&index| index < sections);
        self.close(deep, at);
        if sections == self.sections.len() {
            let Some((role, rank)) = title::exact(&title::normal(name)) else { return };
            let title = comment.of(self.markdown.text()).find(name).unwrap_or(0) + comment.start;
            self.sections.push(Section {
                role,
                level: 2,
                title: Span::new(title, title + name.len()),
                heading: comment,
                body: Span::new(comment.end, at),
            });
            self.ranks.push(rank);
        }
    }

    /// Ends the open sections from the `deep`th on.
    fn close(&mut self, deep: usize, end: usize) {
        for index in self.open.drain(deep..) {
            let body = &mut self.sections[index].body;
            body.end = end.max(body.start);
        }
    }

    fn finish(self) -> (Vec<Section>, Vec<Rank>) {
        (self.sections, self.ranks)
    }
}

/// The name in `<!-- DYNAMIC:NAME:START -->` or `…:END`, and whether it starts.
fn marker(line: &str) -> Option<(&str, bool)> {
    let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let named = inside.strip_prefix("DYNAMIC:").or_else(|| inside.strip_prefix("STATIC:"))?;
    let (name, edge) = named.rsplit_once(':')?;
    match edge {
        "START" | "BEGIN" => Some((name, true)),
        "END" => Some((name, false)),
        _ => None,
    }
}

fn choose(markdown: &Markdown<'_>, sections: &[Section], ranks: &[Rank]) -> [Option<usize>; ROLES] {
    let mut chosen: [Option<usize>; ROLES] = [None; ROLES];
    let mut chosen_is_empty = [false; ROLES];
    let place = |index: usize| (ranks[index], sections[index].level);
    for (index, section) in sections.iter().enumerate() {
        let Some(slot) = chosen.get_mut(section.role as usize) else { continue };
        let is_better = match *slot {
            None => true,
            Some(best) if place(index) != place(best) => place(index) < place(best),
            Some(_) => chosen_is_empty[section.role as usize] && !is_empty(markdown, section.body),
        };
        if is_better {
            *slot = Some(index);
            // The others are emptied in the course of work, and must not lose their role by that.
            chosen_is_empty[section.role as usize] =
                matches!(section.role, Role::State | Role::Items) && is_empty(markdown, section.body);
        }
    }
    chosen
}

fn is_empty(markdown: &Markdown<'_>, body: Span) -> bool {
    markdown
        .blocks_in(body)
        .iter()
        .all(|block| matches!(block.kind, BlockKind::Blank | BlockKind::Comment | BlockKind::Break))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `role level title = body`, one a line.
    fn sections(text: &str) -> String {
        let outline = Outline::parse(text);
        let lines = outline.sections().iter().map(|section| {
            let body = section.body.of(text).escape_debug().to_string();
            format!("{:?} {} {} = {body}", section.role, section.level, section.title.of(text))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(sections(text), expected.join("\n"), "{text:?}");
    }

    #[test]
    fn bodies_end_at_the_next_heading_of_the_same_level() {
        check(
            "# Workflow State\nx\n## State\na\n### Deep\nb\n## Log\n- c\n  ## Items\n> ## Plan\n",
            &[
                "Other 1 Workflow State = x\\n## State\\na\\n### Deep\\nb\\n## Log\\n- c\\n  ## Items\\n> ## Plan\\n",
                "State 2 State = a\\n### Deep\\nb\\n",
                "Other 3 Deep = b\\n",
                "Log 2 Log = - c\\n  ## Items\\n> ## Plan\\n",
            ],
        );
    }

    #[test]
    fn rules_keep_their_own_headings() {
        check(
            "## Rules\n# --- Core Rules ---\n## [PHASE: A]\n1\n## RULE_A_01\n### Git Rules\n## Items\n",
            &[
                "Rules 2 Rules = # --- Core Rules ---\\n## [PHASE: A]\\n1\\n## RULE_A_01\\n### Git Rules\\n",
                "Other 3 --- Core Rules --- = ",
                "Other 3 [PHASE: A] = 1\\n",
                "Other 3 RULE_A_01 = ",
                "Other 3 Git Rules = ",
                "Items 2 Items = ",
            ],
        );
    }

    #[test]
    fn comments_mark_the_ends() {
        check(
            "<!-- DYNAMIC:STATE:START -->\n## State\na\n<!-- DYNAMIC:STATE:END -->\n\n<!-- note -->\n\n\
             <!-- DYNAMIC:LOG:START -->\n## Journal of work\nb\n<!-- DYNAMIC:LOG:END -->\nc\n\
             <!-- DYNAMIC:PLAN:START -->\nd\n<!-- DYNAMIC:PLAN:END -->\n",
            &["State 2 State = a\\n", "Log 2 Journal of work = b\\n", "Plan 2 PLAN = d\\n"],
        );
        check(
            "## Plan\n| a | b |\n<!-- DYNAMIC:LOG:START -->\n## Log\n",
            &["Plan 2 Plan = | a | b |\\n", "Log 2 Log = "],
        );
    }

    #[test]
    fn the_section_the_file_works_with() {
        let check = |text: &str, role: Role, expected: Option<&str>| {
            let outline = Outline::parse(text);
            let body = outline.section(role).map(|section| section.body.of(text).trim());
            assert_eq!(body, expected, "{text:?}");
        };
        check("## A\n### Log\n1\n## Log\n2\n## Log\n3\n", Role::Log, Some("2"));
        check("## State\n\n<!-- c -->\n## State\nPhase: A\n", Role::State, Some("Phase: A"));
        check("## Log\n\n## Log\n1\n", Role::Log, Some(""));
        check("## Status\nfine\n## State\nPhase: A\n", Role::State, Some("Phase: A"));
        check("## Task 1\n### Log\n1\n## Task 2\n### Log\n2\n", Role::Log, Some("1"));
        check("## Version Changelog\n1\n## Workflow History\n2\n", Role::Changelog, None);
        check("```markdown\n# T\n## Log\n1\n```\n", Role::Log, Some("1"));
        check("## Plan\n### Log\n1\n", Role::Log, None);
        check("# Log\n1\n# State\n2\n", Role::Log, Some("1"));
        check("# Log of the Project\n## State\n2\n", Role::Log, None);
    }

    #[test]
    fn sections_by_name() {
        let text = "## 🔄 Log\n1\n## Blueprint History\n2\n## My **Notes**\n3\n";
        let outline = Outline::parse(text);
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(outline.named(name).map(|section| section.body.of(text).trim()), expected, "{name}");
        };
        check("## Log", Some("1"));
        check("**log**", Some("1"));
        check("Blueprint History", Some("2"));
        check("my notes", Some("3"));
        check("Items", None);
    }
}

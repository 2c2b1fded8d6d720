//! The blocks of a file.

use super::{
    lines::Lines,
    scan::{self, Nesting},
    wrapper,
};
use crate::text::Span;

/// A text read as Markdown.
///
/// Invariant: the blocks tile the text; their spans, concatenated, are the text.
#[derive(Clone, Debug)]
pub struct Markdown<'t> {
    text: &'t str,
    blocks: Vec<Block>,
    /// Fenced code inside lists and quotes.
    pub(super) nested_fences: Vec<Span>,
    deepest: Nesting,
}

/// One block at the top level of a file, with its line ends. What stands inside lists and quotes is
/// part of the list or the quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The bytes, from the beginning of its first line to the end of its last.
    pub span: Span,
    /// What it is.
    pub kind: BlockKind,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Blank lines, and a byte order mark.
    Blank,
    /// YAML or TOML between `---` or `+++` at the top of the file.
    FrontMatter,
    /// A heading; of either kind.
    Heading(Heading),
    /// A fenced code block. The two fences of a *whole-file* fence are blocks of their own
    /// ([`BlockKind::Wrapper`]).
    Fence {
        /// The info string.
        info: Span,
        /// The lines between the fences.
        body: Span,
        /// Whether the closing fence is there.
        closed: bool,
    },
    /// One of the two lines of a fence that holds the whole document.
    Wrapper,
    /// Code by indentation.
    IndentedCode,
    /// A block that is only HTML comments.
    Comment,
    /// Other HTML.
    Html,
    /// `---`.
    Break,
    /// `> …`.
    Quote,
    /// A list of any kind.
    List,
    /// A table with its delimiter row.
    Table,
    /// Anything else.
    Paragraph,
}

/// A heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its text, without `#`, closing `#` and white space; decoration and all.
    pub text: Span,
}

impl<'t> Markdown<'t> {
    /// Reads `text`; every text is Markdown.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let mut blocks = scan::Blocks::new(text);
        if text.starts_with(scan::BYTE_ORDER_MARK) {
            blocks.push(scan::BYTE_ORDER_MARK.len_utf8(), BlockKind::Blank);
        }
        let (open, close) = wrapper::find(text, blocks.at());
        if let Some(open) = open {
            blocks.fill_to(open.start);
            blocks.push(open.end, BlockKind::Wrapper);
        }
        if let Some(end) = wrapper::front_matter(text, blocks.at()) {
            blocks.push(end, BlockKind::FrontMatter);
        }
        blocks.scan(close.map_or(text.len(), |close| close.start));
        if let Some(close) = close {
            blocks.push(close.end, BlockKind::Wrapper);
            blocks.fill_to(text.len());
        }
        let scan::Parts { blocks, nested_fences, deepest } = blocks.finish();
        debug_assert!(tiles(&blocks, text.len()), "blocks tile the text: {blocks:?}");
        Self { text, blocks, nested_fences, deepest }
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The blocks, in order, without gaps.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The blocks that begin inside `span`.
    #[must_use]
    pub fn blocks_in(&self, span: Span) -> &[Block] {
        let first = self.blocks.partition_point(|block| block.span.start < span.start);
        let behind = self.blocks.partition_point(|block| block.span.start < span.end);
        &self.blocks[first..behind.max(first)]
    }

    /// The deepest lists and quotes.
    #[must_use]
    pub fn deepest(&self) -> Nesting {
        self.deepest
    }

    /// The headings of the outline, with the spans of their blocks.
    pub fn headings(&self) -> impl Iterator<Item = (Span, Heading)> + '_ {
        self.blocks.iter().filter_map(|block| match block.kind {
            BlockKind::Heading(heading) => Some((block.span, heading)),
            _ => None,
        })
    }

    /// The lines that begin inside `span`, with what the blocks say about them. A lone carriage
    /// return ends a line, as in CommonMark; a byte order mark belongs to no line.
    #[must_use]
    pub fn lines(&self, span: Span) -> Lines<'_> {
        Lines::new(self, span)
    }
}

fn tiles(blocks: &[Block], length: usize) -> bool {
    let mut at = 0;
    blocks.iter().all(|block| {
        let fits = block.span.start == at && block.span.end > at;
        at = block.span.end;
        fits
    }) && at == length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One letter a block; headings as `1:text`.
    fn shape(text: &str) -> String {
        let markdown = Markdown::parse(text);
        let shapes = markdown.blocks().iter().map(|block| match &block.kind {
            BlockKind::Blank => "_".to_owned(),
            BlockKind::FrontMatter => "Y".to_owned(),
            BlockKind::Heading(heading) => format!("{}:{}", heading.level, heading.text.of(text)),
            BlockKind::Fence { info, body, closed } => {
                let open = if *closed { "" } else { "…" };
                format!("F({})[{}]{open}", info.of(text), body.of(text).escape_debug())
            }
            BlockKind::Wrapper => "W".to_owned(),
            BlockKind::IndentedCode => "I".to_owned(),
            BlockKind::Comment => "C".to_owned(),
            BlockKind::Html => "H".to_owned(),
            BlockKind::Break => "B".to_owned(),
            BlockKind::Quote => "Q".to_owned(),
            BlockKind::List => "L".to_owned(),
            BlockKind::Table => "T".to_owned(),
            BlockKind::Paragraph => "P".to_owned(),
        });
        shapes.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shape(text), expected, "{text:?}");
    }

    #[test]
    fn surfaces() {
        check("", "");
        check("\n\n", "_");
        check("\u{feff}# A\n", "_ 1:A");
        check("\u{feff}", "_");
        check("# A\r\n\r\nb\r\n", "1:A _ P");
        check("# A\r## B\r", "1:A 2:B");
        check("a\0b\n", "P");
        check("\t\n# A", "_ 1:A");
        check("   ## A ##  \n", "2:A");
        check("##\n", "2:");
        check("## **🚀 A** \\_b #c\n", "2:**🚀 A** \\_b #c");
        check("A\n===\n\nb\n---\n", "1:A _ 2:b");
        check("\n\n    code\n", "_ I");
        check("[a]: b\n\n[c]: d\ntext\n", "P _ P P");
    }

    #[test]
    fn blocks_of_each_kind() {
        check("- a\n\n  b\n\n\n# A\n", "L _ 1:A");
        check("> # q\n\ntext\n***\n", "Q _ P B");
        check("<!-- a\nb -->\n<div>\n# no\n</div>\n", "C H");
        check("| a | b |\n|---|---|\n| 1 | 2 |\n<!-- c -->\n", "T C");
        check("```sh\nls\n```\n", "F(sh)[ls\\n]");
        check("~~~~ rust ignore\n```\n# no\n~~~\n", "F(rust ignore)[```\\n# no\\n~~~\\n]…");
        check("```\n\n", "F()[\\n]…");
        check("```", "F()[]…");
        check("- a\n  # no\n  ```\n  # no\n  ```\n", "L");
    }

    #[test]
    fn a_thematic_break_below_keys_or_prose_makes_no_heading() {
        check("Phase: A\n---\n", "P B");
        check("**Updated:** today\n---\n", "P B");
        check("one\ntwo\n---\nmore\n", "P B P");
        check("It is done.\n---\n", "P B");
        check("Overview\n---\n", "2:Overview");
        check("Phase: A\n===\n", "1:Phase: A");
    }

    #[test]
    fn whole_file_fences() {
        check("```markdown\n# A\n\n```sh\nls\n```\n## B\n```\n", "W 1:A _ F(sh)[ls\\n] 2:B W");
        check("\n```md\n# A\n```\n\n", "_ W 1:A W _");
        check("```\n# A\n## B\n```", "W 1:A 2:B W");
        check("````markdown\n# A\n```\n# no\n```\n````\n", "W 1:A F()[# no\\n] W");
        check("```markdown\n# A\n", "W 1:A");
        check("```\nls\n```\n# A\n```\nls\n```\n", "F()[ls\\n] 1:A F()[ls\\n]");
        check("```markdown\nx\n```\n# A\n```sh\nls\n```\n", "F(markdown)[x\\n] 1:A F(sh)[ls\\n]");
        check("```sh\n# A\n```\n", "F(sh)[# A\\n]");
        check("```\n# install\nmake\n```\n", "F()[# install\\nmake\\n]");
    }

    #[test]
    fn front_matter() {
        check("---\nphase: A\n---\n# A\n", "Y 1:A");
        check("---\n# c\na:\n  - b\n...\n", "Y");
        check("+++\na = 1\n+++\nb\n", "Y P");
        check("---\n\ntext\n\n---\n", "B _ P _ B");
        check("---\nphase: A\n", "B P");
        check("```markdown\n---\na: b\n---\n# A\n```\n", "W Y 1:A W");
    }

    /// Lines of the kind that real files are made of, in any order.
    pub(crate) fn markdownish() -> impl Strategy<Value = String> {
        let line = proptest::sample::select(vec![
            "",
            " ",
            "\t",
            "# A",
            "## B ##",
            "Setext",
            "===",
            "---",
            "```",
            "```yaml",
            "~~~",
            "- a",
            "  - b",
            "1. c",
            "> # q",
            "| a | b |",
            "|---|---|",
            "<!-- c -->",
            "<!--",
            "-->",
            "<div>",
            "    code",
            "\t- tab",
            "[r]: x",
            "Phase: A",
            "**Status:** `x`",
            "é▶😀",
            "\0",
            "\u{feff}",
            "```markdown",
            "- [ ] t",
            "\\_",
            "+++",
            "* * *",
        ]);
        let end = proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r", ""]);
        proptest::collection::vec((line, end), 0..30)
            .prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
    }

    proptest! {
        #[test]
        fn blocks_tile_anything(text in "\\PC{0,60}|[#\\-`~>|: \r\n\ta<!]{0,60}") {
            let markdown = Markdown::parse(&text);
            prop_assert!(tiles(markdown.blocks(), text.len()));
        }

        #[test]
        fn blocks_and_lines_tile_markdown(text in markdownish()) {
            let markdown = Markdown::parse(&text);
            prop_assert!(tiles(markdown.blocks(), text.len()));
            let whole = markdown.lines(Span::new(0, text.len()));
            let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
            let joined: String = whole.map(|line| line.span.of(&text)).collect();
            prop_assert_eq!(&joined, &text[skipped..]);
        }
    }
}

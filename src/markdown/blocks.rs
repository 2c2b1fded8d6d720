//! Blocks and lines.

use crate::text::Span;

/// A text read as Markdown.
///
/// Invariant: the blocks tile the text; their spans, concatenated, are the text.
#[derive(Clone, Debug)]
pub struct Markdown<'t> {
    text: &'t str,
    blocks: Vec<Block>,
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

/// One line inside a section, with what it looks like by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line with its line end.
    pub span: Span,
    /// The line without line end, indentation and trailing white space.
    pub content: Span,
    /// White space before `content`, in columns (a tab goes to the next multiple of 4).
    pub indent: usize,
    /// What it looks like.
    pub kind: LineKind,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space.
    Blank,
    /// A heading of the outline.
    Heading,
    /// Opens or closes a code fence.
    FenceEdge,
    /// Inside a code fence or front matter.
    Code,
    /// Wholly inside HTML comments.
    Comment,
    /// `---`.
    Break,
    /// A list item's first line; `body` is what follows marker and box.
    Item {
        /// `-`, `*`, `+`, `1.`, `1)`.
        marker: Span,
        /// `[ ]`, `[x]`.
        check: Option<CheckBox>,
        /// The rest of the line.
        body: Span,
    },
    /// A row of pipes: `| a | b |`.
    Row,
    /// `> …`.
    Quote,
    /// Anything else.
    Text,
}

/// A task box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckBox {
    /// The brackets and what is between.
    pub span: Span,
    /// Whether it holds an x.
    pub ticked: bool,
}

impl<'t> Markdown<'t> {
    /// Reads `text`; every text is Markdown.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        Self { text, blocks: Vec::new() }
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

    /// The headings of the outline, with the spans of their blocks.
    pub fn headings(&self) -> impl Iterator<Item = (Span, Heading)> + '_ {
        self.blocks.iter().filter_map(|block| match block.kind {
            BlockKind::Heading(heading) => Some((block.span, heading)),
            _ => None,
        })
    }

    /// The lines that begin inside `span`, with what the blocks say about them.
    pub fn lines(&self, span: Span) -> impl Iterator<Item = Line> + '_ {
        let _ = span;
        std::iter::empty()
    }
}

//! comrak's opinion on where headings are: sections hang on nothing else.

use comrak::{Arena, Options, nodes::NodeValue, parse_document};
use proptest::prelude::*;
use rulemark::{
    markdown::{BlockKind, Markdown},
    text::LineIndex,
};

/// Line and level of every heading at the top level.
type Headings = Vec<(usize, u8)>;

fn ours(text: &str) -> Headings {
    let lines = LineIndex::new(text);
    let markdown = Markdown::parse(text);
    let headings = markdown.headings();
    headings.map(|(span, heading)| (lines.line_column(span.start).line, heading.level)).collect()
}

fn comraks(text: &str) -> Headings {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.front_matter_delimiter = Some("---".into());
    let arena = Arena::new();
    let document = parse_document(&arena, text, &options);
    document
        .children()
        .filter_map(|node| {
            let data = node.data.borrow();
            match &data.value {
                NodeValue::Heading(heading) => Some((data.sourcepos.start.line, heading.level)),
                _ => None,
            }
        })
        .collect()
}

#[test]
fn headings_of_real_files() {
    let Some(corpus) = super::corpus::corpus() else { return };
    let mut compared = 0;
    let mut differing = Vec::new();
    for path in super::corpus::files(&corpus) {
        let text = std::fs::read_to_string(&path).unwrap();
        let markdown = Markdown::parse(&text);
        let is = |kind: BlockKind| markdown.blocks().iter().any(|block| block.kind == kind);
        // To comrak a document inside a fence is code, and front matter begins in the first line.
        if !is(BlockKind::Wrapper) && !is(BlockKind::FrontMatter) {
            compared += 1;
            if ours(&text) != comraks(&text) {
                differing.push(path);
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    println!("{compared} files compared");
}

proptest! {
    #[test]
    fn headings_of_any_text(lines in proptest::collection::vec(
        prop_oneof![
            Just("# a"), Just("## b ##"), Just("  ### c"), Just("    # code"), Just("a"), Just(""),
            Just("- # item"), Just("> # quote"), Just("```"), Just("~~~"), Just("<!--"), Just("-->"), Just("\t# tab"), Just("#no"), Just("#"), Just("####### 7"), Just("1. x"),
        ],
        0..14,
    )) {
        // Without underlined headings: `---` below lines of keys or pipes is a break to us.
        let text = format!("x\n\n{}\n", lines.join("\n"));
        prop_assert_eq!(ours(&text), comraks(&text), "{}", text);
    }
}

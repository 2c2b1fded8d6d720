//! A workflow as a picture: Mermaid for documents, SVG for everything else.

use super::model::{Definition, Next, Phase};
use std::fmt::Write as _;

impl Definition {
    /// The phases and where they lead, as a Mermaid flow chart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut chart = "flowchart TD\n".to_owned();
        for phase in &self.phases {
            let label = mermaid_text(&label(phase));
            let (open, close) = if phase.when.is_some() { ("{{", "}}") } else { ("[", "]") };
            writeln!(chart, "    p{}{open}\"{label}\"{close}", phase.number).ok();
        }
        if self.dynamic.is_some() {
            writeln!(chart, "    spec[/\"phases of the specification\"/]").ok();
        }
        writeln!(chart, "    done([\"complete\"])").ok();
        for edge in edges(self) {
            let arrow = if edge.is_gated { "-->|gate|" } else { "-->" };
            writeln!(chart, "    {} {arrow} {}", edge.from, edge.to).ok();
        }
        chart
    }

    /// The same as an SVG of its own: no script, no font, no address in it.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut rows: Vec<(String, String, bool)> = self
            .phases
            .iter()
            .map(|phase| (format!("p{}", phase.number), label(phase), phase.when.is_some()))
            .collect();
        if self.dynamic.is_some() {
            rows.push(("spec".to_owned(), "phases of the specification".to_owned(), true));
        }
        rows.push(("done".to_owned(), "complete".to_owned(), false));
        let height = rows.len() * STEP + MARGIN;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"14\">\n<title>{}</title>\n",
            xml(&self.name)
        );
        svg.push_str(
            "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n",
        );
        let row_of = |name: &str| rows.iter().position(|(known, ..)| known == name);
        let (mut forwards, mut backwards) = (0, 0);
        for edge in edges(self) {
            let (Some(from), Some(to)) = (row_of(&edge.from), row_of(&edge.to)) else { continue };
            let lane = if to > from { &mut forwards } else { &mut backwards };
            svg.push_str(&line(from, to, *lane % LANES));
            *lane += usize::from(to != from + 1);
        }
        for (at, (_, label, is_optional)) in rows.iter().enumerate() {
            let y = MARGIN + at * STEP;
            let dash = if *is_optional { " stroke-dasharray=\"4 3\"" } else { "" };
            let label = fitting(label);
            write!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{BOX}\" height=\"{TALL}\" rx=\"6\" fill=\"#fff\" stroke=\"#555\"{dash}/>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                LEFT + BOX / 2,
                y + TALL / 2 + 5,
                xml(&label)
            )
            .ok();
        }
        svg.push_str("</svg>\n");
        svg
    }
}

const WIDTH: usize = 520;
const LEFT: usize = 80;
const BOX: usize = 360;
const TALL: usize = 36;
const STEP: usize = 72;
const MARGIN: usize = 20;
/// Arrows that run side by side beside the boxes.
const LANES: usize = 6;

/// One way from a phase to the next.
struct Edge {
    from: String,
    to: String,
    is_gated: bool,
}

fn edges(definition: &Definition) -> Vec<Edge> {
    let behind_all = if definition.dynamic.is_some() { "spec" } else { "done" };
    let mut edges = Vec::new();
    for (at, phase) in definition.phases.iter().enumerate() {
        let mut to: Vec<String> = match &phase.next {
            Next::Following => {
                let next = definition.phases.get(at + 1);
                vec![next.map_or_else(|| behind_all.to_owned(), |next| format!("p{}", next.number))]
            }
            Next::OneOf(numbers) => numbers.iter().map(|number| format!("p{number}")).collect(),
            Next::End => vec!["done".to_owned()],
        };
        to.dedup();
        let from = format!("p{}", phase.number);
        let is_gated = !phase.gate.is_open();
        edges.extend(to.into_iter().map(|to| Edge { from: from.clone(), to, is_gated }));
    }
    if definition.dynamic.is_some() {
        edges.push(Edge { from: "spec".to_owned(), to: "done".to_owned(), is_gated: false });
    }
    edges
}

fn label(phase: &Phase) -> String {
    format!("{}: {}", phase.number, phase.title)
}

/// An arrow: straight down to the row below; around the right side further down, around the left one back.
fn line(from: usize, to: usize, lane: usize) -> String {
    let bottom = MARGIN + from * STEP + TALL;
    let top = MARGIN + to * STEP;
    if to == from + 1 {
        let x = LEFT + BOX / 2;
        return format!(
            "<path d=\"M{x} {bottom}V{top}\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#tip)\"/>\n"
        );
    }
    let aside = 12 + lane * 10;
    let (side, bend) = if to > from { (LEFT + BOX, LEFT + BOX + aside) } else { (LEFT, LEFT - aside) };
    // What leaves a box leaves it below what comes to it.
    let (start, end) = (MARGIN + from * STEP + TALL * 3 / 4, MARGIN + to * STEP + TALL / 4);
    format!(
        "<path d=\"M{side} {start}H{bend}V{end}H{side}\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#tip)\"/>\n"
    )
}

/// As much of a label as fits into its box, whatever sans-serif font there is.
fn fitting(label: &str) -> String {
    let room = BOX - 20;
    let widths = label.chars().scan(0, |sum, c| {
        *sum += width_of(c);
        Some(*sum)
    });
    let fits = widths.clone().take_while(|end| *end <= room).count();
    if fits == widths.count() {
        return label.to_owned();
    }
    let cut: String = label.chars().take(fits.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// How wide a letter is at most, in pixels, in common fonts at the size of the labels.
fn width_of(c: char) -> usize {
    match (c, unicode_width::UnicodeWidthChar::width(c)) {
        ('M' | 'W' | 'm' | 'w' | '@' | '%', _) => 14,
        (_, Some(2)) => 15,
        (_, None | Some(0)) => 0,
        (c, _) if c.is_uppercase() => 11,
        _ => 9,
    }
}

fn mermaid_text(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => "#quot;".to_owned(),
            '<' => "#lt;".to_owned(),
            '>' => "#gt;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

fn xml(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::workflow::Bundle;

    fn definition() -> super::Definition {
        let text = "---\nid: abc\nversion: 1.0.0\nname: A <b> & \"c\"\ndescription: d\ninputs:\n  big: {type: boolean, default: false}\n---\n## Phase 1: Look \"<here>\"\n\nNext: 2, 3\n\nx\n\n### Gate\n- [ ] done\n\n## Phase 2: Small\n\nNext: end\n\nx\n\n## Phase 3: Large\n\nWhen: `inputs.big`\n\nNext: 1, 2\n\nx\n";
        let reading = Bundle::of_file("w/abc.md", text).read();
        reading.definition.unwrap_or_else(|| panic!("{:?}", reading.faults))
    }

    #[test]
    fn mermaid() {
        assert_eq!(
            definition().to_mermaid(),
            "flowchart TD\n    p1[\"1: Look #quot;#lt;here#gt;#quot;\"]\n    p2[\"2: Small\"]\n    p3{{\"3: Large\"}}\n    done([\"complete\"])\n    p1 -->|gate| p2\n    p1 -->|gate| p3\n    p2 --> done\n    p3 --> p1\n    p3 --> p2\n"
        );
    }

    #[test]
    fn svg_escapes_what_it_shows() {
        let svg = definition().to_svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("<title>A &lt;b&gt; &amp; &quot;c&quot;</title>"));
        assert!(svg.contains("1: Look &quot;&lt;here&gt;&quot;") && !svg.contains("<here>"));
        assert_eq!(svg.matches("marker-end").count(), 5);
        assert_eq!(svg.matches("stroke-dasharray").count(), 1);
        // Down on the right, back on the left, each in a lane of its own.
        let around: Vec<&str> =
            svg.lines().filter(|line| line.contains("marker-end") && line.contains('H')).collect();
        assert_eq!(around.len(), 4, "{around:?}");
        let starts = |start: &str| around.iter().filter(|line| line.contains(start)).count();
        assert_eq!((starts("d=\"M440 "), starts("d=\"M80 ")), (2, 2), "{around:?}");
        assert!(
            around.iter().any(|line| line.contains("H452V"))
                && around.iter().any(|line| line.contains("H462V"))
        );
    }

    #[test]
    fn labels_stay_in_their_boxes() {
        for (label, fits) in [
            ("1: Look", true),
            ("4: Say what the change has to do, and how", false),
            (&"W".repeat(24), true),
            (&"W".repeat(25), false),
            (&"検".repeat(22), true),
            (&"検".repeat(23), false),
        ] {
            let shown = super::fitting(label);
            assert_eq!(shown == label, fits, "{shown}");
            assert_eq!(shown.ends_with('…'), !fits, "{shown}");
        }
    }
}

//! Draws `examples/demo.svg`, the README's picture: what `rulemark demo` prints, as a terminal shows it.
//!
//! `scripts/picture` builds the command and runs this. With `--check` nothing is written; the exit
//! code says whether the picture still shows what the demo prints, times and ids aside.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a script: it runs the demo and writes one file that is not a state file"
)]

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf, process::Command};

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo.svg");

/// Columns of the terminal; longer lines wrap, as they would there.
const COLUMNS: usize = 100;

/// How many paragraphs of the demo are shown, from its beginning and from its end. All of it would be
/// too tall for a README.
const SHOWN: (usize, usize) = (2, 3);

/// Pixels.
const CELL_WIDTH: f64 = 8.4;
const LINE_HEIGHT: f64 = 19.0;
const MARGIN: f64 = 18.0;
const TITLE_BAR: f64 = 34.0;

fn main() -> Result<(), Box<dyn Error>> {
    let svg = draw(&excerpt(&wrapped(&demo()?)));
    if env::args().any(|argument| argument == "--check") {
        let drawn = fs::read_to_string(PICTURE)?;
        if masked(&drawn) != masked(&svg) {
            return Err("examples/demo.svg no longer shows what the demo prints; run scripts/picture".into());
        }
        return Ok(());
    }
    fs::write(PICTURE, svg)?;
    Ok(())
}

/// The command line and the paragraphs that are shown.
fn excerpt(printed: &[Vec<Run>]) -> Vec<Vec<Run>> {
    let faint = Style { dim: true, ..Style::default() };
    let mut lines =
        vec![vec![Run::plain("$ ", Style::PROMPT), Run::plain("rulemark demo", Style::default())]];
    let paragraphs: Vec<&[Vec<Run>]> = printed.split(|line| line.is_empty()).collect();
    let last = paragraphs.len().saturating_sub(SHOWN.1);
    for (number, paragraph) in paragraphs.iter().enumerate() {
        if number == SHOWN.0 && number < last {
            lines.extend([Vec::new(), vec![Run::plain("⋮", faint)]]);
        }
        if number < SHOWN.0 || number >= last {
            lines.extend((number > 0).then(Vec::new));
            lines.extend(paragraph.iter().cloned());
        }
    }
    lines
}

/// What the demo prints in a terminal of [`COLUMNS`] columns, escape sequences included.
fn demo() -> Result<String, Box<dyn Error>> {
    let here = env::current_exe()?;
    let folder = here.ancestors().nth(2).ok_or("run this by scripts/picture")?;
    let binary: PathBuf = folder.join(format!("rulemark{}", env::consts::EXE_SUFFIX));
    let output = Command::new(&binary)
        .args(["demo", "--fast", "--color", "always"])
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    if !output.status.success() {
        return Err(format!("the demo failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Times and ids differ from run to run: digits count as one another, and so do hexadecimal words.
fn masked(svg: &str) -> String {
    svg.split_inclusive(|character: char| !character.is_ascii_alphanumeric())
        .map(|word| {
            let core = word.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
            let digits = core.chars().any(|character| character.is_ascii_digit());
            if digits && core.chars().all(|character| character.is_ascii_hexdigit()) {
                format!("#{}", &word[core.len()..])
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// Text in one style.
#[derive(Clone)]
struct Run {
    text: String,
    style: Style,
}

impl Run {
    fn plain(text: &str, style: Style) -> Self {
        Self { text: text.to_owned(), style }
    }
}

/// What the escape sequences so far ask for.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    /// An index into [`PALETTE`].
    colour: Option<usize>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

/// The sixteen colours of a terminal, legible on the dark ground drawn here.
const PALETTE: [&str; 16] = [
    "#6e7681", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#c9d1d9", //
    "#8b949e", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#76e3ea", "#f0f6fc",
];

impl Style {
    const PROMPT: Self = Self { colour: Some(2), bold: true, dim: false, italic: false, underline: false };

    /// Takes in one `ESC [ … m`; what is not known changes nothing.
    fn apply(&mut self, codes: &str) {
        let mut codes = codes.split(';').map(|code| code.parse::<usize>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.colour = Some(code - 30),
                90..=97 => self.colour = Some(code - 90 + 8),
                39 => self.colour = None,
                38 => {
                    let indexed = codes.next() == Some(5);
                    self.colour = codes.next().filter(|&index| indexed && index < PALETTE.len());
                }
                _ => {}
            }
        }
    }

    fn attributes(self) -> String {
        let mut attributes = String::new();
        if let Some(colour) = self.colour {
            let _ = write!(attributes, " fill=\"{}\"", PALETTE[colour]);
        }
        for (set, attribute) in [
            (self.bold, " font-weight=\"bold\""),
            (self.dim, " opacity=\"0.65\""),
            (self.italic, " font-style=\"italic\""),
            (self.underline, " text-decoration=\"underline\""),
        ] {
            if set {
                attributes.push_str(attribute);
            }
        }
        attributes
    }
}

/// The lines of a terminal after `output` was printed to it.
fn wrapped(output: &str) -> Vec<Vec<Run>> {
    let mut lines = Vec::new();
    let mut style = Style::default();
    for printed in output.lines() {
        let mut line: Vec<Run> = Vec::new();
        let mut column = 0;
        let mut characters = printed.chars();
        while let Some(character) = characters.next() {
            if character == '\u{1b}' {
                let sequence: String =
                    characters.by_ref().skip(1).take_while(|character| !character.is_alphabetic()).collect();
                style.apply(&sequence);
                continue;
            }
            if column == COLUMNS {
                lines.push(std::mem::take(&mut line));
                column = 0;
            }
            match line.last_mut() {
                Some(run) if run.style == style => run.text.push(character),
                _ => line.push(Run { text: character.to_string(), style }),
            }
            column += 1;
        }
        lines.push(line);
    }
    for run in lines.iter_mut().flatten() {
        run.text = without_scratch_path(&run.text);
    }
    lines
}

/// The scratch folder has another name on every run, and another parent on other machines.
fn without_scratch_path(text: &str) -> String {
    let words = text.split(' ');
    let words = words.map(|word| if word.contains("rulemark-demo-") { "/tmp/rulemark-demo" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// A terminal window with these lines.
fn draw(lines: &[Vec<Run>]) -> String {
    let width = COLUMNS as f64 * CELL_WIDTH + 2.0 * MARGIN;
    let height = TITLE_BAR + lines.len() as f64 * LINE_HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         role=\"img\" aria-label=\"rulemark demo in a terminal\">\n\
         <rect width=\"{width:.0}\" height=\"{height:.0}\" rx=\"10\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n\
         <g fill=\"#30363d\"><circle cx=\"22\" cy=\"18\" r=\"6\"/><circle cx=\"42\" cy=\"18\" r=\"6\"/>\
         <circle cx=\"62\" cy=\"18\" r=\"6\"/></g>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"14\" fill=\"#c9d1d9\" xml:space=\"preserve\" style=\"white-space:pre\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = TITLE_BAR + (row as f64 + 0.75) * LINE_HEIGHT;
        let mut column = 0;
        for run in line {
            let length = run.text.chars().count();
            if !run.text.trim().is_empty() {
                let x = MARGIN + column as f64 * CELL_WIDTH;
                // Given lengths keep the columns aligned whatever font the reader has.
                let _ = writeln!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{:.1}\"{}>{}</text>",
                    length as f64 * CELL_WIDTH,
                    run.style.attributes(),
                    escaped(&run.text)
                );
            }
            column += length;
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! `project_config.md`.

mod changelog;
mod commands;
mod words;

use super::Outline;
use crate::text::{Span, TextEdit};
use jiff::civil::Date;

/// The config file as a view.
#[derive(Clone, Debug)]
pub struct ProjectConfig<'t> {
    outline: Outline<'t>,
}

/// A command that the file names (`rule-language.md`, section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectCommand {
    /// What it is for.
    pub kind: CommandKind,
    /// What the file calls it: the label, or the comment above.
    pub label: String,
    /// The command line.
    pub line: String,
    /// Where it stands.
    pub span: Span,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandKind {
    /// Runs tests.
    Test,
    /// Looks for mistakes of style and suspicious code.
    Lint,
    /// Formats, or checks the format.
    Format,
    /// Builds.
    Build,
    /// Checks types and the like.
    Check,
}

impl CommandKind {
    /// What it is called, in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Lint => "lint",
            Self::Format => "format",
            Self::Build => "build",
            Self::Check => "check",
        }
    }
}

impl<'t> ProjectConfig<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        Self { outline: Outline::parse(text) }
    }

    /// The document as sections.
    #[must_use]
    pub fn outline(&self) -> &Outline<'t> {
        &self.outline
    }

    /// The commands, in the order of the file.
    ///
    /// Taken are lines of shell fences in sections whose heading speaks of tests, lint, format,
    /// build or checks, and code spans with a label in front or behind; elsewhere only those whose
    /// label speaks of one. From prose only what one is told to run and what says itself what it is
    /// for, from an excerpt of `package.json` the scripts that do; nothing that publishes or keeps
    /// running.
    #[must_use]
    pub fn commands(&self) -> Vec<ProjectCommand> {
        commands::read(&self.outline)
    }

    /// Puts `sentence` first in the Changelog, as a list item (dated if the others are, or `dated`
    /// says so), a table row, or under a dated heading, as the section has it; makes the section at
    /// the end of the file if there is none.
    #[must_use]
    pub fn add_change(&self, today: Date, sentence: &str, dated: bool) -> Vec<TextEdit> {
        changelog::add(&self.outline, today, sentence, dated)
    }

    /// Whether the newest entry of the Changelog already says `sentence`.
    #[must_use]
    pub fn says_already(&self, sentence: &str) -> bool {
        changelog::says_already(&self.outline, sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::edited;

    #[test]
    fn changes_come_first() {
        let today = jiff::civil::date(2026, 1, 2);
        for (before, after) in [
            ("", "- x\n"),
            ("- a\n", "- x\n- a\n"),
            ("<!-- newest first -->\n", "<!-- newest first -->\n- x\n"),
            ("<!-- newest first -->\n\n* a\n", "<!-- newest first -->\n\n* x\n* a\n"),
            ("- 2025-07-13: a\n", "- 2026-01-02: x\n- 2025-07-13: a\n"),
            ("- **2025-07-13**: a\n  - b\n", "- **2026-01-02**: x\n- **2025-07-13**: a\n  - b\n"),
            (
                "| Date | One-sentence summary |\n|------|----|\n",
                "| Date | One-sentence summary |\n|------|----|\n| 2026-01-02 | x |\n",
            ),
            (
                "| Date | What |\n|--|--|\n| 2025-07-13 | a |\n",
                "| Date | What |\n|--|--|\n| 2026-01-02 | x |\n| 2025-07-13 | a |\n",
            ),
            ("### v1.1.0 (2024-06-09)\n- a\n", "### Unreleased\n- x\n\n### v1.1.0 (2024-06-09)\n- a\n"),
            ("### Unreleased\n- a\n", "### Unreleased\n- x\n- a\n"),
            ("### 2025-01-01\n\n- a\n", "### 2026-01-02\n\n- x\n\n### 2025-01-01\n\n- a\n"),
            ("### 2026-01-02\n- a\n", "### 2026-01-02\n- x\n- a\n"),
            ("No changes yet.\n", "No changes yet.\n\n- x\n"),
            ("Newest first.\n\n- a\n", "Newest first.\n\n- x\n- a\n"),
            ("[Automatically maintained]\n", "[Automatically maintained]\n\n- x\n"),
            ("- a\n\n---\n", "- x\n- a\n\n---\n"),
        ] {
            for heading in ["## Changelog", "## CHANGELOG", "## 16. Changelog"] {
                for end in ["\n", "\r\n"] {
                    let text = format!("# C\n\n{heading}\n{before}").replace('\n', end);
                    let config = ProjectConfig::parse(&text);
                    assert!(!config.says_already("x"), "{text}");
                    let changed = edited(&text, config.add_change(today, "x", false));
                    assert_eq!(changed, format!("# C\n\n{heading}\n{after}").replace('\n', end), "{before}");
                    assert!(ProjectConfig::parse(&changed).says_already("**x**."), "{changed}");
                }
            }
        }
    }

    #[test]
    fn a_changelog_is_made() {
        let today = jiff::civil::date(2026, 1, 2);
        let check = |text: &str, dated: bool, expected: &str| {
            assert_eq!(edited(text, ProjectConfig::parse(text).add_change(today, "a\nb", dated)), expected);
        };
        check("# C\n\n## Goal\nx\n", false, "# C\n\n## Goal\nx\n\n## Changelog\n- a b\n");
        check("# C\n\n## Goal\n\nx", true, "# C\n\n## Goal\n\nx\n\n## Changelog\n\n- 2026-01-02: a b");
        check("", false, "## Changelog\n- a b\n");
    }

    #[track_caller]
    fn check(text: &str, expected: &[(CommandKind, &str, &str)]) {
        let found = ProjectConfig::parse(text).commands();
        let found: Vec<_> = found.iter().map(|found| (found.kind, &*found.label, &*found.line)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commands_in_fences() {
        use CommandKind::{Build, Lint, Test};
        check(
            "## Test Commands\n```bash\n# Run linter\nruff check .\n\n# Run all tests\n$ pytest \\\n  -q\n```\n",
            &[(Lint, "Run linter", "ruff check ."), (Test, "Run all tests", "pytest -q")],
        );
        check("## 테스트\n```sh\ncd api\nnpm test\n```\n", &[(Test, "테스트", "cd api && npm test")]);
        check(
            "## Build\n```sh\nmake\n```\n```\nA drawing\n```\n```json\n{}\n```\n",
            &[(Build, "Build", "make")],
        );
        check("## Deployment\n```bash\nnpm test\n```\n", &[]);
        check("## Build\n```bash\nmake && npm publish\nA=1\nif x; then\nrm y\nfi\n```\n", &[]);
    }

    #[test]
    fn commands_in_code_spans() {
        use CommandKind::{Build, Check, Format, Lint, Test};
        check(
            "## Workflow\n- Run tests before merging: `pytest tests/`\n- `npm run lint`: Run ESLint\n\
             - **Build Command:** `pnpm build` (tsup)\n- Lint/typecheck: `npm run lint`, `npm run typecheck`\n\
             - Format — `cargo fmt`\n",
            &[
                (Test, "Run tests before merging", "pytest tests/"),
                (Lint, "Run ESLint", "npm run lint"),
                (Build, "Build Command", "pnpm build"),
                (Lint, "Lint/typecheck", "npm run lint"),
                (Check, "Lint/typecheck", "npm run typecheck"),
                (Format, "Format", "cargo fmt"),
            ],
        );
        check(
            "## Notes\n- **Testing:** Jest\n- Tests: `tests/unit`\n\
             - `npm run deploy`: Build and deploy\n- Release: `make release`\n- `pytest>=7.0.0` - Testing framework\n\
             - Dev server: `npm run dev`\n- `logger.info()`: test output\n- `swift-ci.yml` - build and test\n\
             - Testing branch: `git checkout -b test`\n- Check branch: `git branch`\n- Check the log: `cat a.log`\n\
             - Build setup: `pnpm install`\n",
            &[],
        );
        check(
            "## Notes\n- Run `npm run lint` and fix all errors.\n1. **Suite**: Run `npm test`, `npm run build` and `ls`\n\
             - Never run `npm test` here\n- Run `make delete`\n- Use `pytest`\n- Run `npm run db:migrate` to test\n",
            &[
                (Lint, "Run npm run lint and fix all errors.", "npm run lint"),
                (Test, "Suite: Run npm test, npm run build and ls", "npm test"),
                (Build, "Suite: Run npm test, npm run build and ls", "npm run build"),
            ],
        );
        check(
            "## Scripts\n```json\n{\n  \"name\": \"test\",\n  \"scripts\": {\n    \"dev\": \"next\",\n    \"test:unit\": \"vitest\",\n\
             \"test:watch\": \"x\",\n    \"lint\": \"eslint --watch x\",\n    \"build\": \"rm -rf x\"\n  },\n  \"test\": \"x\"\n}\n```\n",
            &[(Test, "test:unit", "npm run test:unit"), (Lint, "lint", "npm run lint")],
        );
        check(
            "## Tests\n| What | Command |\n|--|--|\n| Unit | `npm run unit` |\n",
            &[(Test, "Unit", "npm run unit")],
        );
    }
}

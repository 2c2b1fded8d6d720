//! A folder of case files: the part of `testing` that reads and writes files.

use super::case::{Case, CaseError};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// What came of a folder of cases.
#[derive(Clone, Debug)]
pub struct Report {
    /// The cases, in the order of their paths.
    pub cases: Vec<CaseResult>,
}

/// What came of one case file.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The file.
    pub path: PathBuf,
    /// Its heading; empty for a file that can't be read as a case.
    pub title: String,
    /// How it went.
    pub verdict: Verdict,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// What happens was written into the file as what is expected.
    Blessed,
    /// It stands in the folder and is no case: it has none of a case's headings.
    Skipped,
    /// These lines are wrong, or don't hold.
    Failed(Vec<CaseError>),
}

/// Why cases can't be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder can't be read or written.
    #[error("can't {what} {}: {source}", .path.display())]
    Io {
        /// What was tried: `read`, `write`.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// There is no case in the folder.
    #[error("no case files (*.md) in {}", .0.display())]
    NoCases(PathBuf),
}

/// Runs the cases in `dir` (a folder and those below it, or one file); `README.md` is not a case.
/// With `bless`, what happens is written into the files as what is expected: look at the difference
/// before you keep it.
///
/// # Errors
/// When a file can't be read or written, or there are no cases. A case that fails, or that is no
/// case, is part of the report.
pub fn run_cases(dir: &Path, bless: bool) -> Result<Report, Error> {
    let mut paths = Vec::new();
    let is_named = dir.is_file();
    if is_named {
        paths.push(dir.to_owned());
    } else {
        collect(dir, &mut paths)?;
    }
    paths.sort();
    if paths.is_empty() {
        return Err(Error::NoCases(dir.to_owned()));
    }
    let mut cases = paths.into_iter().map(|path| run_case(path, bless)).collect::<Result<Vec<_>, _>>()?;
    if is_named && let Some(CaseResult { verdict, .. }) = cases.first_mut().filter(|it| it.is_skipped()) {
        let message = "no `## before`: this is no case".to_owned();
        *verdict = Verdict::Failed(vec![CaseError { line: 1, message }]);
    }
    if cases.iter().all(CaseResult::is_skipped) {
        return Err(Error::NoCases(dir.to_owned()));
    }
    Ok(Report { cases })
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::Io { what: "read", path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // Links to folders are not followed: they may lead round in a circle.
        if entry.file_type().map_err(failed)?.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("README.md")
        {
            into.push(path);
        }
    }
    Ok(())
}

fn run_case(path: PathBuf, bless: bool) -> Result<CaseResult, Error> {
    let text =
        fs::read_to_string(&path).map_err(|source| Error::Io { what: "read", path: path.clone(), source })?;
    if !has_case_headings(&text) {
        return Ok(CaseResult { path, title: String::new(), verdict: Verdict::Skipped });
    }
    let case = match Case::parse(&text) {
        Ok(case) => case,
        Err(error) => {
            return Ok(CaseResult { path, title: String::new(), verdict: Verdict::Failed(vec![error]) });
        }
    };
    let title = case.title().to_owned();
    let verdict = match case.check() {
        Ok(_) => Verdict::Passed,
        Err(found) if !bless => Verdict::Failed(found),
        Err(_) => match case.blessed() {
            Ok(blessed) => {
                write(&path, &blessed)?;
                Verdict::Blessed
            }
            Err(error) => Verdict::Failed(vec![error]),
        },
    };
    Ok(CaseResult { path, title, verdict })
}

fn has_case_headings(text: &str) -> bool {
    let headings = ["## before", "## opened", "## event", "## after"];
    text.lines().any(|line| headings.contains(&line.trim_end()))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    #[allow(clippy::disallowed_methods, reason = "a case file is no state file: nobody else writes it")]
    fs::write(path, text).map_err(|source| Error::Io { what: "write", path: path.to_owned(), source })
}

impl CaseResult {
    /// Whether it is no case at all.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.verdict == Verdict::Skipped
    }
}

impl Report {
    /// How many files are cases.
    #[must_use]
    pub fn total(&self) -> usize {
        self.cases.iter().filter(|case| !case.is_skipped()).count()
    }

    /// How many cases failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_))).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for CaseResult { path, title, verdict } in &self.cases {
            match verdict {
                Verdict::Passed => writeln!(f, "ok      {}: {title}", path.display())?,
                Verdict::Blessed => writeln!(f, "blessed {}: {title}", path.display())?,
                Verdict::Skipped => writeln!(f, "skipped {}: no case", path.display())?,
                Verdict::Failed(errors) => {
                    writeln!(f, "failed  {}: {title}", path.display())?;
                    for CaseError { line, message } in errors {
                        writeln!(f, "{}:{line}: {}", path.display(), message.trim_end())?;
                    }
                }
            }
        }
        let (all, failed) = (self.total(), self.failures());
        writeln!(f, "{} of {all} cases hold", all - failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: &str = "# Wrong\n\nProse stays.\n\n## before\n\n```markdown workflow_state.md\n\
        _Last updated: 2025-01-01_\n\n## State\nPhase: A\n```\n\n## event\n\n- set Phase = B\n\n## after\n\n\
        - fires RULE_NONE\n\n## event\n\n- restart\n\n## after\n\n- fires nothing\n";

    /// A folder with the given files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&path, text).unwrap();
        }
        folder
    }

    fn verdicts(folder: &Path, bless: bool) -> Vec<Verdict> {
        run_cases(folder, bless).unwrap().cases.into_iter().map(|case| case.verdict).collect()
    }

    #[test]
    fn blessing_writes_what_happens_and_nothing_else() {
        let folder = folder(&[("wrong.md", WRONG)]);
        let verdict = verdicts(folder.path(), false).remove(0);
        let Verdict::Failed(errors) = verdict else { panic!("{verdict:?}") };
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].line, 18);
        assert_eq!(verdicts(folder.path(), true), [Verdict::Blessed]);
        let expected = WRONG.replace(
            "- fires RULE_NONE\n",
            "- fires nothing\n\n```diff workflow_state.md\n@@\n-_Last updated: 2025-01-01_\n\
            +_Last updated: 2026-01-05_\n\n```\n",
        );
        assert_eq!(fs::read_to_string(folder.path().join("wrong.md")).unwrap(), expected);
        assert_eq!(verdicts(folder.path(), false), [Verdict::Passed]);
    }

    #[test]
    fn finds_the_cases_of_a_folder() {
        let folder = folder(&[
            ("b/2.md", WRONG),
            ("a.md", "no case"),
            ("README.md", "about the cases"),
            ("notes.txt", "no Markdown"),
        ]);
        let report = run_cases(folder.path(), false).unwrap();
        let paths: Vec<_> =
            report.cases.iter().map(|case| case.path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(paths, [Path::new("a.md"), Path::new("b/2.md")]);
        assert_eq!((report.failures(), report.total()), (1, 1), "{report}");
        assert_eq!(report.cases[0].verdict, Verdict::Skipped);
        let named = run_cases(&folder.path().join("a.md"), false).unwrap();
        assert_eq!((named.failures(), named.total()), (1, 1), "{named}");
    }

    #[test]
    fn says_what_cannot_be_read() {
        let folder = folder(&[("README.md", "")]);
        assert!(matches!(run_cases(folder.path(), false), Err(Error::NoCases(_))));
        let missing = run_cases(&folder.path().join("missing"), false).unwrap_err();
        assert!(missing.to_string().starts_with("can't read "), "{missing}");
    }
}

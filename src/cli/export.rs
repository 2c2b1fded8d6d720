//! `rulemark export --html`: the project as one page that needs nothing else.

use super::{
    args::ExportArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
};
use crate::{
    disk::Workspace,
    document::{ItemStatus, WorkflowState},
    runtime::Documents,
};
use comrak::{Arena, Options, format_html, nodes::NodeValue, parse_document};
use std::{
    fmt::Write as _,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

pub(crate) fn run(context: &mut Context, args: &ExportArgs) -> CommandResult {
    let project = context.project()?;
    let documents = project.read()?;
    let title =
        project.workspace().root().file_name().map_or_else(String::new, |it| it.to_string_lossy().into());
    let page = page(&title, &documents);
    match &args.output {
        None => context.terminal.document(&page)?,
        Some(path) => {
            refuse_own(project.workspace(), path)?;
            if !args.force {
                refuse_foreign(path)?;
            }
            replace_file(path, &page)?;
            context.terminal.remark(format!("wrote {}", path.display()))?;
        }
    }
    Ok(Exit::Ok)
}

/// What every exported page begins with; a file that begins otherwise is somebody's work.
const HEAD: &str = "<!doctype html>\n<!-- exported by rulemark -->\n";

/// Refuses a path that names one of the project's own files, whether that is there yet or not.
fn refuse_own(workspace: &Workspace, path: &Path) -> Result<(), CommandError> {
    let place = place(path);
    let documents = [workspace.state().to_owned(), workspace.config().to_owned(), workspace.settings()];
    let is_document = documents.iter().any(|own| *own == place || self::place(own) == place);
    if is_document || place.starts_with(self::place(&workspace.internal())) {
        let message = format!("{} is one of the project's own files", path.display());
        return Err(CommandError::refused(message).with_hint("export to another file: `-o page.html`"));
    }
    Ok(())
}

/// Refuses to replace what no export wrote.
fn refuse_foreign(path: &Path) -> Result<(), CommandError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD.len() as u64).read_to_end(&mut head));
    if read.is_ok() && head == HEAD.as_bytes() {
        return Ok(());
    }
    Err(CommandError::refused(format!("{} exists and is no earlier export", path.display()))
        .with_hint("choose another file, or replace it with `--force`"))
}

/// Where a path leads, links resolved; the file itself need not exist.
fn place(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(".".as_ref());
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// The page: a header with the state, then both documents. HTML in the documents is shown as text.
fn page(title: &str, documents: &Documents) -> String {
    let mut html = String::new();
    let title = escape(title);
    // Writing to a `String` never fails.
    let _ = write!(
        html,
        "{HEAD}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data: https:\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} · Rulemark</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        include_str!("export.css")
    );
    header(&mut html, &title, &WorkflowState::parse(&documents.state.text));
    for document in [Some(&documents.state), documents.config.as_ref()].into_iter().flatten() {
        let name = escape(&super::report::name(document));
        let body = body(&document.text);
        let _ = write!(html, "<article>\n<p class=\"file\">{name}</p>\n{body}</article>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn header(html: &mut String, title: &str, state: &WorkflowState<'_>) {
    let _ = write!(html, "<header>\n<h1>{title}</h1>\n<p class=\"state\">");
    for key in ["Phase", "Status"] {
        if let Some(value) = state.value(key) {
            let _ = write!(html, "<span class=\"{}\">{}</span> ", key.to_lowercase(), escape(value));
        }
    }
    html.push_str("</p>\n");
    let items = state.items();
    if let Some(current) = state.value("CurrentItem") {
        let text = items.matching(current).map_or(current, |item| item.description.as_str());
        let _ = writeln!(html, "<p class=\"current\">{}</p>", escape(text));
    }
    let done = items.rows().iter().filter(|item| item.state == ItemStatus::Processed).count();
    let all = items.rows().len();
    if all > 0 {
        let _ = writeln!(
            html,
            "<p class=\"progress\"><progress max=\"{all}\" value=\"{done}\"></progress> {done} of {all} items done</p>"
        );
        html.push_str("<table class=\"items\">\n<thead><tr><th></th><th>Item</th><th>Status</th></tr></thead>\n<tbody>\n");
        for item in items.rows() {
            let class = if item.state == ItemStatus::Processed { "done" } else { "open" };
            let _ = writeln!(
                html,
                "<tr class=\"{class}\"><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(item.id.as_deref().unwrap_or_default()),
                escape(&item.description),
                escape(item.status.as_deref().unwrap_or_default())
            );
        }
        html.push_str("</tbody>\n</table>\n");
    }
    html.push_str("</header>\n");
}

/// A document as HTML. Comments are for whoever edits the file; other HTML is shown as text.
fn body(text: &str) -> String {
    let arena = Arena::new();
    let options = options();
    let root = parse_document(&arena, text, &options);
    let is_comment = |html: &str| html.trim_start().starts_with("<!--");
    let comments = root.descendants().filter(|node| match &node.data().value {
        NodeValue::HtmlBlock(block) => is_comment(&block.literal),
        NodeValue::HtmlInline(html) => is_comment(html),
        _ => false,
    });
    for comment in comments.collect::<Vec<_>>() {
        comment.detach();
    }
    let mut html = String::new();
    // Writing to a `String` never fails.
    let _ = format_html(root, &options, &mut html);
    html
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.front_matter_delimiter = Some("---".into());
    options.render.r#unsafe = false;
    options.render.escape = true;
    // Key lines of State would run together.
    options.render.hardbreaks = true;
    options
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Writes a file that is ours alone (an export, a manual page), whole or not at all.
pub(crate) fn replace_file(path: &Path, text: &str) -> Result<(), CommandError> {
    use std::io::Write as _;
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| CommandError::refused(format!("can't write {}", path.display())).because(error))
}

/// Temporary files are private; a page is for others to read.
#[cfg(unix)]
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Document;

    #[test]
    fn html_in_the_documents_is_text() {
        let state = "# S\n<!-- for editors -->\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) a <b onclick=x>\n";
        let documents = Documents { state: Document::new("<i>.md".into(), state.into()), config: None };
        let page = page("a<b>\"", &documents);
        assert!(page.contains("<title>a&lt;b&gt;&quot; · Rulemark</title>"), "{page}");
        assert!(page.contains("&lt;i&gt;.md"), "{page}");
        let body = page.split_once("<article>").expect("the page has one").1;
        for forbidden in ["<script", "javascript:", "<b ", "for editors"] {
            assert!(!body.contains(forbidden), "{forbidden} in {page}");
        }
    }
}

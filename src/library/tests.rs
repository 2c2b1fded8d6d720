use super::*;
use std::fs;

fn definition(id: &str, name: &str) -> String {
    format!("---\nid: {id}\nversion: 1.0.0\nname: {name}\ndescription: d\n---\n## Phase 1: Do\n\nDo it.\n")
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(FOLDER).join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    let mut file = fs::File::create(path).expect("it can be made");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("it can be written");
}

/// `layer id source name`, with what is wrong.
fn listed(library: &mut Library) -> Vec<String> {
    let entries =
        library.refresh().iter().filter(|entry| entry.layer != Layer::BuiltIn || entry.shadowed_by.is_some());
    entries
        .map(|entry| {
            let what = match (entry.definition(), entry.errors().next()) {
                (Some(found), None) => found.name.clone(),
                (_, fault) => format!("! {}", fault.map(|fault| fault.message.clone()).unwrap_or_default()),
            };
            let shadowed = entry.shadowed_by.map(|layer| format!(" (below {layer})")).unwrap_or_default();
            format!("{} {} {}: {what}{shadowed}", entry.layer, entry.id, entry.source)
        })
        .collect()
}

#[test]
fn the_nearer_one_wins_and_a_bad_one_harms_no_other() {
    let (project, user) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let folders = vec![(Layer::Project, project.path().to_owned()), (Layer::User, user.path().to_owned())];
    let mut library = Library::in_folders(folders);
    assert_eq!(listed(&mut library), Vec::<String>::new());
    assert_eq!(library.entries().len(), BUILT_IN.len());
    write(project.path(), "mine.md", &definition("bug-fix", "Ours"));
    write(project.path(), "twice.md", &definition("bug-fix", "Again"));
    write(project.path(), "broken.yaml", "a: [");
    write(project.path(), "README.md", "no definition");
    write(project.path(), ".hidden.md", "none either");
    write(project.path(), "notes.txt", "nor this");
    write(user.path(), "own.md", &definition("own", "Own"));
    let found = listed(&mut library);
    assert!(found[0].starts_with("project broken workflows/broken.yaml: ! this is no YAML"), "{found:?}");
    assert_eq!(
        found[1..],
        [
            "project bug-fix workflows/mine.md: Ours",
            "project bug-fix workflows/twice.md: ! workflows/mine.md has the id `bug-fix` too, and wins (below project)",
            "user own ~/.config/rulemark/workflows/own.md: Own",
            "built-in bug-fix built-in/bug-fix.md: Fix a bug (below project)",
        ]
    );
    assert_eq!(library.find("bug-fix").map(|entry| entry.layer), Some(Layer::Project));
    assert!(library.find("broken").is_some_and(|entry| entry.definition().is_none()));
    assert_eq!(library.nearest("bug-fx"), Some("bug-fix"));
}

#[test]
fn what_changes_is_read_again_and_nothing_else() {
    let project = tempfile::tempdir().expect("a folder");
    write(project.path(), "a.md", &definition("aaa", "One"));
    write(project.path(), "b.md", &definition("bbb", "Two"));
    let mut library = Library::in_folders(vec![(Layer::Project, project.path().to_owned())]);
    library.refresh();
    let reading = |library: &Library, id: &str| Arc::as_ptr(&library.find(id).expect("it is there").reading);
    let (a, b) = (reading(&library, "aaa"), reading(&library, "bbb"));
    write(project.path(), "a.md", &definition("aaa", "Changed"));
    library.refresh();
    assert_ne!(reading(&library, "aaa"), a);
    assert_eq!(reading(&library, "bbb"), b);
    fs::remove_file(project.path().join(FOLDER).join("a.md")).expect("it can be removed");
    library.refresh();
    assert!(library.find("aaa").is_none());
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_refused_without_their_target() {
    let (project, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write(outside.path(), "x.md", &definition("xxx", "Outside"));
    fs::create_dir(project.path().join(FOLDER)).expect("it can be made");
    let link = project.path().join(FOLDER).join("x.md");
    std::os::unix::fs::symlink(outside.path().join(FOLDER).join("x.md"), link).expect("it can be linked");
    let mut library = Library::in_folders(vec![(Layer::Project, project.path().to_owned())]);
    let found = listed(&mut library);
    assert_eq!(found, ["project x workflows/x.md: ! workflows/x.md leads out of the workflows folder"]);
}

#[test]
fn every_file_of_the_library_is_in_the_binary_and_nothing_is_wrong_with_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(FOLDER);
    let on_disk: Vec<String> = files::definitions_in(&folder)
        .iter()
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(on_disk, BUILT_IN.map(|file| file.id));
    for file in BUILT_IN {
        let reading = file.bundle().read();
        assert_eq!(reading.faults, [], "{}", file.id);
        assert_eq!(reading.definition.map(|definition| definition.id).as_deref(), Some(file.id));
    }
}

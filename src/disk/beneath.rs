//! Opening a file of a project without ever opening one outside of it.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Why a file of a project was not opened.
#[derive(Debug)]
pub enum Refusal {
    /// It leads out of the project, to this place.
    Outside(PathBuf),
    /// The system said no.
    Io(io::Error),
}

/// Opens what stands at `path` for reading: a file, or whatever else is there. Nothing waits for the
/// other end of a pipe, and no terminal takes over the process.
///
/// `root` is the project's folder, with symbolic links resolved. Links that stay inside are followed.
/// On Linux the kernel itself keeps the way inside (`openat2`, since 5.6), so a link that is put
/// there between a check and the opening changes nothing. Elsewhere the resolved path is what is
/// checked and opened; only a folder on the way that is swapped in that instant goes unnoticed.
pub(super) fn open_beneath(root: &Path, path: &Path) -> Result<File, Refusal> {
    if !path.starts_with(root) {
        return Err(Refusal::Outside(path.to_owned()));
    }
    #[cfg(target_os = "linux")]
    if let Some(opened) = by_the_kernel(root, path) {
        return opened;
    }
    open_resolved(&resolve(root, path)?).map_err(Refusal::Io)
}

/// Whether the system gave up on links that lead to each other.
pub(super) fn is_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return false;
}

/// Where `path` leads, if that is inside.
fn resolve(root: &Path, path: &Path) -> Result<PathBuf, Refusal> {
    let target = path.canonicalize().map_err(Refusal::Io)?;
    if target.starts_with(root) { Ok(target) } else { Err(Refusal::Outside(target)) }
}

/// How often a way is tried again that somebody moves at this moment.
#[cfg(target_os = "linux")]
const ATTEMPTS: usize = 8;

/// `None` when the kernel, or whatever filters its calls, does not know how.
#[cfg(target_os = "linux")]
fn by_the_kernel(root: &Path, path: &Path) -> Option<Result<File, Refusal>> {
    use rustix::{
        fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
        io::Errno,
    };
    let folder = match openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(folder) => folder,
        Err(error) => return Some(Err(Refusal::Io(error.into()))),
    };
    let open = |path: &Path, resolve| {
        let path = inner_part(root, path);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let resolve = resolve | ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let attempt = || openat2(&folder, path, flags, Mode::empty(), resolve);
        (1..ATTEMPTS)
            .map(|_| attempt())
            .find(|opened| !matches!(opened, Err(Errno::AGAIN)))
            .unwrap_or_else(attempt)
    };
    let opened = match open(path, ResolveFlags::empty()) {
        // An absolute link counts as one that leads out, wherever it leads.
        Err(Errno::XDEV) => match resolve(root, path) {
            Ok(target) => match open(&target, ResolveFlags::NO_SYMLINKS) {
                Err(Errno::XDEV | Errno::LOOP) => return Some(Err(Refusal::Outside(target))),
                opened => opened,
            },
            Err(refusal) => return Some(Err(refusal)),
        },
        Err(Errno::NOSYS | Errno::PERM) => return None,
        opened => opened,
    };
    Some(opened.map(File::from).map_err(|error| Refusal::Io(error.into())))
}

/// What is left of `path` behind `root`, with the slash at its end if it has one: it stands for a
/// folder.
#[cfg(target_os = "linux")]
fn inner_part<'p>(root: &Path, path: &'p Path) -> &'p std::ffi::OsStr {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let part = path.as_os_str().as_bytes().get(root.as_os_str().len()..).unwrap_or_default();
    let slashes = part.iter().take_while(|&&byte| byte == b'/').count();
    if slashes == part.len() { OsStr::new(".") } else { OsStr::from_bytes(&part[slashes..]) }
}

/// Opens a path that leads through no link.
fn open_resolved(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits().cast_signed());
    }
    options.open(path)
}

#[cfg(unix)]
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use std::{fs, io::Read as _, os::unix::fs::symlink};

    /// A folder `project` with the files `inner` and `sub/deep`, beside `project-evil/secret`.
    struct Scratch {
        _folder: tempfile::TempDir,
        root: PathBuf,
    }

    impl Scratch {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap().join("project");
            fs::create_dir_all(root.join("sub")).unwrap();
            fs::create_dir(root.with_file_name("project-evil")).unwrap();
            fs::write(root.join("inner"), "inner").unwrap();
            fs::write(root.join("sub/deep"), "deep").unwrap();
            fs::write(root.with_file_name("project-evil").join("secret"), "secret").unwrap();
            Self { _folder: folder, root }
        }
    }

    fn told(opened: Result<File, Refusal>) -> String {
        match opened {
            Ok(mut file) => {
                let mut text = String::new();
                match file.read_to_string(&mut text) {
                    Ok(_) => text,
                    Err(error) => error.kind().to_string(),
                }
            }
            Err(Refusal::Outside(_)) => "outside".to_owned(),
            Err(Refusal::Io(error)) => error.kind().to_string(),
        }
    }

    /// Both ways of opening answer the same.
    #[track_caller]
    fn check(scratch: &Scratch, path: &str, expected: &str) {
        let path = scratch.root.join(path);
        assert_eq!(told(open_beneath(&scratch.root, &path)), expected, "{}", path.display());
        let slowly =
            resolve(&scratch.root, &path).and_then(|target| open_resolved(&target).map_err(Refusal::Io));
        assert_eq!(told(slowly), expected, "{}, without openat2", path.display());
    }

    #[test]
    fn what_stays_inside_is_opened() {
        let scratch = Scratch::new();
        let link = |target: &Path, name: &str| symlink(target, scratch.root.join(name)).unwrap();
        link(Path::new("inner"), "relative");
        link(&scratch.root.join("inner"), "absolute");
        link(Path::new("relative"), "chain");
        link(Path::new("sub"), "folder");
        link(Path::new("../inner"), "sub/upwards");
        for (path, expected) in [
            ("inner", "inner"),
            ("./sub/../inner", "inner"),
            ("relative", "inner"),
            ("absolute", "inner"),
            ("chain", "inner"),
            ("folder/deep", "deep"),
            ("sub/upwards", "inner"),
            ("sub", "is a directory"),
            ("none", "entity not found"),
            ("inner/", "not a directory"),
        ] {
            check(&scratch, path, expected);
        }
    }

    #[test]
    fn what_leads_outside_is_not() {
        let scratch = Scratch::new();
        let evil = scratch.root.with_file_name("project-evil");
        let link = |target: &Path, name: &str| symlink(target, scratch.root.join(name)).unwrap();
        link(Path::new("../project-evil/secret"), "relative");
        link(&evil.join("secret"), "absolute");
        link(Path::new("relative"), "chain");
        link(&evil, "folder");
        link(Path::new("/dev/null"), "device");
        link(Path::new("loop"), "loop");
        for path in [
            "../project-evil/secret",
            "sub/../../project-evil/secret",
            "relative",
            "absolute",
            "chain",
            "folder/secret",
            "device",
        ] {
            check(&scratch, path, "outside");
        }
        let looped = open_beneath(&scratch.root, &scratch.root.join("loop"));
        assert!(matches!(looped, Err(Refusal::Io(_))), "{looped:?}");
        let elsewhere = open_beneath(&scratch.root, &evil.join("secret"));
        assert!(matches!(elsewhere, Err(Refusal::Outside(_))), "a sibling whose name begins the same");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn magic_links_lead_nowhere() {
        let scratch = Scratch::new();
        for (name, target) in [("root", "/proc/self/root/etc/hostname"), ("fd", "/proc/self/fd/0")] {
            symlink(target, scratch.root.join(name)).unwrap();
            let opened = open_beneath(&scratch.root, &scratch.root.join(name));
            assert!(opened.is_err(), "{name}");
        }
    }

    /// Somebody swaps a file for a link to a secret and back, as fast as they can; what is read is
    /// never the secret.
    #[test]
    fn a_link_swapped_in_is_never_followed() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let scratch = Scratch::new();
        let path = scratch.root.join("f");
        fs::write(&path, "ours").unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let beside = scratch.root.join("beside");
                while !is_over.load(Ordering::Relaxed) {
                    symlink("../project-evil/secret", &beside).unwrap();
                    fs::rename(&beside, &path).unwrap();
                    fs::write(&beside, "ours").unwrap();
                    fs::rename(&beside, &path).unwrap();
                }
            });
            let mut refused = 0;
            for _ in 0..20_000 {
                let told = told(open_beneath(&scratch.root, &path));
                refused += usize::from(told == "outside");
                assert!(["ours", "outside"].contains(&told.as_str()), "{told}");
                if refused > 100 {
                    break;
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}

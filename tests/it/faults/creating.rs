//! A new file on a disk that fails.

use super::{
    disk::{Abilities, Crashed, Fault},
    ledger::Cut,
    scratch::{CONFIG, Scratch},
};
use rulemark::disk::create_file;
use rustix::io::Errno;
use std::{
    fs::{self, File},
    panic::AssertUnwindSafe,
    time::{Duration, SystemTime},
};

const TEXT: &str = "# a new file\n\nwith more than a line\n";

#[test]
fn a_new_file_is_whole_or_not_there() {
    let power = |cut| (Fault::Crash, cut);
    let errors = [Errno::IO, Errno::NOSPC, Errno::ACCESS, Errno::INTR];
    let mut troubles: Vec<(Fault, Cut)> =
        errors.iter().map(|errno| (Fault::Once(*errno), Cut::Nothing)).collect();
    troubles.extend([Fault::ShortWrite, Fault::AnswerLost].map(|fault| (fault, Cut::Nothing)));
    troubles.extend([Errno::IO, Errno::NOSPC].map(|errno| (Fault::ForEver(errno), Cut::Nothing)));
    troubles.extend([power(Cut::Nothing), power(Cut::All), power(Cut::Contents), power(Cut::Some(7))]);
    for (fault, cut) in troubles {
        let mut at = 1;
        while created_with(fault, cut, at) {
            at += 1;
        }
        println!("create a file      {fault:?}, {cut:?}: {at} positions held");
        assert!(at > 5, "{fault:?}: too few calls to mean anything");
    }
}

/// Whether the fault was met.
fn created_with(fault: Fault, cut: Cut, at: usize) -> bool {
    let scratch = Scratch::empty();
    let path = scratch.path(CONFIG);
    let disk = scratch.disk(Abilities::All, Some((fault, at)));
    let created = std::panic::catch_unwind(AssertUnwindSafe(|| create_file(&disk, &path, TEXT)));
    disk.cut_the_power(cut);
    let told = format!("{fault:?}, {cut:?} at call {at}: {:?}", created.as_ref().ok());
    let found = fs::read_to_string(&path).ok();
    assert!(found.as_deref().is_none_or(|found| found == TEXT), "{told}: {found:?}");
    match &created {
        Ok(Ok(is_new)) => assert_eq!((*is_new, found.is_some()), (true, true), "{told}"),
        Ok(Err(_)) => assert!(
            !matches!(fault, Fault::Once(Errno::INTR) | Fault::ShortWrite),
            "{told}: what can be tried again is tried again"
        ),
        Err(cause) => assert!(cause.is::<Crashed>(), "{told}: a panic"),
    }
    // What lies about is old by the time somebody comes back.
    for name in scratch.names().iter().filter(|name| *name != CONFIG) {
        #[expect(clippy::disallowed_methods, reason = "the past of a file is not the past of an event")]
        let an_hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        File::options().write(true).open(scratch.path(name)).unwrap().set_modified(an_hour_ago).unwrap();
    }
    let is_new = create_file(&scratch.disk(Abilities::All, None), &path, TEXT).unwrap();
    assert_eq!(is_new, found.is_none(), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT, "{told}");
    assert_eq!(scratch.names(), [CONFIG], "{told}: something is left behind");
    disk.met_its_fault()
}

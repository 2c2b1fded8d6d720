//! The disk fails at every call there is, in every way there is; then it is looked whether anything was
//! lost. The table is printed by `cargo test --test it faults -- --nocapture`, with every cell by
//! `cargo test --test it faults -- --nocapture --include-ignored`.

mod creating;
mod disk;
mod ledger;
mod operations;
mod scratch;
mod table;
mod trial;

use disk::Fault;
use ledger::Cut;
use operations::OPERATIONS;
use rustix::io::Errno;
use table::Table;
use trial::Trouble;

/// What goes wrong, by column. Those that differ only in the number of the error are tried on fewer
/// operations, unless all are asked for.
const TROUBLES: [(&str, Trouble, Extent); 14] = [
    ("EIO", Trouble::disk(Fault::Once(Errno::IO)), Extent::AllOperations),
    ("ENOSPC", Trouble::disk(Fault::Once(Errno::NOSPC)), Extent::SomeOperations),
    ("EACCES", Trouble::disk(Fault::Once(Errno::ACCESS)), Extent::SomeOperations),
    ("EINTR", Trouble::disk(Fault::Once(Errno::INTR)), Extent::SomeOperations),
    ("short write", Trouble::disk(Fault::ShortWrite), Extent::AllOperations),
    ("answer lost", Trouble::disk(Fault::AnswerLost), Extent::SomeOperations),
    ("EIO for ever", Trouble::disk(Fault::ForEver(Errno::IO)), Extent::SomeOperations),
    ("ENOSPC for ever", Trouble::disk(Fault::ForEver(Errno::NOSPC)), Extent::SomeOperations),
    ("kill", Trouble::power(Cut::Nothing), Extent::AllOperations),
    ("power: all lost", Trouble::power(Cut::All), Extent::AllOperations),
    ("power: data lost", Trouble::power(Cut::Contents), Extent::SomeOperations),
    ("power: some lost", Trouble::power(Cut::Some(1)), Extent::SomeOperations),
    ("journal refuses", Trouble::Journal, Extent::AllOperations),
    ("… to withdraw", Trouble::Withdrawal, Extent::SomeOperations),
];

/// On how many operations something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    AllOperations,
    SomeOperations,
}

#[test]
fn nothing_is_lost_wherever_the_disk_fails() {
    Table::fill(Extent::SomeOperations).require_all_held();
}

/// Some minutes.
#[test]
#[ignore = "every cell takes minutes"]
fn nothing_is_lost_in_any_cell() {
    Table::fill(Extent::AllOperations).require_all_held();
}

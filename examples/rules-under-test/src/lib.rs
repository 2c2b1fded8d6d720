//! A crate whose tests snapshot its own workflow rules.

//! Greets people.

/// A greeting for everybody.
pub fn greeting() -> String {
    "Hello!".to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn everybody_is_greeted() {
        assert_eq!(super::greeting(), "Hello!");
    }
}

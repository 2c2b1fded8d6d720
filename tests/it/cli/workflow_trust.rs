//! `trust --workflow`: the commands of a workflow's gates, shown, decided about, and told to programs.

use super::environment::Environment;

const RELEASE: &str = "\
---
id: ship-it
version: 1.0.0
name: Ship it
description: Gates with commands.
---
## Phase 1: Build

Build it.

### Gate
- [ ] check: `sh build.sh` exits with 0

## Phase 2: Ship

Ship it.

### Gate
- [ ] check: `git push --force origin main` exits with 0
";

const BARE: &str = "\
---
id: no-commands
version: 1.0.0
name: None
description: A gate that runs nothing.
---
## Phase 1: Build

Build it.

### Gate
- [ ] done
";

#[test]
fn the_commands_of_a_workflow_are_shown_and_told() {
    let environment = Environment::initialised();
    environment.write("workflows/ship-it.md", RELEASE);
    environment.write("workflows/no-commands.md", BARE);
    environment.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
    let before = environment.story(&[
        &["trust", "--workflow", "ship-it", "--json"],
        &["trust", "--workflow", "ship-it", "--yes"],
        &["trust", "--workflow", "ship-it", "--json", "-q"],
        &["trust", "--workflow", "no-commands"],
        &["trust", "--workflow", "no-commands", "--json"],
        &["trust", "--workflow", "ship-itt", "--json"],
    ]);
    environment.write("workflows/ship-it.md", RELEASE.replace("build.sh", "other.sh"));
    let after = environment.story(&[
        &["trust", "--workflow", "ship-it", "--json"],
        &["trust", "--workflow", "ship-it", "--revoke"],
        &["trust", "--workflow", "ship-it", "--json"],
    ]);
    insta::assert_snapshot!(format!("{before}\n(the command of phase 1 is another)\n\n{after}"));
}

//! What triggers can wait for: the one table of wordings and their meaning. What `rulemark emit`
//! calls an event stands with the causes, in `engine::events`.

use super::{
    ast::EventPattern,
    lex::Cursor,
    vocabulary::Vocabulary,
    wording::{Found, Slot, Table},
};
use std::sync::LazyLock;

type Make = fn(&Found<'_, '_>) -> EventPattern;

/// Wordings and what they mean. The first that matches up to the end of the atom counts.
const WORDINGS: &[(&str, Make)] = &[
    ("[ai|the|a] [new] session|session/task|conversation|chat starts|begins|started|start|resumes", |_| {
        EventPattern::SessionStarted
    }),
    ("[a] new session|conversation|chat", |_| EventPattern::SessionStarted),
    ("start|beginning of [a|the] [new] session|conversation|chat", |_| EventPattern::SessionStarted),
    ("[explicit] [user] command|commands {commands}", commands),
    ("user types|enters|runs|gives|says {commands}", commands),
    ("{commands}", commands),
    ("[the] start|beginning of [a|the] [new] [major] task [or phase]", |_| EventPattern::TaskStarted),
    ("[a] new [major] task [or phase] [starts|begins|started]", |_| EventPattern::TaskStarted),
    ("[any|every|each|a] phase transition|transitions|change|changes", |_| EventPattern::PhaseEntered(None)),
    ("[upon|when] entering|enter [the] {phase} [phase]", entered),
    ("start|beginning of [the] {phase} [phase]", entered),
    ("{phase} [phase] starts|begins|start|entered", entered),
    ("transition|transitioning to [the] {phase} [phase]", entered),
    ("[the] end|completion of [the] [successful] {phase} [phase]", left),
    ("[after] [a] successful {phase} [phase] [completion]", left),
    ("{phase} [phase] complete|completes|completion|ends|end|pass|passes|passed|succeeds", left),
    ("{phase} [phase] completed", left),
    ("{phase} [phase] is|was complete|completed|finished|done|over", left),
    ("leaving|exiting [the] {phase} [phase]", left),
    ("after [the] {phase} [phase] [completion|completes|ends]", left),
    ("before [every|each|any] decision/action|decision|action [or action] [cycle|cycles]", |_| {
        EventPattern::CycleStarted
    }),
    ("before [every|each|any] cycle", |_| EventPattern::CycleStarted),
    ("after [every|each|any] [significant] action|actions|step [or information receipt]", |_| {
        EventPattern::ActionDone
    }),
    ("[after] updating|editing|changing|modifying {paths}", updated),
    ("[any] {paths} update|updates|updated|change|changes|changed|edit", updated),
    ("{paths} [is|was] saved", updated),
    ("saving {paths}", updated),
    ("{paths} is|was updated|changed|edited|modified", updated),
    ("[any|a|relevant] [source|code] file|files [is|are] save|saved|saves", saved),
    ("[any|a|relevant] [source|code] file|files [is|are] saved during|in [the] {phase} [phase]", saved),
    ("saving [a|any] [relevant] [source|code] file|files [during [the] {phase} [phase]]", saved),
    ("[after] [a|every|each] test|tests [run|runs|ran]", |_| EventPattern::TestsRan),
    ("[after] running [the] tests", |_| EventPattern::TestsRan),
    (
        "{rules} determines|finds|reports [that] [there] [are] no more|further|remaining|unprocessed items|rows [left]",
        exhausted,
    ),
    ("before overwrite|overwriting [the] [existing|current|old|previous] [plan|blueprint]", |_| {
        EventPattern::PlanOverwritten
    }),
    ("before overwriting [the] {section}", |_| EventPattern::PlanOverwritten),
    ("[a] new blueprint|plan [is] [created|written|drafted]", |_| EventPattern::PlanOverwritten),
    ("[explicit] user command|request|message|phrase like|such {sayings}", said),
    ("[explicit] user command like {sayings} with two descriptions", said),
    ("[explicit] user command like {sayings} followed by a description", said),
    ("user says|asks {sayings}", said),
    ("[explicit] user command|request|confirmation|approval", said),
    ("[explicit] request", said),
    ("[the] user requests to {rest}", said),
    ("[the] user explicitly requests|asks {rest}", said),
    ("[the] user confirms|approves {rest}", said),
    ("[the] user confirms|approves", said),
    ("deploy|deployment|deploying", |_| EventPattern::Named("deploy".into())),
    ("release", |_| EventPattern::Named("release".into())),
    ("merge", |_| EventPattern::Named("merge".into())),
    ("push", |_| EventPattern::Named("push".into())),
    ("commit", |_| EventPattern::Named("commit".into())),
    ("build", |_| EventPattern::Named("build".into())),
];

static TABLE: LazyLock<Table<Make>> = LazyLock::new(|| Table::new(WORDINGS));

/// Reads an event at `cursor` for which `ends_well` holds behind it.
pub(super) fn read<'a, 't>(
    cursor: &mut Cursor<'a, 't>,
    vocabulary: &Vocabulary,
    ends_well: impl Fn(&mut Cursor<'a, 't>) -> bool,
) -> Option<EventPattern> {
    TABLE.find(cursor, vocabulary, |make, found, ahead| ends_well(ahead).then(|| make(found)))
}

fn commands(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::Command(found.list(Slot::Commands).iter().map(|command| command.to_lowercase()).collect())
}

fn entered(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::PhaseEntered(found.word(Slot::Phase))
}

fn left(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::PhaseLeft(found.word(Slot::Phase))
}

fn updated(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::FileUpdated(found.list(Slot::Paths))
}

fn saved(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::SourceSaved { during: found.word(Slot::Phase) }
}

fn exhausted(found: &Found<'_, '_>) -> EventPattern {
    EventPattern::ItemsExhausted { rule: found.word(Slot::Rules).unwrap_or_default() }
}

/// The quotations in what the person says, up to the hole in them: `rollback to...` is said by
/// "rollback to the login".
fn said(found: &Found<'_, '_>) -> EventPattern {
    let mut sayings = found.list(Slot::Sayings);
    sayings.extend(found.list(Slot::Rest));
    let fixed = |saying: String| {
        let end = saying
            .find(['[', '<', '{', '…'])
            .into_iter()
            .chain(saying.find("..."))
            .min()
            .unwrap_or(saying.len());
        saying[..end].trim().to_owned()
    };
    EventPattern::UserSaid(sayings.into_iter().map(fixed).filter(|saying| !saying.is_empty()).collect())
}

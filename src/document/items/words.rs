//! What columns and statuses are called, in every language that real files use.

use super::super::{inline, title};

/// Headers of the columns Rulemark knows, undecorated and in lower case; the first of a list that a
/// table has is taken.
const ID: &[&str] = &[
    "id",
    "item id",
    "task id",
    "ids",
    "#",
    "no",
    "nr",
    "number",
    "key",
    "番号",
    "編號",
    "编号",
    "序号",
    "번호",
    "номер",
    "número",
    "nummer",
    "numéro",
    "numer",
    "numero",
    "mã",
    "stt",
];
const DESCRIPTION: &[&str] = &[
    "description",
    "desc",
    "task description",
    "item description",
    "text",
    "text to process",
    "text to tokenize",
    "item text",
    "task",
    "title",
    "summary",
    "details",
    "work",
    "what",
    "name",
    "feature",
    "todo",
    "説明",
    "内容",
    "作業",
    "作業内容",
    "タスク",
    "描述",
    "说明",
    "任务",
    "任务描述",
    "작업",
    "설명",
    "내용",
    "작업 내용",
    "описание",
    "задача",
    "descripción",
    "tarea",
    "beschreibung",
    "aufgabe",
    "tâche",
    "descrição",
    "opis",
    "zadanie",
    "beschrijving",
    "omschrijving",
    "taak",
    "descrizione",
    "attività",
    "mô tả",
    "công việc",
    "nhiệm vụ",
    "item",
    "항목",
    "項目",
    "条目",
    "element",
];
const STATUS: &[&str] = &[
    "status",
    "stat",
    "state",
    "done",
    "progress",
    "상태",
    "状态",
    "狀態",
    "状態",
    "ステータス",
    "статус",
    "состояние",
    "estado",
    "statut",
    "état",
    "stan",
    "stato",
    "zustand",
    "trạng thái",
];

/// Statuses of items that are still to be processed.
const UNPROCESSED: &[&str] = &[
    "pending",
    "todo",
    "to do",
    "open",
    "ready",
    "not started",
    "in progress",
    "inprogress",
    "new",
    "queued",
    "planned",
    "waiting",
    "active",
    "wip",
    "started",
    "running",
    "ongoing",
    "doing",
    "next",
    "backlog",
    "unprocessed",
    "unstarted",
    "in work",
    "대기",
    "대기중",
    "대기 중",
    "진행",
    "진행중",
    "진행 중",
    "예정",
    "미완료",
    "미착수",
    "할 일",
    "待办",
    "待处理",
    "待辦",
    "未开始",
    "进行中",
    "未完成",
    "处理中",
    "計画中",
    "未着手",
    "未処理",
    "進行中",
    "作業中",
    "対応中",
    "着手中",
    "в ожидании",
    "ожидает",
    "ожидание",
    "не начато",
    "открыто",
    "в работе",
    "в процессе",
    "запланировано",
    "к выполнению",
    "новая",
    "pendiente",
    "por hacer",
    "abierto",
    "en curso",
    "en progreso",
    "en proceso",
    "sin empezar",
    "no iniciado",
    "offen",
    "ausstehend",
    "zu erledigen",
    "in arbeit",
    "in bearbeitung",
    "laufend",
    "geplant",
    "nicht begonnen",
    "bereit",
    "en attente",
    "à faire",
    "ouvert",
    "en cours",
    "non commencé",
    "prévu",
    "pendente",
    "a fazer",
    "aberto",
    "em andamento",
    "em progresso",
    "em curso",
    "não iniciado",
    "oczekujące",
    "oczekuje",
    "do zrobienia",
    "otwarte",
    "w toku",
    "w trakcie",
    "nierozpoczęte",
    "zaplanowane",
    "te doen",
    "in behandeling",
    "bezig",
    "niet gestart",
    "gepland",
    "in attesa",
    "da fare",
    "aperto",
    "in corso",
    "non iniziato",
    "chờ",
    "chưa làm",
    "chưa bắt đầu",
    "đang làm",
    "đang thực hiện",
    "đang chờ",
    "đang tiến hành",
];

/// A word for what is to be done and its counterpart for what is done, in one language.
const COUNTERPARTS: &[(&str, &str)] = &[
    ("pending", "completed"),
    ("pending", "done"),
    ("todo", "done"),
    ("to do", "done"),
    ("open", "closed"),
    ("대기", "완료"),
    ("待办", "已完成"),
    ("待处理", "已完成"),
    ("未着手", "完了"),
    ("未処理", "完了"),
    ("в ожидании", "выполнено"),
    ("не начато", "выполнено"),
    ("pendiente", "completado"),
    ("offen", "erledigt"),
    ("ausstehend", "erledigt"),
    ("en attente", "terminé"),
    ("à faire", "fait"),
    ("pendente", "concluído"),
    ("oczekujące", "ukończone"),
    ("do zrobienia", "zrobione"),
    ("te doen", "gedaan"),
    ("in attesa", "completato"),
    ("da fare", "fatto"),
    ("chờ", "hoàn thành"),
    ("chưa làm", "hoàn thành"),
];

/// Statuses of items that were done, not merely left.
const DONE: &[&str] = &[
    "completed",
    "complete",
    "done",
    "finished",
    "closed",
    "fixed",
    "success",
    "validated",
    "merged",
    "완료",
    "완료됨",
    "已完成",
    "完成",
    "完了",
    "済",
    "済み",
    "выполнено",
    "готово",
    "завершено",
    "сделано",
    "completado",
    "completada",
    "hecho",
    "terminado",
    "erledigt",
    "fertig",
    "abgeschlossen",
    "terminé",
    "fait",
    "achevé",
    "concluído",
    "feito",
    "ukończone",
    "zrobione",
    "gotowe",
    "gedaan",
    "voltooid",
    "klaar",
    "completato",
    "fatto",
    "finito",
    "hoàn thành",
    "xong",
];

/// Pictures that say the same.
const UNDONE_PICTURES: &[char] =
    &['⬜', '☐', '⏳', '🔄', '🕐', '⏸', '🚧', '🟡', '🔲', '📋', '▢', '□', '○', '⚪', '🔵', '⌛', '🟠', '🔜'];
const DONE_PICTURES: &[char] = &['✅', '☑', '✔', '✓', '🟢', '🎉', '🏁'];

/// The columns of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) id: Option<usize>,
    pub(super) description: Option<usize>,
    pub(super) status: Option<usize>,
}

impl Columns {
    /// Reads the cells of a header.
    pub(super) fn read<'c>(header: impl Iterator<Item = &'c str>) -> Self {
        let names: Vec<String> = header
            .map(|cell| if cell.trim() == "#" { "#".into() } else { title::normal(&inline::plain(cell)) })
            .collect();
        let find = |wanted: &[&str], taken: &[Option<usize>]| {
            wanted.iter().find_map(|name| {
                let mut free = names.iter().enumerate().filter(|(index, _)| !taken.contains(&Some(*index)));
                free.find(|(_, found)| found == name).map(|(index, _)| index)
            })
        };
        let status = find(STATUS, &[]);
        let description = find(DESCRIPTION, &[status]);
        let mut id = find(ID, &[status, description]);
        if id.is_none() && description.is_some_and(|index| names[index] != "item") {
            id = find(&["item", "항목", "項目"], &[status, description]);
        }
        let description = description
            .or_else(|| (0..names.len()).find(|&index| Some(index) != status && Some(index) != id));
        Self { id, description, status }
    }

    /// Whether a header says anything: of a row of data it does not.
    pub(super) fn is_header(&self, cells: usize) -> bool {
        (self.id.is_some() || self.status.is_some()) && cells > 1
    }
}

/// What a status means: `Some(true)` for one still to be processed, `None` for a word that is no
/// status at all.
pub(super) fn is_unprocessed(status: &str) -> Option<bool> {
    let plain = spaced(status);
    if plain.is_empty() {
        let picture = status.chars().find(|c| DONE_PICTURES.contains(c) || UNDONE_PICTURES.contains(c));
        return match picture {
            Some(c) => Some(UNDONE_PICTURES.contains(&c)),
            None if status.chars().any(char::is_alphanumeric) => None,
            None => Some(!status.chars().any(|c| matches!(c, '❌' | '✖' | '✗' | '🔴' | '⛔'))),
        };
    }
    if matches!(&*plain, "null" | "none" | "n/a" | "na") {
        return Some(true);
    }
    let begins =
        |word: &str| plain.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    if UNPROCESSED.iter().any(|word| begins(word)) {
        return Some(true);
    }
    DONE.iter().any(|word| begins(word)).then_some(false)
}

/// Whether a status says that the item was done.
pub(super) fn is_done(status: &str) -> bool {
    is_unprocessed(status) == Some(false)
}

/// `status` for an item that is done, in the language and case of `like`, a status that is not.
pub(super) fn done_like(like: &str) -> String {
    if like.chars().any(|c| UNDONE_PICTURES.contains(&c)) {
        let word = inline::plain(like.trim_matches(|c: char| inline::is_picture(c) || c == ' '));
        return if word.is_empty() { "✅".into() } else { format!("✅ {}", done_like(&word)) };
    }
    let plain = spaced(like);
    let pair = COUNTERPARTS.iter().find(|(undone, _)| plain.starts_with(undone));
    cased(pair.map_or("completed", |(_, done)| done), like)
}

/// The status of a new item, in the language and case of `like`, any status of the table.
pub(super) fn undone_like(like: &str) -> String {
    let plain = spaced(like);
    if plain.is_empty() && !like.trim().is_empty() && like.chars().any(inline::is_picture) {
        return "⬜".into();
    }
    let pair = COUNTERPARTS.iter().find(|(undone, done)| plain == *undone || plain == *done);
    cased(pair.map_or("pending", |(undone, _)| undone), like)
}

/// `word` in the case of `like`: `COMPLETED`, `Completed`, `completed`.
fn cased(word: &str, like: &str) -> String {
    let mut letters = like.chars().filter(|c| c.is_alphabetic());
    let (first, second) = (letters.next(), letters.next());
    match (first, second) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_uppercase() => word.to_uppercase(),
        (Some(first), _) if first.is_uppercase() => {
            let mut characters = word.chars();
            let head = characters.next().map(char::to_uppercase);
            head.into_iter().flatten().chain(characters).collect()
        }
        _ => word.to_owned(),
    }
}

/// A status without decoration, in lower case, with spaces for `_` and `-`.
fn spaced(status: &str) -> String {
    let plain = inline::plain(status).to_lowercase();
    let plain = plain.trim_matches(|c: char| !c.is_alphanumeric());
    plain.chars().map(|c| if matches!(c, '_' | '-') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for status in [
            "",
            "pending",
            "PENDING",
            "**In Progress**",
            "in_progress",
            "IN-PROGRESS (50%)",
            "대기",
            "待办",
            "未着手",
            "⬜ PENDING",
            "⏳",
            "-",
            "null",
            "Not started",
            "offen",
            "pendiente",
            "в ожидании",
            "`todo`",
        ] {
            assert_eq!(is_unprocessed(status), Some(true), "{status}");
        }
        for status in ["completed", "✅", "✅ Done", "DONE", "완료", "fixed", "erledigt"] {
            assert_eq!(is_unprocessed(status), Some(false), "{status}");
        }
        for status in ["blocked", "documented", "skipped", "opened doors", "readying", "7"] {
            assert_eq!(is_unprocessed(status), None, "{status}");
        }
    }

    #[test]
    fn words_like_others() {
        let check = |like: &str, done: &str, undone: &str| {
            assert_eq!((&*done_like(like), &*undone_like(like)), (done, undone), "{like}");
        };
        check("pending", "completed", "pending");
        check("PENDING", "COMPLETED", "PENDING");
        check("Todo", "Done", "Todo");
        check("IN_PROGRESS", "COMPLETED", "PENDING");
        check("대기", "완료", "대기");
        check("", "completed", "pending");
        check("⬜", "✅", "⬜");
        check("⬜ PENDING", "✅ COMPLETED", "PENDING");
        check("Offen", "Erledigt", "Offen");
        assert_eq!(undone_like("✅"), "⬜");
        assert_eq!(undone_like("완료"), "대기");
    }

    #[test]
    fn columns() {
        let check = |header: &str, expected: [Option<usize>; 3]| {
            let columns = Columns::read(header.split('|'));
            assert_eq!([columns.id, columns.description, columns.status], expected, "{header}");
        };
        check("id|description|status", [Some(0), Some(1), Some(2)]);
        check("Item ID|Text to Tokenize", [Some(0), Some(1), None]);
        check("Item ID|Component|Description|Status", [Some(0), Some(2), Some(3)]);
        check("**ID**|Priority|Description|Dependencies", [Some(0), Some(2), None]);
        check("ID|작업|상태|비고", [Some(0), Some(1), Some(2)]);
        check("Task|Description|Status|SubTasks", [None, Some(1), Some(2)]);
        check("id|desc|stat|cmplx|conf", [Some(0), Some(1), Some(2)]);
        check("#|Item|State", [Some(0), Some(1), Some(2)]);
        check("Item|Description", [Some(0), Some(1), None]);
        check("a|b", [None, Some(0), None]);
    }

    #[test]
    fn no_word_means_both() {
        assert!(UNPROCESSED.iter().all(|word| !DONE.contains(word)));
        assert!(UNPROCESSED.iter().chain(DONE).all(|word| spaced(word) == **word));
    }
}

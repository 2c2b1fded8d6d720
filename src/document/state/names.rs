//! What the keys are called, in every language that real files use.

use super::super::title::normal;
use std::{collections::HashMap, sync::LazyLock};

/// The keys that the workflow itself reads, and their names; undecorated, in lower case.
const NAMES: &[(&str, &[&str])] = &[
    (
        PHASE,
        &[
            "phase",
            "current phase",
            "currentphase",
            "active phase",
            "workflow phase",
            "project phase",
            "フェーズ",
            "現在のフェーズ",
            "阶段",
            "当前阶段",
            "階段",
            "단계",
            "현재 단계",
            "페이즈",
            "фаза",
            "текущая фаза",
            "этап",
            "текущий этап",
            "fase",
            "fase actual",
            "fase atual",
            "fase attuale",
            "aktuelle phase",
            "phase actuelle",
            "phase en cours",
            "faza",
            "aktualna faza",
            "huidige fase",
            "giai đoạn",
            "giai đoạn hiện tại",
        ],
    ),
    (
        STATUS,
        &[
            "status",
            "current status",
            "currentstatus",
            "overall status",
            "workflow status",
            "project status",
            "ステータス",
            "状態",
            "現在のステータス",
            "状态",
            "当前状态",
            "项目状态",
            "상태",
            "현재 상태",
            "статус",
            "текущий статус",
            "состояние",
            "estado",
            "estado actual",
            "estado atual",
            "aktueller status",
            "statut",
            "statut actuel",
            "état",
            "état actuel",
            "stan",
            "aktualny stan",
            "aktualny status",
            "huidige status",
            "stato",
            "stato attuale",
            "trạng thái",
            "trạng thái hiện tại",
        ],
    ),
    (
        CURRENT_ITEM,
        &[
            "currentitem",
            "current item",
            "item",
            "active item",
            "現在の項目",
            "現在のアイテム",
            "当前条目",
            "当前项",
            "현재 항목",
            "현재 아이템",
            "текущий элемент",
            "текущий пункт",
            "elemento actual",
            "ítem actual",
            "aktuelles element",
            "aktueller eintrag",
            "élément actuel",
            "élément en cours",
            "item atual",
            "bieżący element",
            "aktualny element",
            "huidig item",
            "elemento attuale",
            "elemento corrente",
            "mục hiện tại",
        ],
    ),
    (
        LAST_UPDATED,
        &[
            "last updated",
            "lastupdated",
            "last update",
            "updated",
            "最終更新",
            "最后更新",
            "最近更新",
            "마지막 업데이트",
            "최종 업데이트",
            "последнее обновление",
            "обновлено",
            "última actualización",
            "última atualização",
            "zuletzt aktualisiert",
            "letzte aktualisierung",
            "dernière mise à jour",
            "ostatnia aktualizacja",
            "laatst bijgewerkt",
            "ultimo aggiornamento",
            "cập nhật lần cuối",
        ],
    ),
];

pub(super) const PHASE: &str = "Phase";
pub(super) const STATUS: &str = "Status";
pub(super) const CURRENT_ITEM: &str = "CurrentItem";
pub(super) const LAST_UPDATED: &str = "Last Updated";

static BY_NAME: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let names = NAMES.iter().flat_map(|&(key, names)| names.iter().map(move |&name| (name, key)));
    names.collect()
});

/// The workflow's own key that `name` means: `Phase` for `フェーズ（Phase）` or `current_phase`.
pub(super) fn canonical(name: &str) -> Option<&'static str> {
    // Most names are plain words, and this is asked of every line.
    if name.len() < 16
        && name.is_ascii()
        && let Some((key, _)) = NAMES.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))
    {
        return Some(key);
    }
    let plain = normal(name);
    if let Some(key) = BY_NAME.get(&*plain) {
        return Some(key);
    }
    let open = plain.find(['(', '（'])?;
    let outside = BY_NAME.get(plain[..open].trim());
    outside.or_else(|| BY_NAME.get(plain[open..].trim_matches(['(', '（', ')', '）', ' ']))).copied()
}

/// Whether two names mean the same key, aliases aside: without case, spaces, `_` and `-`.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || letters(one) == letters(other)
}

/// What counts of a name when two are compared.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        for (name, expected) in [
            ("Phase", Some(PHASE)),
            ("current_phase", Some(PHASE)),
            ("CURRENT PHASE", Some(PHASE)),
            ("フェーズ（Phase）", Some(PHASE)),
            ("Етап (Phase)", Some(PHASE)),
            ("État actuel", Some(STATUS)),
            ("CurrentItem", Some(CURRENT_ITEM)),
            ("Item", Some(CURRENT_ITEM)),
            ("current-item", None),
            ("CurrentTaskID", None),
            ("Job Status", None),
            ("EpicPhase", None),
        ] {
            assert_eq!(canonical(name), expected, "{name}");
        }
        assert!(same("Cycle Count", "cycle_count"));
        assert!(!same("Cycle", "Cycles"));
    }

    #[test]
    fn every_name_is_in_its_normal_form_and_means_one_key() {
        let all = NAMES.iter().flat_map(|(_, names)| names.iter());
        for name in all.clone() {
            assert_eq!(normal(name), *name);
        }
        assert_eq!(all.count(), BY_NAME.len());
    }
}

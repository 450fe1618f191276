//! The compound surnames (复姓) `cn-name` shows whole, simplified forms first, then traditional ones.

use std::sync::LazyLock;

/// All of them as numbers, sorted.
static SORTED: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut keys: Vec<u64> = COMPOUND.iter().filter_map(|name| key(name)).collect();
    keys.sort_unstable();
    keys
});

/// Whether two characters are a compound surname.
pub(super) fn is_compound(name: &str) -> bool {
    key(name).is_some_and(|key| SORTED.binary_search(&key).is_ok())
}

/// The bytes of two characters in one number.
fn key(name: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes
        .get_mut(..name.len())?
        .copy_from_slice(name.as_bytes());
    Some(u64::from_le_bytes(bytes))
}

/// Two characters each.
#[rustfmt::skip]
pub(super) const COMPOUND: &[&str] = &[
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人",
    "夏侯", "诸葛", "尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶",
    "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于",
    "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良",
    "漆雕", "乐正", "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里",
    "呼延", "东郭", "南门", "羊舌", "微生", "公户", "公玉", "公仪", "梁丘", "公仲",
    "公山", "公坚", "左丘", "公伯", "西门", "公祖", "第五", "公乘", "贯丘", "公皙",
    "南荣", "东里", "东宫", "仲长", "子桑", "即墨", "达奚", "褚师", "淳于", "单于",
    "纳兰", "贺兰", "耶律", "完颜", "屈突", "斛律", "尔朱", "哥舒", "东门", "毌丘",
    "歐陽", "司馬", "東方", "獨孤", "南宮", "聞人", "諸葛", "尉遲", "公羊", "赫連",
    "澹臺", "濮陽", "公孫", "仲孫", "鍾離", "長孫", "鮮于", "閭丘", "軒轅", "東郭",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listed_surname_is_found_and_no_other() {
        assert_eq!(SORTED.len(), COMPOUND.len());
        assert!(COMPOUND.iter().all(|name| is_compound(name)));
        for other in ["", "张三", "欧", "欧阳修", "阳欧", "\u{20000}\u{20001}"] {
            assert!(!is_compound(other), "{other}");
        }
    }
}

//! `front` and `listen` before and after: whose headers are believed, and who may connect.
//!
//! Refuses nothing.

use std::collections::BTreeSet;

use super::Changes;
use crate::config::{Callers, ClientAuth, Front};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::weigh::Kind;

/// All that differs, beside what is known already.
pub(super) fn changes(old: &Callers, new: &Callers, mut changes: Changes) -> Changes {
    fronts(old.front.as_ref(), new.front.as_ref(), &mut changes);
    let addresses: BTreeSet<&String> = old.doors.keys().chain(new.doors.keys()).collect();
    for address in addresses {
        let entry = quoted(&format!("listen {address}"));
        let told = |what: Text| say!("{entry}: {what}", "{entry}：{what}"; what);
        match (old.doors.get(address), new.doors.get(address)) {
            (Some(before), Some(after)) => door(before, after, &told, &mut changes),
            (None, Some(_)) => opens(&mut changes, told(say!("is new", "是新增的"))),
            (Some(_), None) => closes(&mut changes, told(say!("is gone", "没有了"))),
            (None, None) => {}
        }
    }
    changes
}

/// Whose certificates a listener asks for, if it does, and whether it does not go without.
type Door = Option<(String, ClientAuth)>;

fn door(old: &Door, new: &Door, told: &dyn Fn(Text) -> Text, changes: &mut Changes) {
    let demands = |door: &Door| matches!(door, Some((_, ClientAuth::Required)));
    match (demands(old), demands(new)) {
        (true, false) => opens(
            changes,
            told(say!(
                "who has no client certificate may connect",
                "没有客户端证书也能连接了"
            )),
        ),
        (false, true) => closes(
            changes,
            told(say!(
                "who has no client certificate may connect no more",
                "没有客户端证书不能再连接"
            )),
        ),
        _ => {}
    }
    let authority = |door: &Door| door.as_ref().map(|(authority, _)| authority.clone());
    match (authority(old), authority(new)) {
        (None, Some(name)) => opens(
            changes,
            told(say!(
                "client certificates of {} count",
                "接受 {} 的客户端证书",
                quoted(&name)
            )),
        ),
        (Some(name), None) => closes(
            changes,
            told(say!(
                "client certificates of {} count no more",
                "不再接受 {} 的客户端证书",
                quoted(&name)
            )),
        ),
        (Some(before), Some(after)) if before != after => changes.gains.push((
            Kind::Unweighed,
            told(say!("`client_ca` has changed", "`client_ca` 变了")),
        )),
        _ => {}
    }
}

fn fronts(old: Option<&Front>, new: Option<&Front>, changes: &mut Changes) {
    // Each taken apart, so that what `front` learns must be compared.
    let parts = |front: Option<&Front>| {
        let parts = front.map(|Front { networks, headers }| (networks.clone(), headers.clone()));
        parts.unwrap_or_default()
    };
    let ((networks, headers), (wider, more)) = (parts(old), parts(new));
    if wider.iter().any(|one| !networks.contains(one)) {
        opens(
            changes,
            say!(
                "`front.networks`: headers from more addresses are believed",
                "`front.networks`：更多地址发来的首部被当真"
            ),
        );
    }
    if networks.iter().any(|one| !wider.contains(one)) {
        closes(
            changes,
            say!(
                "`front.networks`: headers from fewer addresses are believed",
                "`front.networks`：当真的首部来自更少的地址"
            ),
        );
    }
    for header in more.iter().filter(|one| !headers.contains(one)) {
        let name = quoted(header.as_str());
        opens(
            changes,
            say!(
                "`front.headers`: {name} is believed",
                "`front.headers`：{name} 被当真"
            ),
        );
    }
    for header in headers.iter().filter(|one| !more.contains(one)) {
        let name = quoted(header.as_str());
        closes(
            changes,
            say!(
                "`front.headers`: {name} is believed no more",
                "`front.headers`：{name} 不再被当真"
            ),
        );
    }
}

fn opens(changes: &mut Changes, text: Text) {
    changes.gains.push((Kind::Opens, text));
}

fn closes(changes: &mut Changes, text: Text) {
    changes.losses.push(text);
}

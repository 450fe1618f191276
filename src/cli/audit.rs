//! `fieldgate audit verify DIR`: exit 0 where the log is what was written, 6 where it is not, 2 without a
//! directory to look at.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::audit;

/// Verifies every node's log in `dir` and says what was found on stdout.
pub fn verify(dir: &Path) -> ExitCode {
    if !dir.is_dir() {
        let shown = dir.display().to_string();
        let _ = writeln!(
            io::stderr(),
            "`{}` is not a directory",
            shown.escape_debug()
        );
        return ExitCode::from(2);
    }
    let mut out = io::stdout().lock();
    match audit::verify(dir, &mut out) {
        Ok(_) => ExitCode::SUCCESS,
        Err(damage) => {
            let _ = out.flush();
            let _ = writeln!(io::stderr(), "the access log does not verify: {damage}");
            ExitCode::from(6)
        }
    }
}

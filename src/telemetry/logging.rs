//! Log events on stderr, as text for people or JSON for machines.
//!
//! Refuses a level that is none. Libraries are held at warnings whatever is asked for, because what
//! they tell at debug may hold headers of a request.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::panics;

/// How log events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people, coloured where stderr is a terminal and `NO_COLOR` is not set.
    Text,
    /// One JSON object per line.
    Json,
}

/// Why logging could not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not a level.
    #[error("`{0}` is not a log level; use `error`, `warn`, `info`, `debug` or `trace`")]
    Level(String),
    /// Something in this process logs already.
    #[error("logging has been started already")]
    Twice,
}

/// Sends events of `level` and above to stderr, for the rest of the process; panics are such events.
pub fn start(format: LogFormat, level: &str) -> Result<(), LogError> {
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter(level)?)
        .with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match format {
        LogFormat::Text => events.with_ansi(colours).try_init(),
        LogFormat::Json => events.json().flatten_event(true).try_init(),
    }
    .map_err(|_| LogError::Twice)?;
    panics::tell_where();
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, LogError> {
    let wrong = || LogError::Level(level.to_owned());
    let ours: LevelFilter = level.parse().map_err(|_| wrong())?;
    let theirs = ours.min(LevelFilter::WARN);
    EnvFilter::builder()
        .parse(format!("{theirs},fieldgate={ours}"))
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_stay_at_warnings_when_we_are_asked_for_more() {
        assert_eq!(filter("trace").unwrap().to_string(), "fieldgate=trace,warn");
        assert_eq!(
            filter("error").unwrap().to_string(),
            "fieldgate=error,error"
        );
    }

    #[test]
    fn what_is_no_level_is_refused() {
        let refused = filter("hyper=trace").unwrap_err();
        assert_eq!(refused, LogError::Level("hyper=trace".to_owned()));
    }
}

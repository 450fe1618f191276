//! The body of a request: all of it, held whole, or none.
//!
//! Refuses more than the limit (`too-large`), one where none belongs (`unexpected-body`), and one that breaks off or
//! stands still (`malformed-request`). What is held counts against the budget while it comes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use super::budget::Share;
use crate::model::Reason;

/// All of a body, which is never more than the limit.
pub(super) async fn whole(
    mut body: Incoming,
    limit: usize,
    patience: Duration,
    held: &mut Share,
) -> Result<Bytes, Reason> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Reason::TooLarge);
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(patience, body.frame()).await;
        match frame.map_err(|_| Reason::MalformedRequest)? {
            None => return Ok(whole.freeze()),
            Some(Err(_)) => return Err(Reason::MalformedRequest),
            // Trailers are nobody's.
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap_or_default();
                if piece.len() > limit.saturating_sub(whole.len()) {
                    return Err(Reason::TooLarge);
                }
                held.set(whole.len() + piece.len())?;
                whole.extend_from_slice(&piece);
            }
        }
    }
}

/// Waits for the end of a body that must hold nothing.
pub(super) async fn none(mut body: Incoming, patience: Duration) -> Result<(), Reason> {
    if body.size_hint().lower() > 0 {
        // To read it is to ask for it, where the client waits for `100 Continue`.
        return Err(Reason::UnexpectedBody);
    }
    while !body.is_end_stream() {
        let frame = tokio::time::timeout(patience, body.frame()).await;
        match frame.map_err(|_| Reason::MalformedRequest)? {
            None => break,
            Some(Ok(frame)) if frame.data_ref().is_none_or(bytes::Bytes::is_empty) => {}
            Some(Ok(_)) => return Err(Reason::UnexpectedBody),
            Some(Err(_)) => return Err(Reason::MalformedRequest),
        }
    }
    Ok(())
}

//! What a client got, to the byte.

use serde_json::Value;

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As its framing says it should.
    Complete,
    /// It broke off; with HTTP/2 the reason of the reset.
    Cut(Option<h2::Reason>),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// In their order, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The length of each chunk or DATA frame that was not empty; of a body with a length in HTTP/1.1, one.
    pub frames: Vec<usize>,
    pub end: End,
}

impl Answer {
    /// The only value of this header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` is there twice: {self:?}");
        first
    }

    pub fn id(&self) -> &str {
        self.header("x-request-id").expect("a request id")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The reason of a refusal, which is a whole problem document.
    pub fn reason(&self) -> String {
        assert_eq!(self.end, End::Complete, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        let members = problem.as_object().unwrap().keys();
        // Of a write it may name fields.
        let members: Vec<&String> = members.filter(|name| *name != "refused").collect();
        assert_eq!(
            members,
            ["reason", "request_id", "status", "title", "type"],
            "{problem}"
        );
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.id());
        problem["reason"].as_str().unwrap().to_owned()
    }

    /// What equal answers have in common: all but the request's id and the date.
    pub fn comparable(&self) -> Answer {
        let mut answer = self.clone();
        answer
            .headers
            .retain(|(name, _)| name != "date" && name != "x-request-id");
        let text = String::from_utf8_lossy(&answer.body);
        // The HTTP library's own has none.
        if let Some(id) = self.header("x-request-id").filter(|id| text.contains(*id)) {
            answer.body = text.replace(id, "ID").into_bytes();
        }
        answer
    }
}

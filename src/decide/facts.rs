//! What a call itself says to the conditions of the rules: claims, headers, purpose, network, factors, the hour.
//!
//! What is missing, repeated or of another type is unknown; so is every claim of a caller whose credentials nobody read.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderName;
use serde_json::{Map, Value};

use super::Context;
use super::roles::claim;
use crate::model::JwtCredential;
use crate::policy::condition::{
    ClaimCondition, ClaimIs, Literal, Mfa, Network, Number, Other, Question, Truth,
};
use crate::route::Match;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// The caller's token, where it was read.
    pub jwt: Option<&'a JwtCredential>,
    /// The purpose of the contract the call runs under.
    pub purpose: Option<&'a str>,
    pub matched: &'a Match,
    pub context: Context<'a>,
}

impl Facts<'_> {
    /// What the call answers; `None` where it is not the one to ask.
    pub fn answer(&self, test: &Question) -> Option<Truth> {
        Some(match test {
            Question::Claim(asked) => self.claim(asked),
            Question::Header(name, values) => self.header(name, values),
            Question::Purpose(purposes) => match self.purpose {
                Some(purpose) => purposes.iter().any(|one| one == purpose).into(),
                None => Truth::Unknown,
            },
            Question::Network(networks) => within(networks, self.context.peer).into(),
            Question::Mfa(asked) => self.mfa(asked),
            Question::Hours(hours) => hours
                .hold(self.context.now)
                .map_or(Truth::Unknown, Truth::from),
            Question::Field(_) | Question::All(_) | Question::Any(_) | Question::Not(_) => {
                return None;
            }
        })
    }

    /// What a field is compared with; `None` where the call does not say it.
    pub fn other(&self, other: &Other) -> Option<Literal> {
        match other {
            Other::Claim(path) => literal(claim(&self.jwt?.claims, path)?),
            Other::Path(wanted) => {
                let mut params = self.matched.path_params.iter();
                let (_, value) = params.find(|(name, _)| name == wanted)?;
                Some(Literal::Text(value.clone()))
            }
        }
    }

    fn claim(&self, asked: &ClaimCondition) -> Truth {
        let claims = self.claims(Some(&asked.issuer));
        let Some(value) = claims.and_then(|claims| claim(claims, &asked.claim)) else {
            return Truth::Unknown;
        };
        match (&asked.is, value) {
            (ClaimIs::Has(word), Value::String(text)) => (text == word).into(),
            (ClaimIs::Has(word), Value::Array(elements)) => elements
                .iter()
                .any(|element| element.as_str() == Some(word))
                .into(),
            (ClaimIs::Has(_), _) => Truth::Unknown,
            (ClaimIs::OneOf(values), value) => {
                literal(value).map_or(Truth::Unknown, |value| value.among(values))
            }
        }
    }

    /// A header counts only where it came through the trusted front, and once.
    fn header(&self, name: &HeaderName, values: &[String]) -> Truth {
        let once = self
            .context
            .front
            .then(|| the_one(self.context.headers, name));
        match once.flatten() {
            Some(text) => values.iter().any(|value| value == text).into(),
            None => Truth::Unknown,
        }
    }

    fn mfa(&self, asked: &Mfa) -> Truth {
        let Some(claims) = self.claims(asked.issuer.as_deref()) else {
            return Truth::Unknown;
        };
        let amr = match claims.get("amr") {
            Some(Value::Array(methods)) if methods.iter().all(Value::is_string) => {
                let mut methods = methods.iter().filter_map(Value::as_str);
                methods
                    .any(|method| asked.amr.iter().any(|one| one == method))
                    .into()
            }
            _ => Truth::Unknown,
        };
        let acr = match claims.get("acr") {
            Some(Value::String(class)) => asked.acr.contains(class).into(),
            _ => Truth::Unknown,
        };
        match (asked.amr.is_empty(), asked.acr.is_empty()) {
            (false, false) => amr.max(acr),
            (true, _) => acr,
            (_, true) => amr,
        }
    }

    fn claims(&self, issuer: Option<&str>) -> Option<&Map<String, Value>> {
        let jwt = self.jwt?;
        let is_theirs = issuer.is_none_or(|issuer| *jwt.issuer == *issuer);
        is_theirs.then_some(&jwt.claims)
    }
}

fn within(networks: &[Network], peer: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(peer))
}

/// The value of a header that stands there exactly once, in visible characters.
fn the_one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        Some(_) => None,
        None => value.to_str().ok(),
    }
}

/// A claim as a scalar. A number that is not whole has lost its text on the way, so it is none.
fn literal(claim: &Value) -> Option<Literal> {
    match claim {
        Value::String(text) => Some(Literal::Text(text.clone())),
        Value::Bool(known) => Some(Literal::Bool(*known)),
        Value::Number(number) if number.is_u64() || number.is_i64() => {
            Number::read(&number.to_string()).map(Literal::Number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

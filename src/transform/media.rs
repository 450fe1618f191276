//! The media type of an answer: what the route declares passes, by its name alone.
//!
//! Where it declares nothing that is JSON: `application/json` and every `application/*+json` (RFC 6839) pass, in UTF-8 or
//! without a `charset`. A route of another format takes the types of that format alone, one in another charset that charset or
//! none. Refused as `unexpected-media-type`: no `Content-Type` or two of them, what RFC 9110,
//! 8.3.1 cannot parse, every other type (`text/json` is registered nowhere) and every other charset. The body is never looked at to guess:
//! a guess could only open.

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::header::sole;
use crate::model::Reason;
use crate::policy::{AnswerForm, BodyForm, Charset, Format};

const BLANKS: [char; 2] = [' ', '\t'];

/// Passes an answer whose `Content-Type` is what its route declares.
pub fn check(headers: &HeaderMap, form: &AnswerForm) -> Result<(), Reason> {
    is_of(headers, form, Reason::UnexpectedMediaType)
}

/// What a file is, by its header alone, and what it leaves as: its type, and a `charset` where it says one that is written
/// plainly. Every other parameter stays behind. `None` where it cannot be told.
pub fn of_file(headers: &HeaderMap) -> Option<(String, HeaderValue)> {
    let line = sole(headers, CONTENT_TYPE, Reason::UnexpectedMediaType).ok()??;
    let media = parse(line)?;
    let name = format!("{}/{}", media.kind, media.subtype);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let leaves_as = match media.charset {
        None => name.clone(),
        Some(charset) if !charset.is_empty() && charset.bytes().all(plain) => {
            format!("{name}; charset={charset}")
        }
        Some(_) => return None,
    };
    Some((name, HeaderValue::try_from(leaves_as).ok()?))
}

/// What the upstream is asked for.
pub fn accept(form: &AnswerForm) -> &'static str {
    match form.format {
        Format::Json => "application/json, application/*+json",
        Format::NdJson => "application/x-ndjson, application/jsonl",
        Format::JsonSeq => "application/json-seq",
        Format::Sse => "text/event-stream",
    }
}

/// The type of an answer that is as its route declares.
pub fn usual(form: &AnswerForm) -> HeaderValue {
    let wrong = form.media.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(wrong)) = wrong {
        return wrong;
    }
    leaves_as(form).unwrap_or(HeaderValue::from_static("application/json"))
}

/// Says under which type a body leaves, where that is not the upstream's.
pub fn rename(headers: &mut HeaderMap, form: &AnswerForm) {
    if let Some(media) = leaves_as(form) {
        headers.insert(CONTENT_TYPE, media);
    }
}

/// The type an answer leaves under; `None` where that is the upstream's.
fn leaves_as(form: &AnswerForm) -> Option<HeaderValue> {
    let name = match (form.format, form.leaves_in()) {
        (Format::Json, _) if form.charset == Charset::Utf8 && form.media.is_none() => return None,
        (Format::Json, Charset::Utf8) => "application/json",
        (Format::Json, Charset::Gbk) => "application/json; charset=gbk",
        (Format::Json, Charset::Gb18030) => "application/json; charset=gb18030",
        (Format::NdJson, Charset::Utf8) => "application/x-ndjson",
        (Format::NdJson, Charset::Gbk) => "application/x-ndjson; charset=gbk",
        (Format::NdJson, Charset::Gb18030) => "application/x-ndjson; charset=gb18030",
        (Format::JsonSeq, Charset::Utf8) => "application/json-seq",
        (Format::JsonSeq, Charset::Gbk) => "application/json-seq; charset=gbk",
        (Format::JsonSeq, Charset::Gb18030) => "application/json-seq; charset=gb18030",
        // Who reads events reads UTF-8, whatever is said.
        (Format::Sse, _) => "text/event-stream",
    };
    Some(HeaderValue::from_static(name))
}

/// Passes a request's body of the same media types, in no content coding. All else is `media-type`.
pub fn check_request(headers: &HeaderMap) -> Result<(), Reason> {
    is_of(headers, &AnswerForm::default(), Reason::MediaType)?;
    is_uncoded(headers)
}

fn is_uncoded(headers: &HeaderMap) -> Result<(), Reason> {
    match sole(headers, CONTENT_ENCODING, Reason::MediaType)? {
        None => Ok(()),
        Some(coding) if coding.eq_ignore_ascii_case("identity") => Ok(()),
        Some(_) => Err(Reason::MediaType),
    }
}

/// How the body of a request that writes says what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As the record.
    Record,
    /// As those of its members that change (RFC 7396).
    Merge,
    /// As a list of operations (RFC 6902).
    Patch,
    /// As the pairs of a form.
    Form,
}

impl Written {
    /// What it is called upstream: as it was judged, however the caller wrote that.
    pub fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Written::Record => "application/json",
            Written::Merge => "application/merge-patch+json",
            Written::Patch => "application/json-patch+json",
            Written::Form => "application/x-www-form-urlencoded",
        })
    }
}

/// Passes the body of a request that writes, or of a search that is a form, in UTF-8 and no content coding, of exactly the media type its route
/// declares: `application/json`, for PATCH also `application/merge-patch+json` and `application/json-patch+json`, or a
/// form. A parameter other than `charset` could change what is meant, so there is none. All else is `media-type`.
pub fn check_write(
    headers: &HeaderMap,
    method: &Method,
    form: BodyForm,
) -> Result<Written, Reason> {
    let line = sole(headers, CONTENT_TYPE, Reason::MediaType)?;
    let media = line.and_then(parse).ok_or(Reason::MediaType)?;
    if media.kind != "application" || media.has_others || !media.is_in(Charset::Utf8) {
        return Err(Reason::MediaType);
    }
    let patches = *method == Method::PATCH;
    let written = match (media.subtype.as_str(), form) {
        ("json", BodyForm::Json) => Written::Record,
        ("merge-patch+json", BodyForm::Json) if patches => Written::Merge,
        ("json-patch+json", BodyForm::Json) if patches => Written::Patch,
        ("x-www-form-urlencoded", BodyForm::Form) => Written::Form,
        _ => return Err(Reason::MediaType),
    };
    is_uncoded(headers)?;
    Ok(written)
}

fn is_of(headers: &HeaderMap, form: &AnswerForm, reason: Reason) -> Result<(), Reason> {
    let line = sole(headers, CONTENT_TYPE, reason)?;
    line.and_then(parse)
        .filter(|media| media.is_in(form.charset) && media.is_declared(form))
        .map(|_| ())
        .ok_or(reason)
}

#[derive(Debug, PartialEq, Eq)]
struct MediaType {
    kind: String,
    subtype: String,
    charset: Option<String>,
    /// It has other parameters.
    has_others: bool,
}

impl MediaType {
    /// A wrong type that is declared takes the place of those that are right.
    fn is_declared(&self, form: &AnswerForm) -> bool {
        match &form.media {
            None => self.is_of(form.format),
            Some(media) => {
                let parts = media.split_once('/');
                parts == Some((self.kind.as_str(), self.subtype.as_str()))
            }
        }
    }

    fn is_of(&self, format: Format) -> bool {
        let subtype = self.subtype.as_str();
        let suffixed = |suffix| subtype.strip_suffix(suffix).is_some_and(is_registrable);
        let (kind, fits) = match format {
            Format::Json => ("application", subtype == "json" || suffixed("+json")),
            Format::NdJson => ("application", matches!(subtype, "x-ndjson" | "jsonl")),
            Format::JsonSeq => (
                "application",
                // RFC 8091.
                subtype == "json-seq" || suffixed("+json-seq"),
            ),
            Format::Sse => ("text", subtype == "event-stream"),
        };
        self.kind == kind && fits
    }

    fn is_in(&self, charset: Charset) -> bool {
        let said = self.charset.as_deref();
        said.is_none_or(|name| charset.is_called(name))
    }
}

/// A name as RFC 6838, 4.2 allows it: a token more narrowly, without `*`, so that no range is taken
/// for a type.
fn is_registrable(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(rest)
}

/// RFC 9110, 8.3.1; names and the charset in lower case. A second `charset` is no media type,
/// whatever it says.
fn parse(line: &str) -> Option<MediaType> {
    let (kind, rest) = token(line)?;
    let (subtype, mut rest) = token(rest.strip_prefix('/')?)?;
    let mut charset = None;
    let mut has_others = false;
    while !rest.is_empty() {
        rest = rest.trim_start_matches(BLANKS).strip_prefix(';')?;
        rest = rest.trim_start_matches(BLANKS);
        if rest.is_empty() || rest.starts_with(';') {
            continue; // RFC 9110, 5.6.6 lets a parameter be empty: `application/json;`
        }
        let (name, after) = token(rest)?;
        let (value, after) = value(after.strip_prefix('=')?)?;
        if !name.eq_ignore_ascii_case("charset") {
            has_others = true;
        } else if charset.replace(value.to_ascii_lowercase()).is_some() {
            return None;
        }
        rest = after;
    }
    Some(MediaType {
        kind: kind.to_ascii_lowercase(),
        subtype: subtype.to_ascii_lowercase(),
        charset,
        has_others,
    })
}

/// A token (RFC 9110, 5.6.2) and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let part_of_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let rest = text.trim_start_matches(part_of_token);
    let token = text.strip_suffix(rest)?;
    (!token.is_empty()).then_some((token, rest))
}

/// A token or a quoted string (RFC 9110, 5.6.4), unquoted, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return token(text).map(|(token, rest)| (token.to_owned(), rest));
    };
    let mut unquoted = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((unquoted, chars.as_str())),
            '\\' => unquoted.push(chars.next()?),
            plain => unquoted.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Result<(), Reason> {
        in_format(Format::Json, lines)
    }

    fn in_format(format: Format, lines: &[&str]) -> Result<(), Reason> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_TYPE, HeaderValue::from_str(line).unwrap());
        }
        let form = AnswerForm {
            format,
            ..AnswerForm::default()
        };
        check(&headers, &form)
    }

    #[test]
    fn a23_a_format_takes_its_own_types_and_no_others() {
        let types = [
            (
                Format::Json,
                &["application/json", "application/hal+json"][..],
            ),
            (
                Format::NdJson,
                &["application/x-ndjson", "Application/JSONL; charset=utf-8"],
            ),
            (
                Format::Sse,
                &["text/event-stream", "Text/Event-Stream;charset=UTF-8"],
            ),
            (
                Format::JsonSeq,
                &["application/json-seq", "application/geo+json-seq"],
            ),
        ];
        for (format, own) in types {
            for (other, lines) in types {
                for line in lines {
                    let expected = match other == format {
                        true => Ok(()),
                        false => Err(Reason::UnexpectedMediaType),
                    };
                    assert_eq!(in_format(format, &[line]), expected, "{format:?} {line}");
                }
            }
            let gbk = format!("{}; charset=gbk", own[0]);
            assert_eq!(in_format(format, &[&gbk]), Err(Reason::UnexpectedMediaType));
        }
        for line in [
            "text/x-ndjson",
            "application/ndjson",
            "application/+json-seq",
        ] {
            for format in Format::ALL {
                assert_eq!(in_format(format, &[line]), Err(Reason::UnexpectedMediaType));
            }
        }
    }

    #[test]
    fn a11_a_declared_charset_must_be_what_the_upstream_says_where_it_says_one() {
        for charset in Charset::ALL {
            let form = AnswerForm {
                charset,
                ..AnswerForm::default()
            };
            for said in ["", "utf-8", "GBK", "gb18030", "gb2312", "\"gbk \""] {
                let line = match said {
                    "" => String::from("application/json"),
                    said => format!("application/json; charset={said}"),
                };
                let line = HeaderValue::from_str(&line).unwrap();
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, line)]);
                let fits = match charset {
                    Charset::Utf8 => ["", "utf-8"].contains(&said),
                    Charset::Gbk => ["", "GBK", "gb2312"].contains(&said),
                    Charset::Gb18030 => ["", "gb18030"].contains(&said),
                };
                assert_eq!(check(&headers, &form).is_ok(), fits, "{charset:?} {said}");
            }
        }
    }

    #[test]
    fn c02_a_wrong_type_passes_where_it_is_declared_and_leaves_as_json() {
        let form = AnswerForm {
            media: Some("text/html".into()),
            ..AnswerForm::default()
        };
        for (line, passes) in [
            ("text/html", true),
            ("Text/HTML; charset=UTF-8", true),
            ("text/html; charset=gbk", false),
            ("application/json", false),
            ("text/plain", false),
            ("text/html, application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(line))]);
            assert_eq!(check(&headers, &form).is_ok(), passes, "{line}");
        }
        assert_eq!(leaves_as(&form).unwrap(), "application/json");
    }

    #[test]
    fn json_types_pass_with_any_parameters_and_utf_8() {
        for line in [
            "application/json",
            "APPLICATION/Json",
            "application/json;",
            "application/json ; ; ",
            "application/json; charset=utf-8",
            "Application/JSON ; Charset=\"UTF-8\"",
            r#"application/json;charset="utf\-8""#,
            "application/json; profile=\"a;charset=utf-16\"; v=2",
            r#"application/json; profile="\"; charset=utf-16; x=\"""#,
            "application/hal+json",
            "application/problem+JSON",
            "application/vnd.x+json; v=2",
            "application/a+b+json",
        ] {
            assert_eq!(of(&[line]), Ok(()), "{line}");
        }
    }

    #[test]
    fn a_requests_body_is_json_in_utf_8_without_a_coding() {
        let of = |lines: &[(http::HeaderName, &str)]| {
            let lines = lines
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()));
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name, value);
            }
            check_request(&headers)
        };
        let json = (CONTENT_TYPE, "application/json; charset=utf-8");
        let coded = |coding| (CONTENT_ENCODING, coding);
        assert_eq!(of(std::slice::from_ref(&json)), Ok(()));
        assert_eq!(of(&[json.clone(), coded("identity")]), Ok(()));
        for lines in [
            &[][..],
            &[coded("identity")],
            &[(CONTENT_TYPE, "text/plain")],
            &[(CONTENT_TYPE, "application/json; charset=gbk")],
            &[(CONTENT_TYPE, "application/x-www-form-urlencoded")],
            &[json.clone(), json.clone()],
            &[json.clone(), coded("gzip")],
            &[json.clone(), coded("")],
            &[json.clone(), coded("identity"), coded("identity")],
        ] {
            assert_eq!(of(lines), Err(Reason::MediaType), "{lines:?}");
        }
    }

    #[test]
    fn i05_i07_a_write_has_exactly_the_media_type_its_route_declares() {
        let of = |lines: &[&str], method: &Method, form| {
            let lines = lines.iter();
            let lines = lines.map(|line| (CONTENT_TYPE, HeaderValue::from_str(line).unwrap()));
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name, value);
            }
            check_write(&headers, method, form)
        };
        let json = |line: &str, method: &Method| of(&[line], method, BodyForm::Json);
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            for line in [
                "application/json",
                "Application/JSON; Charset=\"UTF-8\"",
                "application/json;",
            ] {
                assert_eq!(json(line, &method), Ok(Written::Record), "{line}");
            }
        }
        let merge = "application/merge-patch+json";
        let patch = "application/json-patch+json";
        assert_eq!(json(merge, &Method::PATCH), Ok(Written::Merge));
        assert_eq!(json(patch, &Method::PATCH), Ok(Written::Patch));
        for (line, method) in [
            (merge, Method::PUT),
            (patch, Method::PUT),
            (patch, Method::POST),
            ("application/hal+json", Method::POST),
            ("application/json; v=2", Method::POST),
            ("application/json; charset=gbk", Method::POST),
            (
                "application/json; charset=utf-8; charset=utf-8",
                Method::POST,
            ),
            ("application/x-www-form-urlencoded", Method::POST),
            ("multipart/form-data; boundary=x", Method::POST),
            ("text/json", Method::POST),
            ("text/plain", Method::POST),
            ("application/xml", Method::POST),
            ("", Method::POST),
        ] {
            assert_eq!(json(line, &method), Err(Reason::MediaType), "{line}");
        }
        let twice = ["application/json", "application/json"];
        assert_eq!(
            of(&twice, &Method::POST, BodyForm::Json),
            Err(Reason::MediaType)
        );
        assert_eq!(
            of(&[], &Method::POST, BodyForm::Json),
            Err(Reason::MediaType)
        );
        let form = |line: &str| of(&[line], &Method::POST, BodyForm::Form);
        let url = "application/x-www-form-urlencoded";
        assert_eq!(form(url), Ok(Written::Form));
        assert_eq!(form(&format!("{url}; charset=utf-8")), Ok(Written::Form));
        for line in ["application/json", patch, merge] {
            assert_eq!(form(line), Err(Reason::MediaType), "{line}");
        }
        let mut gzip = HeaderMap::new();
        gzip.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        gzip.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(
            check_write(&gzip, &Method::POST, BodyForm::Json),
            Err(Reason::MediaType)
        );
    }

    #[test]
    fn c01_an_answer_without_content_type_is_refused() {
        assert_eq!(of(&[]), Err(Reason::UnexpectedMediaType));
        assert_eq!(of(&[""]), Err(Reason::UnexpectedMediaType));
    }

    #[test]
    fn c02_every_other_type_is_refused() {
        for line in [
            "text/plain",
            "text/html",
            "text/json",
            "text/x+json",
            "application/octet-stream",
            "application/javascript",
            "application/x-json",
            "application/jsonp",
            "application/json5",
            "application/json-seq",
            "application/x-ndjson",
            "application/geo+json-seq",
            "application/x+json+xml",
            "application/+json",
            "application/*+json",
            "application/.+json",
            "model/gltf+json",
            "*/json",
            "*/*",
        ] {
            assert_eq!(of(&[line]), Err(Reason::UnexpectedMediaType), "{line}");
        }
    }

    #[test]
    fn c02_what_cannot_be_parsed_is_refused() {
        for line in [
            "json",
            "application",
            "application/",
            "/json",
            "application/json/x",
            "application /json",
            "application/ json",
            "application/json,text/html",
            "application/json, application/json",
            "application/json charset=utf-8",
            "application/json; charset",
            "application/json; charset=",
            "application/json; charset =utf-8",
            "application/json; charset= utf-8",
            "application/json; =utf-8",
            "application/json; charset=\"utf-8",
            r#"application/json; charset="utf-8\"#,
            "application/json; charset=\"utf-8\"x",
            "application/json; charset=utf-8, text/html",
            "application/json; a=(b)",
        ] {
            assert_eq!(of(&[line]), Err(Reason::UnexpectedMediaType), "{line}");
        }
        let mut headers = HeaderMap::new();
        let latin1 = HeaderValue::from_bytes(b"application/json; x=\"\xe9\"").unwrap();
        headers.insert(CONTENT_TYPE, latin1);
        assert_eq!(
            check(&headers, &AnswerForm::default()),
            Err(Reason::UnexpectedMediaType)
        );
    }

    #[test]
    fn c02_two_lines_are_refused_even_if_equal() {
        for second in ["application/json", "text/html"] {
            let lines = ["application/json", second];
            assert_eq!(of(&lines), Err(Reason::UnexpectedMediaType), "{second}");
        }
    }

    #[test]
    fn c05_multipart_is_refused() {
        for line in [
            "multipart/mixed; boundary=x",
            "multipart/form-data; boundary=x",
            "multipart/byteranges; boundary=x",
        ] {
            assert_eq!(of(&[line]), Err(Reason::UnexpectedMediaType), "{line}");
        }
    }

    #[test]
    fn a11_every_other_charset_is_refused() {
        for charset in [
            "utf-16",
            "utf-16le",
            "utf-32",
            "utf-7",
            "utf8",
            "iso-2022-jp",
            "iso-8859-1",
            "us-ascii",
            "gbk",
            "ebcdic",
            "\"\"",
            "\" utf-8\"",
            "utf-8; charset=utf-8",
            "utf-8; CHARSET=utf-16",
        ] {
            let line = format!("application/json; charset={charset}");
            assert_eq!(of(&[&line]), Err(Reason::UnexpectedMediaType), "{line}");
        }
    }
}

//! G, H: paths that lead elsewhere, and queries that ask for what may not be seen.

use super::Fate::{Arrives, Bad, Refused};
use super::{Attack, Target, attack};

const NOT_CANONICAL: super::Fate = Refused(400, "not-canonical");
const NO_ROUTE: super::Fate = Refused(404, "no-such-route");
const UNLISTED: super::Fate = Refused(400, "unlisted-parameter");
const BAD_QUERY: super::Fate = Refused(400, "bad-query");

const PATHS: &[(&str, &str, super::Fate)] = &[
    ("G01", "/./customers/1001", NOT_CANONICAL),
    ("G01", "/x/../customers/1001", NOT_CANONICAL),
    ("G01", "/customers/1001/..", NOT_CANONICAL),
    ("G01", "/customers/1001/.", NOT_CANONICAL),
    ("G01", "/%2e%2e/customers/1001", NOT_CANONICAL),
    ("G01", "/%2E%2E/customers/1001", NOT_CANONICAL),
    ("G01", "/.%2e/customers/1001", NOT_CANONICAL),
    ("G01", "/customers/..;/vault/1", NOT_CANONICAL),
    ("G01", "/customers/..%2Fvault%2F1", NOT_CANONICAL),
    ("G02", "//customers/1001", NOT_CANONICAL),
    ("G02", "/customers//1001", NOT_CANONICAL),
    ("G02", "///", NOT_CANONICAL),
    ("G03", "/customers%2f1001", NOT_CANONICAL),
    ("G03", "/customers%2F1001", NO_ROUTE),
    ("G03", "/customers%252f1001", NOT_CANONICAL),
    ("G03", "/customers%5c1001", NOT_CANONICAL),
    ("G03", "/customers%5C..%5Cvault", NOT_CANONICAL),
    ("G03", "/customers\\1001", NOT_CANONICAL),
    ("G04", "/customers/1001;jsessionid=1", NOT_CANONICAL),
    ("G04", "/customers;role=admin/1001", NOT_CANONICAL),
    ("G04", "/customers/1001%3Bx", NOT_CANONICAL),
    ("G05", "/customers/1001/", NOT_CANONICAL),
    ("G05", "/customers/1001/%20", NO_ROUTE),
    ("G05", "/customers/1001%20", NO_ROUTE),
    ("G05", "/customers/1001%00", NOT_CANONICAL),
    ("G05", "/customers/1001%00.json", NOT_CANONICAL),
    ("G05", "/customers/1001%0a", NOT_CANONICAL),
    ("G05", "/customers/1001%0D%0AX:forged", NOT_CANONICAL),
    ("G05", "/customers.json", NO_ROUTE),
    ("C04", "/customers/1001.json/x", NO_ROUTE),
    ("D08", "/customers/1001/x.css", NO_ROUTE),
    ("D08", "/customers/1001%0A.js", NOT_CANONICAL),
    ("G06", "/CUSTOMERS/1001", NO_ROUTE),
    ("G06", "/Customers/1001", NO_ROUTE),
    ("G07", "/customers/1001%23x", NO_ROUTE),
    ("G08", "/customers/1001%3fpage=1", NOT_CANONICAL),
    ("G08", "/customers/1001%3Fpage=1", NOT_CANONICAL),
    ("G09", "/customers/%c0%af", NOT_CANONICAL),
    ("G09", "/customers/%C0%AF", NOT_CANONICAL),
    ("G09", "/customers/%E0%80%AF", NOT_CANONICAL),
    ("G09", "/customers/%u002f", NOT_CANONICAL),
    ("G09", "/customers/%EF%BC%8F", NO_ROUTE),
    ("G09", "/customers/%ED%A0%80", NOT_CANONICAL),
    ("G10", "/%2563ustomers/1001", NOT_CANONICAL),
    ("G10", "/customers/%2531", NOT_CANONICAL),
    ("G11", "/customers/%zz", NOT_CANONICAL),
    ("G11", "/customers/%", NOT_CANONICAL),
    ("G11", "/customers/%2", NOT_CANONICAL),
    ("G11", "/customers/%31001", NOT_CANONICAL),
    ("G12", "/", NO_ROUTE),
    ("G14", "/customers/1%2F..%2F..%2Fvault", NOT_CANONICAL),
    ("G14", "/customers/1001/orders/../../vault", NOT_CANONICAL),
    ("G15", "/customers/first/x", NO_ROUTE),
    ("H09", "/graphql", NO_ROUTE),
    ("C06", "/$batch", NOT_CANONICAL),
    ("C06", "/batch", NO_ROUTE),
    ("Q01", "/metrics", NO_ROUTE),
    ("Q01", "/healthz", NO_ROUTE),
];

/// What is asked of a list; one parameter is listed: `page`.
const QUERIES: &[(&str, &str, super::Fate)] = &[
    ("H01", "secret=CANARY", UNLISTED),
    ("H01", "ssn=CANARY-7f3a91", UNLISTED),
    ("H02", "salary_gt=100000", UNLISTED),
    ("H02", "filter%5Bsecret%5D%5Bgt%5D=1", UNLISTED),
    ("H02", "filter[secret][gt]=1", BAD_QUERY),
    ("H02", "%24filter=startswith", UNLISTED),
    ("H02", "$filter=x", BAD_QUERY),
    ("H02", "q=secret%3AC", UNLISTED),
    ("H02", "where=1%3D1", UNLISTED),
    ("H03", "sort=secret", UNLISTED),
    ("H03", "sort=-secret", UNLISTED),
    ("H03", "order_by=secret", UNLISTED),
    ("H04", "group_by=secret", UNLISTED),
    ("H04", "facets=secret", UNLISTED),
    ("H05", "fields=name,secret", BAD_QUERY),
    ("H05", "fields=secret", UNLISTED),
    ("H05", "select=secret", UNLISTED),
    ("H05", "_fields=secret", UNLISTED),
    ("H05", "fields%5Busers%5D=secret", UNLISTED),
    ("H06", "include=manager", UNLISTED),
    ("H06", "expand=manager", UNLISTED),
    ("H06", "embed=all", UNLISTED),
    ("H07", "page=1&page=2", BAD_QUERY),
    ("H07", "page=1;page=2", BAD_QUERY),
    ("H07", "page=1&Page=2", UNLISTED),
    ("H07", "page%5B%5D=1", UNLISTED),
    ("H07", "%70age=1", BAD_QUERY),
    ("H07", "page%00=1", UNLISTED),
    ("H07", "page=+1", BAD_QUERY),
    ("H07", "page=%201", UNLISTED),
    ("H07", "page=01", UNLISTED),
    ("H07", "page=1.0", UNLISTED),
    ("H07", "page=1&&x=1", BAD_QUERY),
    ("H07", "=1", BAD_QUERY),
    ("H07", "page=0", UNLISTED),
    ("H07", "page=101", UNLISTED),
    ("H07", "page=99999999999999999999", UNLISTED),
    ("H09", "query=%7Busers%7Bssn%7D%7D", UNLISTED),
    ("H14", "after=CANARY", UNLISTED),
    ("A22", "callback=f", UNLISTED),
    ("A22", "jsonp=f", UNLISTED),
    ("C04", "format=csv", UNLISTED),
    ("C04", "f=json", UNLISTED),
    ("C04", "alt=media", UNLISTED),
    ("C16", "v=0", UNLISTED),
    ("F03", "_method=PUT", UNLISTED),
    ("K16", "access_token=x", UNLISTED),
    ("G18", "page=%2B1", UNLISTED),
];

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n$H$A\r\n")
}

pub fn all() -> Vec<Attack> {
    let paths = PATHS
        .iter()
        .map(|(id, path, fate)| attack(id, get(path), *fate));
    let queries = QUERIES
        .iter()
        .map(|(id, query, fate)| attack(id, get(&format!("/customers?{query}")), *fate));
    let long = format!("/customers/{}", "x".repeat(9000));
    let many: String = (0..100).map(|n| format!("a{n}=1&")).collect();
    let parameters = format!("/customers?{}", many.trim_end_matches('&'));
    let mut more = vec![
        attack("G13", get(&long), NOT_CANONICAL),
        attack("H07", get(&parameters), BAD_QUERY),
        attack(
            "G09",
            [
                b"GET /customers/\xe5\xbc\xa0 HTTP/1.1\r\n".as_slice(),
                b"$H$A\r\n",
            ]
            .concat(),
            NOT_CANONICAL,
        ),
        attack(
            "G09",
            [b"GET /customers/\xff HTTP/1.1\r\n".as_slice(), b"$H$A\r\n"].concat(),
            Bad,
        ),
        attack("G12", "GET  HTTP/1.1\r\n$H$A\r\n", Bad),
        // The library cuts a fragment off; what is left is what is matched, recorded and sent.
        attack("G07", get("/customers/1001#x"), Arrives("/customers/1001")),
        attack(
            "G07",
            get("/customers?page=1#/vault"),
            Arrives("/customers?page=1"),
        ),
    ];
    more.extend(paths);
    more.extend(queries);
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn g_h_a_target_has_one_spelling_and_a_query_names_what_is_listed() {
    Target::new().await.meet_all(&all()).await;
}

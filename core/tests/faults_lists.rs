//! The C rows of docs/faults.md about pages: cursors, and what moves between them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Seen, client, count, list, reply};
use nomkit::Error;
use serde_json::{Value, json};

/// The pages of a list, by their cursors; gives the agents' ids or the error, and the queries.
async fn pages(cursors: impl Fn(usize) -> Value + Send + Sync + 'static) -> (Result<Vec<String>, Error>, Vec<String>) {
    let queries = Seen::default();
    let log = queries.clone();
    let (nomic, _) = client(move |_, made, request| {
        assert_eq!((request.url.host_str(), request.url.path()), (Some("acme.example"), "/api/v0/agents"));
        log.lock().unwrap().push(request.url.query().unwrap_or_default().to_owned());
        let mut page = json!({"data": [{"id": format!("a{made}"), "status": "running"}]});
        match cursors(made) {
            Value::Bool(_) => {}
            cursor => page["nextCursor"] = cursor,
        }
        reply(200, page.to_string())
    });
    let result = list(&nomic).await;
    let queries = queries.lock().unwrap().clone();
    (result, queries)
}

#[tokio::test(start_paused = true)]
async fn c18_a_cursor_is_a_query_value_and_nothing_else() {
    for end in [json!(""), Value::Null, Value::Bool(false)] {
        let (result, queries) = pages(move |page| if page == 0 { json!("next") } else { end.clone() }).await;
        assert_eq!((result.unwrap().len(), queries.len()), (2, 2));
    }
    for (circle, made) in [(vec!["same"], 2), (vec!["A", "B", "A"], 3)] {
        let (result, queries) = pages(move |page| json!(circle[page % circle.len()])).await;
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), error.detail("reason")), ("protocol", Some(&"pagination_loop".into())));
        assert_eq!(queries.len(), made);
    }
    let (result, queries) = pages(|_| json!("x".repeat(1 << 20))).await;
    assert_eq!((result.unwrap_err().code.as_str(), queries.len()), ("protocol", 1));
    for hostile in ["http://169.254.169.254/latest", "&limit=1", "a&cursor=b#c", "../api-keys", "a\r\nx: y", "%00", "é"]
    {
        let (result, queries) = pages(move |page| if page == 0 { json!(hostile) } else { Value::Null }).await;
        assert_eq!(result.unwrap().len(), 2);
        let read = url::form_urlencoded::parse(queries[1].as_bytes()).into_owned().collect::<Vec<_>>();
        assert_eq!(read, [("cursor".to_owned(), hostile.to_owned())]);
        assert!(queries[1].matches(['&', '#', ' ', '\r']).count() == 0, "{}", queries[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn c19_an_item_that_moved_between_pages_comes_once() {
    let (nomic, _) = client(|_, made, _| {
        let page = |ids: [&str; 2], next: Value| {
            let data = ids.map(|id| json!({"id": id, "status": "running"}));
            json!({"data": data, "nextCursor": next}).to_string()
        };
        reply(200, if made == 0 { page(["c", "b"], json!("1")) } else { page(["b", "a"], Value::Null) })
    });
    assert_eq!(list(&nomic).await.unwrap(), ["c", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn c20_an_empty_page_with_a_cursor_is_not_the_end() {
    let page = |made: usize, last: usize| match made {
        _ if made < last => json!({"data": [], "nextCursor": made.to_string()}),
        _ => json!({"data": [{"id": "a", "status": "running"}]}),
    };
    let (nomic, _) = client(move |_, made, _| reply(200, page(made, 50).to_string()));
    assert_eq!(list(&nomic).await.unwrap(), ["a"]);
    let (nomic, seen) = client(move |_, made, _| reply(200, page(made, usize::MAX).to_string()));
    assert_eq!(list(&nomic).await.unwrap_err().code, "protocol");
    assert!(count(&seen, "GET /agents") <= 100);
}

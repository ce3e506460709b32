//! Lists: lazy over all their pages.

use super::{Agent, FileHit, Workflow, client::Shared, routes::Route};
use crate::{
    Error, Result, Timestamp,
    flow::pager::{Circle, Walk},
    http::{Call, Limit},
    record::{Expose, Field, Shape, Type, Value},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

/// What lists hold.
pub trait Listed: DeserializeOwned + Send {
    /// Tells one item from another.
    fn id(&self) -> &str;
}

impl Listed for Agent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for FileHit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for Workflow {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Its items; one that moved here from an earlier page is left out.
    pub items: Vec<T>,
    /// How many the whole list has, if the server said so.
    pub total_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Body<T> {
    #[serde(deserialize_with = "crate::record::null_as_default")]
    data: Vec<T>,
    next_cursor: Option<String>,
    #[serde(default, deserialize_with = "crate::record::lenient")]
    total_count: Option<u64>,
}

/// A list that is read page by page, as far as it is asked for.
pub struct Pager<T> {
    shared: Arc<Shared>,
    route: &'static Route,
    query: Vec<(&'static str, String)>,
    walk: Walk,
    seen: HashSet<String>,
    ready: VecDeque<T>,
    /// How long a page may take in all.
    pub(crate) limit: Option<Duration>,
    /// When the server says that it gave the last page.
    pub(crate) date: Option<Timestamp>,
}

impl<T: Listed> Pager<T> {
    pub(crate) fn new(shared: Arc<Shared>, route: &'static Route, query: Vec<(&'static str, String)>) -> Self {
        let (walk, seen, ready) = (Walk::default(), HashSet::new(), VecDeque::new());
        Self { shared, route, query, walk, seen, ready, limit: None, date: None }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// Those of the request; `Protocol` if the server's cursors go in circles. A page that failed can be asked for
    /// again.
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>> {
        // What `next` has not given of its page comes first.
        if !self.ready.is_empty() {
            return Ok(Some(Page { items: self.ready.drain(..).collect(), total_count: None }));
        }
        let Some(cursor) = self.walk.next() else { return Ok(None) };
        let mut query = self.query.clone();
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        let mut call = Call::new(self.route, &[]).query(query);
        if let Some(limit) = self.limit {
            call = call.within(Limit::Given(limit));
        }
        let (mut body, date) = self.shared.exit.dated::<Body<T>>(call).await?;
        self.date = date;
        self.walk.arrived(body.data.len(), body.next_cursor).map_err(|circle| circling(self.route, circle))?;
        body.data.retain(|item| self.seen.insert(item.id().to_owned()));
        Ok(Some(Page { items: body.data, total_count: body.total_count }))
    }

    /// The next item; `None` after the last.
    ///
    /// # Errors
    /// Those of [`Self::next_page`].
    pub async fn next(&mut self) -> Result<Option<T>> {
        while self.ready.is_empty() {
            match self.next_page().await? {
                Some(page) => self.ready.extend(page.items),
                None => return Ok(None),
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The next items, `count` at most; no page is read that is not needed.
    ///
    /// # Errors
    /// Those of [`Self::next_page`].
    pub async fn first(&mut self, count: usize) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while items.len() < count {
            match self.next().await? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok(items)
    }
}

/// `limit=`, checked against what the endpoint documents.
pub(crate) fn page_size(size: Option<u32>, most: u32) -> Result<Option<(&'static str, String)>> {
    match size {
        Some(size) if !(1..=most).contains(&size) => {
            Err(Error::invalid("page_size", format!("`page_size` is 1 to {most}, not {size}.")))
        }
        size => Ok(size.map(|size| ("limit", size.to_string()))),
    }
}

fn circling(route: &Route, circle: Circle) -> Error {
    let what = match circle {
        Circle::Repeated => "gave a cursor twice, so the list would never end",
        Circle::Oversized => "gave a cursor longer than any real one",
        Circle::Empty => "gave empty pages without end",
    };
    Error::protocol("pagination_loop", format!("{}: The server {what}.", route.operation))
}

impl<T: Expose> Expose for Page<T> {
    const TYPE: Type = Type::Record(&Shape {
        name: "Page",
        doc: "One page of a list.",
        behaviour: false,
        fields: &[
            Field { name: "items", camel: "items", doc: "", ty: Type::List(&T::TYPE) },
            Field { name: "total_count", camel: "totalCount", doc: "", ty: Type::Optional(&Type::Int) },
        ],
    });
    fn value(&self) -> Value<'_> {
        let Type::Record(shape) = &Self::TYPE else { return Value::Null };
        Value::Record(shape, vec![self.items.value(), self.total_count.value()])
    }
}

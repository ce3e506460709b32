//! `POST /files/upload`

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use mime_guess::mime;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::app::App;
use crate::call::{Call, Reply, drain};
use crate::folders::{self, Folder};
use crate::problem::Problem;
use crate::uploaded::{Incoming, Uploaded};
use crate::{clock, ids, paths};

/// What the form may weigh beside the file: boundaries, part headers, text parts.
const FORM: u64 = 256 << 10;
/// The longest text part.
const TEXT: usize = 16 << 10;

/// The parts of the form.
#[derive(Default)]
struct Form {
    file: Option<Part>,
    path: Option<String>,
    parent: Option<String>,
}

/// The part that holds the file.
struct Part {
    name: Option<String>,
    mime_type: Option<String>,
    content: Uploaded,
}

pub(crate) async fn upload(mut call: Call) -> Result<Reply, Problem> {
    let app = call.app.clone();
    let length = call.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > app.options.upload_limit.saturating_add(FORM)) {
        return Err(too_large(&app));
    }
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        drain(&mut call.body, FORM).await;
        return Err(Problem::bad_request("Content-Type must be multipart/form-data"));
    }
    let mut request = Request::new(call.body);
    *request.headers_mut() = call.headers;
    // The limit is on the file, not on the body.
    DefaultBodyLimit::disable().apply(&mut request);
    let multipart =
        Multipart::from_request(request, &()).await.map_err(|error| Problem::bad_request(error.body_text()))?;
    let form = read(&app, multipart).await?;

    let part = form.file.ok_or_else(|| Problem::issue("file", "The file field is missing"))?;
    if part.content.size == 0 {
        return Err(Problem::issue("file", "The file is empty"));
    }
    let file = app.store.with(|transaction| insert(transaction, &app, part, form.path, form.parent))?;
    Ok(Reply::created(file))
}

fn too_large(app: &App) -> Problem {
    Problem::too_large(format!("The file exceeds the limit of {} bytes", app.options.upload_limit))
}

async fn read(app: &App, mut multipart: Multipart) -> Result<Form, Problem> {
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") if form.file.is_some() => return Err(Problem::issue("file", "One file per upload")),
            Some("file") => form.file = Some(read_file(app, field).await?),
            Some("path") => form.path = Some(read_text(field, "path").await?),
            Some("parentId") => form.parent = Some(read_text(field, "parentId").await?),
            _ => {}
        }
    }
    Ok(form)
}

async fn read_file(app: &App, mut field: Field<'_>) -> Result<Part, Problem> {
    let name = field.file_name().map(str::to_owned);
    let mime_type = field.content_type().map(str::to_owned);
    let incoming = Incoming::start(app.store.files(), &app.options);
    let mut size = 0_u64;
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        size += piece.len() as u64;
        if size > app.options.upload_limit {
            return Err(too_large(app));
        }
        incoming.write(piece).await;
    }
    Ok(Part { name, mime_type, content: incoming.finish().await? })
}

async fn read_text(mut field: Field<'_>, member: &str) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        text.extend_from_slice(&piece);
        if text.len() > TEXT {
            return Err(Problem::issue(member, "The field is too long"));
        }
    }
    String::from_utf8(text).map_err(|_| Problem::issue(member, "Expected UTF-8"))
}

fn broken(error: MultipartError) -> Problem {
    Problem::bad_request(format!("The form cannot be read: {}", error.body_text()))
}

/// Puts a file where the form says, folders included.
fn insert(
    connection: &Connection,
    app: &App,
    part: Part,
    path: Option<String>,
    parent: Option<String>,
) -> Result<Value, Problem> {
    let mut folder: Option<Folder> = match parent {
        Some(id) => {
            let id = ids::parse(&id).ok_or_else(|| Problem::issue("parentId", "Expected a UUID"))?;
            Some(folders::get(connection, &id)?)
        }
        None => None,
    };
    let name = match &path {
        Some(path) => {
            let segments = paths::segments(path)?;
            let (name, above) = segments.split_last().ok_or_else(|| Problem::issue("path", "The path is empty"))?;
            for segment in above {
                folder = Some(folders::ensure(connection, folder.as_ref(), segment)?);
            }
            (*name).to_owned()
        }
        None => file_name(part.name.as_deref())?,
    };
    let mime_type = mime_type(part.mime_type, &name);
    let (id, version, now) = (ids::new(), ids::new(), app.clock.now());
    let parent = folder.as_ref().map(|folder| folder.id.clone());
    let (size, sha256) = (part.content.size, part.content.sha256.clone());
    let size = i64::try_from(size).map_err(Problem::internal)?;
    let full = folders::join(folder.as_ref(), &name);
    connection.execute(
        "INSERT INTO files (id, version_id, parent_id, name, folded, path, mime_type, size, sha256, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![id, version, parent, name, name.to_lowercase(), full, mime_type, size, sha256, now],
    )?;
    part.content.keep(&app.store.file(&id))?;
    Ok(json!({
        "id": id, "name": name, "mimeType": mime_type, "size": size, "fileType": "DOCUMENT", "parentId": parent,
        "fileVersionId": version, "createdAt": clock::iso(now),
    }))
}

/// The name in the part's header, without folders that some clients put before it.
fn file_name(name: Option<&str>) -> Result<String, Problem> {
    let last = name.and_then(|name| name.rsplit(['/', '\\']).next()).unwrap_or_default();
    match last {
        "" | "." | ".." => Err(Problem::issue("file", "The file needs a file name, or give path")),
        name if name.chars().any(char::is_control) => {
            Err(Problem::issue("file", "The file name has control characters"))
        }
        name => Ok(name.to_owned()),
    }
}

/// What the part says it is; if it says nothing of use, what its name says.
fn mime_type(said: Option<String>, name: &str) -> String {
    let octets = mime::APPLICATION_OCTET_STREAM.as_ref();
    let guess = || mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned();
    said.filter(|said| said != octets).unwrap_or_else(guess)
}

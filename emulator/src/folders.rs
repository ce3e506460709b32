//! Folders: made by uploads.

use rusqlite::{Connection, OptionalExtension, params};

use crate::ids;
use crate::problem::Problem;

/// A folder.
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) path: String,
}

/// The folder with this id, or a 404.
pub(crate) fn get(connection: &Connection, id: &str) -> Result<Folder, Problem> {
    let path = connection.query_row("SELECT path FROM folders WHERE id = ?", [id], |row| row.get(0)).optional()?;
    path.map(|path| Folder { id: id.to_owned(), path }).ok_or_else(|| Problem::not_found("Parent folder not found"))
}

/// The folder of this name in `parent`, made if there is none.
pub(crate) fn ensure(connection: &Connection, parent: Option<&Folder>, name: &str) -> Result<Folder, Problem> {
    let path = join(parent, name);
    let found = connection.query_row("SELECT id FROM folders WHERE path = ?", [&path], |row| row.get(0)).optional()?;
    if let Some(id) = found {
        return Ok(Folder { id, path });
    }
    let id = ids::new();
    let parent = parent.map(|parent| &parent.id);
    connection.execute("INSERT INTO folders (id, parent_id, path) VALUES (?, ?, ?)", params![id, parent, path])?;
    Ok(Folder { id, path })
}

/// The path of what is called `name` in `parent`.
pub(crate) fn join(parent: Option<&Folder>, name: &str) -> String {
    parent.map_or_else(|| name.to_owned(), |parent| format!("{}/{name}", parent.path))
}

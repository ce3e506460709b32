//! Artifacts as files. Their names come from the platform and are never trusted as paths.

use super::{Artifact, ArtifactKind, Column};
use crate::{Error, ErrorKind, Json, JsonMap, Result, secret::shown};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

impl Artifact {
    /// Writes the artifact into a folder, which is made if need be, and gives the file's path: a document as it is,
    /// a table as CSV. The file appears whole or not at all, and nothing is overwritten: where the name is taken, the
    /// artifact's id is added to it.
    ///
    /// # Errors
    /// `LocalIo` if the folder cannot be written to, or both names are taken.
    pub fn download(&self, folder: impl AsRef<Path>) -> Result<PathBuf> {
        let folder = folder.as_ref();
        if let Some(error) = &self.error {
            return Err(Error::new(ErrorKind::LocalIo, format!("This artifact has no content to write: {error}")));
        }
        let failed = |error: &dyn std::fmt::Display| {
            let folder = shown(&folder.to_string_lossy());
            Error::new(ErrorKind::LocalIo, format!("An artifact cannot be written into `{folder}`: {error}."))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        self.write(&mut file).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;

        let extension = self.extension();
        let stem = stem(self.name.as_deref().unwrap_or_default(), extension);
        let names = [format!("{stem}.{extension}"), format!("{stem}-{}.{extension}", plain(&self.id))];
        for name in names {
            let path = folder.join(name);
            match file.persist_noclobber(&path) {
                Ok(_) => return Ok(path),
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => file = taken.file,
                Err(other) => return Err(failed(&other.error)),
            }
        }
        Err(failed(&format!("`{stem}.{extension}` is there already, and with the artifact's id too")))
    }

    fn extension(&self) -> &'static str {
        match (&self.kind, self.rows.is_empty() && self.columns.is_empty()) {
            (Some(ArtifactKind::Markdown), _) => "md",
            (Some(ArtifactKind::Table), _) | (_, false) => "csv",
            _ => "txt",
        }
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        if self.extension() != "csv" {
            return to.write_all(self.text.as_deref().unwrap_or_default().as_bytes());
        }
        let columns = self.columns.iter().map(Column::headed).collect::<Vec<_>>();
        let mut table = csv::Writer::from_writer(to);
        table.write_record(columns.iter().map(|(_, heading)| heading))?;
        for row in &self.rows {
            table.write_record(columns.iter().map(|(id, _)| cell(row, id)))?;
        }
        table.flush()
    }

    /// A table that names no columns has the keys of its rows, in their order, which not every language keeps.
    pub(crate) fn with_columns(mut self) -> Self {
        let mut keys: Vec<&String> = Vec::new();
        for key in self.rows.iter().flat_map(JsonMap::keys).filter(|_| self.columns.is_empty()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let columns = keys.into_iter().map(|key| Column { id: key.clone(), name: None }).collect::<Vec<_>>();
        self.columns.extend(columns);
        self
    }

    /// How many bytes its content holds, about.
    pub(crate) fn weight(&self) -> usize {
        // What a row and a cell take besides their text.
        const ROW: usize = 480;
        const CELL: usize = 144;
        let cell = |(key, value): (&String, &Json)| CELL + key.len() + value.as_str().map_or(0, str::len);
        let row = |row: &JsonMap| ROW + row.iter().map(cell).sum::<usize>();
        self.text.as_deref().map_or(0, str::len) + self.rows.iter().map(row).sum::<usize>()
    }
}

impl Column {
    /// Its key and its heading.
    fn headed(&self) -> (&str, &str) {
        (&self.id, self.name.as_deref().unwrap_or(&self.id))
    }
}

fn cell(row: &JsonMap, column: &str) -> String {
    match row.get(column) {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A file name's stem that is plain everywhere: no separators, no controls, no reserved or hidden names.
fn stem(name: &str, extension: &str) -> String {
    let name = name.strip_suffix(extension).and_then(|name| name.strip_suffix('.')).unwrap_or(name);
    let name = plain(name);
    let reserved = ["con", "prn", "aux", "nul"].contains(&name.to_ascii_lowercase().split('.').next().unwrap_or(""));
    let port = name.get(..3).is_some_and(|start| ["com", "lpt"].contains(&start.to_ascii_lowercase().as_str()));
    if name.is_empty() || reserved || (port && name.len() == 4) { format!("artifact{name}") } else { name }
}

fn plain(text: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || " -_.()".contains(c) { c } else { '_' };
    let mut out = String::new();
    for c in text.chars().map(safe) {
        if out.len() + c.len_utf8() > 120 {
            break;
        }
        out.push(c);
    }
    out.trim_matches(|c| c == '.' || c == ' ').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(name: &str) -> Artifact {
        let kind = Some(ArtifactKind::Markdown);
        let (columns, rows, error, extra) = Default::default();
        let (id, name, text) = ("a1".into(), Some(name.into()), Some("# Hi".into()));
        Artifact { id, name, kind, text, columns, rows, error, extra }
    }

    #[test]
    fn a_name_keeps_one_extension_and_a_taken_one_gets_the_id() {
        let folder = tempfile::tempdir().unwrap();
        let name = |artifact: &Artifact| artifact.download(folder.path()).map(|p| p.file_name().unwrap().to_owned());
        assert_eq!(name(&document("report.md")).unwrap(), "report.md");
        assert_eq!(name(&document("report")).unwrap(), "report-a1.md");
        assert_eq!(name(&document("report")).unwrap_err().kind(), ErrorKind::LocalIo);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_table_becomes_csv_in_the_order_of_its_columns() {
        let text = r#"{"id":"t","name":"Findings","type":"table","columns":[{"id":"b","name":"B, quoted"},{"id":"a"}],
            "rows":[{"a":1,"b":"x\"y"},{"b":null}]}"#;
        let table: Artifact = serde_json::from_str(text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = table.download(folder.path()).unwrap();
        assert!(path.ends_with("Findings.csv"));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "\"B, quoted\",a\n\"x\"\"y\",1\n,\n");
    }

    #[test]
    fn a_table_that_names_no_columns_keeps_its_cells() {
        let text = r#"{"id":"t","type":"table","rows":[{"z":1},{"b":2,"z":3}]}"#;
        let table = serde_json::from_str::<Artifact>(text).unwrap().with_columns();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(std::fs::read_to_string(table.download(folder.path()).unwrap()).unwrap(), "z,b\n1,\n3,2\n");
    }

    #[test]
    fn hostile_names_stay_inside_the_folder() {
        for name in
            ["../../x", "/etc/x", "C:\\x", "\\\\host\\x", "a\0b", "CON", "NUL.txt", "com1", "...", "", "\u{202e}fdp"]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = document(name).download(folder.path()).unwrap();
            assert_eq!(path.parent(), Some(folder.path()), "{name}");
            assert!(path.is_file());
        }
    }

    proptest! {
        #[test]
        fn any_name_is_one_plain_segment(name in ".{0,300}") {
            let stem = stem(&name, "md");
            prop_assert!(!stem.is_empty() && stem.len() < 140 && !stem.starts_with('.'));
            prop_assert!(!stem.contains(['/', '\\', ':', '\0', '\n']));
        }
    }
}

//! The ZIP archive that DOCX and XLSX files are, and what may be unpacked from it.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::Unreadable;

/// More parts than a document has.
const PARTS: usize = 20_000;
/// What an XML part begins with is looked at for a document type, which office documents do not have.
const HEAD: u64 = 4 << 10;

pub(super) type Archive = ZipArchive<Cursor<Vec<u8>>>;

/// What an archive holds, by the folder of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Sheets,
    Other,
}

pub(super) fn open(content: Vec<u8>) -> Result<Archive, Unreadable> {
    let archive = ZipArchive::new(Cursor::new(content)).map_err(broken)?;
    if archive.len() > PARTS {
        return Err(Unreadable::TooMuchMemory);
    }
    Ok(archive)
}

pub(super) fn holds(archive: &Archive) -> Holds {
    let has = |folder: &str| archive.file_names().flatten().any(|name| name.starts_with(folder));
    match (has("word/"), has("xl/")) {
        (true, _) => Holds::Text,
        (false, true) => Holds::Sheets,
        (false, false) => Holds::Other,
    }
}

/// Unpacks every XML part once, to nowhere, so that a bomb is known before anything is kept.
pub(super) fn check(archive: &mut Archive, most: u64) -> Result<(), Unreadable> {
    let mut left = most;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(broken)?;
        let name = part.name().map_err(broken)?.to_ascii_lowercase();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let mut head = Vec::new();
        let begun = (&mut part).take(HEAD).read_to_end(&mut head).map_err(damaged)? as u64;
        if head.windows(9).any(|window| window.eq_ignore_ascii_case(b"<!DOCTYPE")) {
            return Err(Unreadable::Broken("it declares XML entities, which office documents do not".to_owned()));
        }
        let rest =
            std::io::copy(&mut (&mut part).take(left.saturating_add(1)), &mut std::io::sink()).map_err(damaged)?;
        left = left.checked_sub(begun + rest).ok_or(Unreadable::TooMuchMemory)?;
    }
    Ok(())
}

/// A part of the archive, if it has it.
pub(super) fn part<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> Result<Option<ZipFile<'a, Cursor<Vec<u8>>>>, Unreadable> {
    match archive.by_name(name) {
        Ok(part) => Ok(Some(part)),
        Err(ZipError::FileNotFound) => Ok(None),
        Err(error) => Err(broken(error)),
    }
}

fn broken(error: ZipError) -> Unreadable {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => Unreadable::Encrypted,
        error => Unreadable::Broken(format!("its archive cannot be unpacked: {error}")),
    }
}

fn damaged(error: std::io::Error) -> Unreadable {
    Unreadable::Broken(format!("its archive cannot be unpacked: {error}"))
}

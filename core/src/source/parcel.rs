//! A source that was checked, and its frame of multipart/form-data.

use super::{
    MAX_FILE_SIZE, Source, Stream,
    path::{self, Stamp},
    stream::deadline_over,
};
use crate::{
    Error, ErrorKind, OnProgress, Result,
    http::{
        body::{Part, Payload},
        content::Content,
    },
    nomic::UploadOptions,
    progress::Sending,
    secret::shown,
};
use std::{path::Path, time::Duration};

/// What will be one upload. Nothing of it was sent, and nothing of it is in memory.
#[derive(Debug)]
pub(crate) struct Parcel {
    what: What,
    name: String,
    pub(crate) path: Option<String>,
    pub(crate) parent_id: Option<String>,
}

#[derive(Debug)]
enum What {
    Ready(Content),
    /// A stream whose size nobody knows yet.
    Unread(Stream),
}

impl Parcel {
    /// What it will be called on the platform.
    pub(crate) fn file_name(&self) -> &str {
        let path = self.path.as_deref().unwrap_or(&self.name);
        path.rsplit('/').next().unwrap_or(path)
    }

    /// Checks what can be known before it is read.
    pub(crate) fn new(source: Source, options: &UploadOptions) -> Result<Self> {
        let (what, own_name) = match source {
            Source::Path(path) => {
                let (_, stamp) = path::open("source", &path)?;
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                (What::Ready(Content::File { stamp, path }), name)
            }
            Source::OpenFile { file, position, name } => {
                let stamp = Stamp::of_open("source", &file, Path::new(&name))?;
                let content = Content::OpenFile { file, position, stamp, name: name.clone() };
                (What::Ready(content), Some(name))
            }
            Source::Bytes { bytes, name } => (What::Ready(Content::Bytes(bytes)), Some(name)),
            Source::Stream(stream) if stream.is_spent() => return Err(Stream::spent()),
            Source::Stream(stream) => {
                let name = Some(stream.name().to_owned());
                match stream.size() {
                    Some(len) => (What::Ready(Content::Stream { stream, len }), name),
                    None => (What::Unread(stream), name),
                }
            }
            Source::File(id) => {
                return Err(Error::invalid("source", format!("`{}` is on the platform already.", shown(&id))));
            }
        };
        check_path(options.path.as_deref())?;
        let from_path = options.path.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
        let name = options.name.clone().or(from_path).or(own_name).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::invalid("name", "What is read has no name. Give `name` or `path`."))?;
        check_name(&name)?;
        let parcel = Self { what, name, path: options.path.clone(), parent_id: options.parent_id.clone() };
        parcel.check_size()?;
        Ok(parcel)
    }

    /// Reads a stream of unknown size into a private file.
    pub(crate) async fn read(&mut self, progress: Option<&OnProgress>, limit: Option<Duration>) -> Result<()> {
        if let What::Unread(stream) = &self.what {
            let mut told = Sending::new(progress);
            let spool = stream.spool(&mut told);
            let content = match limit {
                Some(limit) => tokio::time::timeout(limit, spool).await.map_err(|_| deadline_over())??,
                None => spool.await?,
            };
            self.what = What::Ready(content);
        }
        self.check_size()
    }

    /// How its file stands on disk, if it is one that is opened by its path.
    pub(crate) fn stamp(&self) -> Option<&Stamp> {
        match &self.what {
            What::Ready(Content::File { stamp, .. }) => Some(stamp),
            _ => None,
        }
    }

    /// How many bytes it has, if that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.what {
            What::Ready(content) => Some(content.len()),
            What::Unread(_) => None,
        }
    }

    fn check_size(&self) -> Result<()> {
        let (name, Some(len)) = (shown(&self.name), self.len()) else { return Ok(()) };
        if len == 0 {
            return Err(Error::invalid("source", format!("`{name}` is empty; the platform refuses empty files.")));
        }
        if len > MAX_FILE_SIZE {
            let text =
                format!("`{name}` has {len} bytes; the platform takes 500 MB at most. Split it. Nothing was sent.");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        Ok(())
    }

    /// Text parts first, then the file.
    pub(crate) fn payload(self) -> Result<Payload> {
        let What::Ready(content) = self.what else {
            return Err(Error::new(ErrorKind::Unexpected, "A stream was to be sent before its size was known."));
        };
        let boundary = boundary()?;
        let mut head = String::new();
        for (field, value) in [("path", &self.path), ("parentId", &self.parent_id)] {
            if let Some(value) = value {
                head.push_str(&format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
                ));
            }
        }
        let kind = mime_guess::from_path(&self.name).first_raw().unwrap_or("application/octet-stream");
        let name = encoded(&self.name);
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        ));
        let tail = format!("\r\n--{boundary}--\r\n");
        let parts = vec![Part::Text(head.into()), Part::Plain(content), Part::Text(tail.into())];
        Ok(Payload::parts(format!("multipart/form-data; boundary={boundary}"), parts))
    }
}

fn check_name(name: &str) -> Result<()> {
    let text = match name {
        name if name.contains('\0') => "has a NUL in it, which no file's name can have",
        "." | ".." => "is a folder's name",
        name if name.contains('/') => "has a `/` in it; a place among folders is given as `path`",
        _ => return Ok(()),
    };
    Err(Error::invalid("name", format!("`{}` {text}.", shown(name))))
}

pub(crate) fn check_path(path: Option<&str>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.split('/').all(plain) && !path.contains(is_unfit) {
        return Ok(());
    }
    let text = format!("`{}` is not a path such as `reports/2026/plan.pdf`.", shown(path));
    Err(Error::invalid("path", text))
}

/// A file's name as it may go on the wire: what would end its quotes or its line, and what makes people read it
/// wrong, is percent-encoded.
pub(crate) fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' => out.push_str("%22"),
            // Some servers take it for the end of a folder's name, others for an escape.
            '\\' => out.push_str("%5C"),
            c if is_unfit(c) => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
            }
            c => out.push(c),
        }
    }
    out
}

/// Controls, and marks that turn the direction of text around.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// 128 random bits, so that no file can hold it by chance or on purpose.
fn boundary() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Unexpected, format!("The system gave no random bytes: {error}.")))?;
    Ok(bytes.iter().fold("nomkit-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head_of(source: Source, options: &UploadOptions) -> String {
        let payload = Parcel::new(source, options).unwrap().payload().unwrap();
        let Payload::Parts(parts) = payload else { panic!("not an upload") };
        format!("{:?}", parts).split("Plain").next().unwrap().to_owned()
    }

    #[test]
    fn text_fields_come_before_the_file() {
        let options = UploadOptions::default().path("a/b.pdf");
        let head = head_of(Source::bytes("x", "c.txt"), &options);
        assert!(head.find("name=\\\"path").unwrap() < head.find("filename=\\\"b.pdf").unwrap(), "{head}");
        assert!(head.contains("application/pdf"));
    }

    proptest! {
        #[test]
        fn a_name_on_the_wire_is_one_quoted_word(name in "[\\PC\\p{C}\"/\\\\%]{1,400}") {
            let wire = encoded(&name);
            prop_assert!(!wire.contains(['"', '\\']) && !wire.contains(is_unfit), "{}", wire);
            // What needs no encoding is left as it was.
            if !name.contains(['"', '\\']) && !name.contains(is_unfit) {
                prop_assert_eq!(wire, name);
            }
        }
    }
}

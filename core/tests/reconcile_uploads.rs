//! Uploads whose answers are lost, in virtual time: which of the files that a search shows is the one that was sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Seen, client, count, reply};
use nomkit::{Error, File, Nomic, Source, UploadOptions};
use serde_json::{Value, json};

const FOLDER: &str = "019abc12-3456-7890-abcd-ef1234567890";
const OTHER: &str = "019abc12-3456-7890-abcd-ef1234567891";

/// A file as a search shows it: its id, its path, its folder.
type Hit = (&'static str, &'static str, &'static str);

const OLD: Hit = ("old", "Files/alpha/plan%20A.txt", FOLDER);
const OWN: Hit = ("own", "Files/alpha/plan%20A.txt", FOLDER);
/// What a search for the name shows too.
const OTHERS: [Hit; 5] = [
    ("b", "Files/beta/plan%20A.txt", OTHER),
    ("longer", "Files/xalpha/plan%20A.txt", OTHER),
    ("above", "Files/plan%20A.txt", OTHER),
    ("backup", "Files/alpha/plan%20A.txt.bak", FOLDER),
    ("first", "Files/alpha/my%20plan%20A.txt", FOLDER),
];

fn shown((id, path, folder): &Hit) -> Value {
    let name = path.rsplit('/').next().unwrap().replace("%20", " ");
    json!({"id": id, "name": name, "mimeType": "text/plain", "parentId": folder, "path": path})
}

/// A platform whose search shows the first before an upload and the second after it, and that loses its answer.
fn platform(before: &'static [Hit], after: Vec<Hit>) -> (Nomic, Seen) {
    client(move |call, made, request| match call {
        "POST /files/upload" => reply(201, ""),
        "GET /files/search" => {
            let query = request.url.query_pairs().find(|(name, _)| name == "query").unwrap().1;
            assert_eq!(query, "plan A.txt");
            let hits = if made == 0 { before } else { &after };
            let hits = hits.iter().map(shown).collect::<Vec<_>>();
            reply(200, json!({"data": hits, "nextCursor": null}).to_string())
        }
        _ => panic!("{call}"),
    })
}

async fn upload(nomic: &Nomic, options: UploadOptions) -> Result<File, Error> {
    nomic.files().upload(Source::bytes("The plan".as_bytes(), "local.txt"), options, None).await
}

fn at(path: &str) -> UploadOptions {
    UploadOptions::default().path(path)
}

fn candidates(error: &Error) -> &Value {
    assert_eq!(error.code, "outcome_unknown", "{error}");
    error.detail("candidates").unwrap()
}

#[tokio::test(start_paused = true)]
async fn u07_a_lost_upload_is_told_by_its_whole_path_from_files_of_like_names() {
    let with = |more: &[Hit]| OTHERS.iter().chain(more).copied().collect::<Vec<_>>();
    // All of these are new.
    let (nomic, seen) = platform(&[OLD], with(&[OLD, OWN]));
    let file = upload(&nomic, at("alpha/plan A.txt")).await.unwrap();
    assert_eq!((file.id.as_str(), file.name.as_str(), file.recovered), ("own", "plan A.txt", true));
    assert_eq!((file.parent_id.as_deref(), file.size, file.version_id), (Some(FOLDER), None, None));
    assert_eq!((count(&seen, "POST /files/upload"), count(&seen, "GET /files/search")), (1, 2));
    // None of the others is it.
    let (nomic, seen) = platform(&[OLD], with(&[OLD]));
    let error = upload(&nomic, at("alpha/plan A.txt")).await.unwrap_err();
    assert_eq!((candidates(&error), count(&seen, "POST /files/upload")), (&json!([]), 1));
    // Two new ones of one path are two people's.
    let (nomic, _) = platform(&[], with(&[OLD, OWN]));
    let error = upload(&nomic, at("alpha/plan A.txt")).await.unwrap_err();
    assert_eq!(candidates(&error), &json!(["old", "own"]));
}

#[tokio::test(start_paused = true)]
async fn u07_a_lost_upload_is_told_by_the_folder_that_it_was_put_into() {
    let (nomic, _) = platform(&[], OTHERS.iter().copied().chain([OWN]).collect());
    let into = |folder: &str| at("plan A.txt").parent_id(folder);
    // Ids are found in capitals too.
    let file = upload(&nomic, into(&FOLDER.to_uppercase())).await.unwrap();
    assert_eq!((file.id.as_str(), file.recovered), ("own", true));
    let (nomic, _) = platform(&[], vec![OWN]);
    let error = upload(&nomic, into(OTHER)).await.unwrap_err();
    assert_eq!(candidates(&error), &json!([]), "it is in another folder");
}

#[tokio::test(start_paused = true)]
async fn u07_where_too_many_have_the_name_nothing_is_taken() {
    let (nomic, seen) = client(|call, made, _| match call {
        "POST /files/upload" => reply(201, ""),
        _ => reply(200, json!({"data": [shown(&OWN)], "nextCursor": format!("{made}")}).to_string()),
    });
    let error = upload(&nomic, at("alpha/plan A.txt")).await.unwrap_err();
    assert!(candidates(&error) == &json!([]) && error.message.contains("files.search"), "{error}");
    assert_eq!((count(&seen, "POST /files/upload"), count(&seen, "GET /files/search")), (1, 5));
}

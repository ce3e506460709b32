//! Answers a question out of documents, with no server: `cargo run --example ask -- "fire doors" report.pdf plan.xlsx`.
//! `text` instead of a question prints what is read.

use std::io::Write;
use std::path::Path;

use nomkit_emulator::answers::answer;
use nomkit_emulator::documents::{Extractor, Worker};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let question = arguments.next().unwrap_or_default();
    let mut documents = Vec::new();
    for file in arguments {
        let name = Path::new(&file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = Extractor::new(Worker::InProcess).extract(Path::new(&file), &name, "").await;
        documents.push((name, document));
    }
    let said = if question == "text" { format!("{documents:#?}") } else { answer(&question, 1, &documents).text };
    writeln!(std::io::stdout(), "{said}")
}

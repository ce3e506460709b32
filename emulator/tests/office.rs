//! DOCX, XLSX, HTML and CSV: what is read of them, and that those made to harm end in a reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nomkit_emulator::documents::{Document, Extractor, Limits, Page, Unit, Unreadable, Worker};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn child() -> Extractor {
    Extractor::new(Worker::Program(env!("CARGO_BIN_EXE_nomkit-document-worker").into(), Vec::new()))
}

fn both() -> [Extractor; 2] {
    [child(), Extractor::new(Worker::InProcess)]
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

async fn sample(name: &str) -> Document {
    child().extract(&fixture(name), name, "").await.unwrap()
}

async fn read(extractor: &Extractor, name: &str, content: &[u8]) -> Result<Document, Unreadable> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    extractor.extract(file.path(), name, "").await
}

async fn page(name: &str, content: &[u8]) -> Page {
    read(&child(), name, content).await.unwrap().pages.remove(0)
}

async fn text(name: &str, content: &[u8]) -> String {
    page(name, content).await.text
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in parts {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const W: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn docx(body: &str) -> Vec<u8> {
    archive(&[("word/document.xml", format!("<w:document {W}><w:body>{body}</w:body></w:document>").as_bytes())])
}

/// A workbook with one sheet of these rows.
fn xlsx(rows: &str) -> Vec<u8> {
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let workbook = format!(
        "<workbook {main} xmlns:r=\"{office}\"><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
    );
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"a\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let sheet = format!("<worksheet {main}><sheetData>{rows}</sheetData></worksheet>");
    archive(&[
        ("xl/workbook.xml", workbook.as_bytes()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

#[tokio::test]
async fn a_docx_gives_its_paragraphs_and_names_its_headings() {
    let document = sample("site-specification.docx").await;
    assert_eq!(document.unit, Unit::Paragraph);
    let [page] = document.pages.as_slice() else { panic!("{document:?}") };
    let lines: Vec<&str> = page.text.lines().filter(|line| !line.is_empty()).collect();
    let headings: Vec<&str> = page.headings.iter().map(|number| lines[*number as usize - 1]).collect();
    assert_eq!(headings, ["Harbour Row: roof specification", "Roof drainage", "Parapets", "Materials"]);
    let list = "\n\n• Clear the outlets before handover.\n\n• Test the overflow with 100 litres of water.\n\n";
    assert!(page.text.contains(list), "{}", page.text);
    let table = "\n\nItem   Product   Fire class\nMembrane   Two-layer bitumen   E\nInsulation   ␣   A1\nCoping   Cast stone   A1\n\n";
    assert!(page.text.contains(table), "{}", page.text);
    assert!(
        page.text.contains("bedded in mortar. Joints are sealed & pointed."),
        "what was deleted is gone: {}",
        page.text
    );
    assert_eq!(page.text.matches("wear a harness").count(), 1, "{}", page.text);
}

#[tokio::test]
async fn a_cell_that_spans_nothing_is_one_cell() {
    let cell = |span: &str, text: &str| {
        let span = format!("<w:tcPr><w:gridSpan w:val=\"{span}\"/></w:tcPr>");
        format!("<w:tc>{span}<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    let row = format!("<w:tbl><w:tr>{}{}{}</w:tr></w:tbl>", cell("0", "a"), cell("2", "b"), cell("-1", "c"));
    for extractor in both() {
        let page = read(&extractor, "a.docx", &docx(&row)).await.unwrap().pages.remove(0);
        assert_eq!(page.text, "a   ␣   b   c");
    }
}

#[tokio::test]
async fn an_xlsx_gives_its_shown_sheets_row_by_row() {
    let document = sample("door-schedule.xlsx").await;
    assert_eq!(document.unit, Unit::Row);
    let names: Vec<Option<&str>> = document.pages.iter().map(|page| page.name.as_deref()).collect();
    assert_eq!(names, [Some("Doors"), Some("Budget")], "the hidden sheet is not read");
    let doors = &document.pages[0];
    assert_eq!(doors.rows, [1, 3, 4, 5, 6, 7, 8]);
    assert!(doors.text.contains("\nFD-01   Stair A, level 1   FD60S   2026-03-02\n"), "{}", doors.text);
    assert!(doors.text.ends_with("\nFD-04   Bin store   FD60   2026-03-04 09:30   Frame corroded at the foot"));
    assert_eq!(document.pages[1].text, "Trade   Quarter 1   Quarter 2\nJoinery   12500   0.3\nIronmongery   830.5");
}

#[tokio::test]
async fn html_gives_what_a_page_says() {
    let document = sample("minutes.html").await;
    let expected = "Site meeting of 7 April\n\nPresent: Zoë Brønsted, René León.\n\nAbsent: nobody.\n\nScaffold\n\n\
        The scaffold at block B is “incomplete” & must be closed off until it has been inspected.\n\n\
        • Fit the missing toe boards.\n\n• Tag the ladder.\n\nDeliveries\n\nDate   Load   Supplier\n\
        9 April   Bricks   Orme & Sons\n14 April   Trusses 12 long, 4 short   Veld\n\nNext meeting: 14 April.";
    assert_eq!(document.pages[0].text, expected);
    assert_eq!(document.pages[0].headings, [1, 4]);
}

#[tokio::test]
async fn csv_gives_its_records_with_the_rows_that_a_spreadsheet_shows() {
    let document = sample("issues.csv").await;
    let expected = "Issue   Place   Note   Cost\n1   Lobby   Tiles cracked near the lift   120,50\n\
        2   Roof   Gutter \"blocked\" by leaves   80\n3   Yard   Gate hinge broken   45";
    assert_eq!(document.pages[0].text, expected);
    assert_eq!(document.pages[0].rows, [1, 2, 3, 5]);
    assert_eq!(text("a.csv", b"a,b\n1;2,3\n").await, "a   b\n1;2   3");
    assert_eq!(text("a.csv", b"sep=|\na|b;c\n").await, "a   b;c");
    assert_eq!(text("a.tsv", b"a\tb, c\n1\t2\n").await, "a   b, c\n1   2");
    assert_eq!(page("a.csv", b"\n\na,b\n\"x\ny\nz\",c\nd,e\n").await.rows, [3, 4, 5]);
}

#[tokio::test]
async fn other_encodings_are_read() {
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    for (name, written, expected) in [("a.csv", "Größe,b\n1,2", "Größe   b\n1   2"), ("a.html", "<p>Größe", "Größe")]
    {
        assert_eq!(text(name, written.as_bytes()).await, expected);
        assert_eq!(text(name, &[b"\xef\xbb\xbf", written.as_bytes()].concat()).await, expected);
        assert_eq!(text(name, &utf16(written)).await, expected);
        let latin: Vec<u8> = written.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
        assert_eq!(text(name, &latin).await, expected);
    }
    assert_eq!(text("a.html", b"<meta charset=koi8-r><p>\xcd\xc9\xd2").await, "мир");
    assert_eq!(text("a.xhtml", b"<?xml version='1.0' encoding='iso-8859-2'?><p>\xb1").await, "ą");
}

#[tokio::test]
async fn the_content_tells_what_the_name_hides() {
    let word = docx("<w:p><w:r><w:t>Word</w:t></w:r></w:p>");
    let sheet = xlsx("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Sheet</t></is></c></row>");
    for name in ["a.docx", "a.xlsx", "a.docm", "a.txt", "a.csv", "a.pdf", "a"] {
        assert_eq!(text(name, &word).await, "Word", "{name}");
        assert_eq!(text(name, &sheet).await, "Sheet", "{name}");
    }
    for name in ["a.xls", "a.docx", "a"] {
        assert_eq!(text(name, b"\n<!DOCTYPE HTML><p>Page").await, "Page", "{name}");
    }
    assert_eq!(text("a.txt", b"<html><p>Page").await, "<html><p>Page", "a text is a text");
    let extractor = child();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "<p>Page").unwrap();
    let document = extractor.extract(file.path(), "a", "text/html; charset=utf-8").await.unwrap();
    assert_eq!(document.pages[0].text, "Page");
}

#[tokio::test]
async fn macros_are_left_alone() {
    let parts: &[(&str, &[u8])] = &[
        ("word/document.xml", b"<w:document><w:body><w:p><w:t>Text.</w:t></w:p></w:body></w:document>"),
        ("word/vbaProject.bin", b"Sub AutoOpen()"),
    ];
    assert_eq!(text("a.docm", &archive(parts)).await, "Text.");
}

#[tokio::test]
async fn each_reason_is_told() {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    let word = std::fs::read(fixture("site-specification.docx")).unwrap();
    for extractor in both() {
        let locked = read(&extractor, "a.docx", &[compound.clone(), vec![0; 600], name.clone()].concat()).await;
        assert_eq!(locked, Err(Unreadable::Encrypted));
        let old = read(&extractor, "a.doc", &[compound.clone(), vec![0; 600]].concat()).await.unwrap_err();
        assert!(old.to_string().starts_with("an Office file in the format of before 2007 cannot be read"), "{old}");
        let other = read(&extractor, "a.docx", &archive(&[("a.txt", b"a")])).await;
        assert!(matches!(other, Err(Unreadable::Unsupported(_))), "{other:?}");
        for broken in [&word[..word.len() / 2], b"PK\x03\x04", b"no archive"] {
            let outcome = read(&extractor, "a.docx", broken).await;
            assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
        }
        for body in ["<w:p><w:t>a</w:x></w:p>", "<w:p>&nothing;</w:p>"] {
            let outcome = read(&extractor, "a.docx", &docx(body)).await;
            assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{body}: {outcome:?}");
        }
        let outcome = read(&extractor, "a.xlsx", &archive(&[("xl/nothing.xml", b"<a/>")])).await;
        assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
        for (name, content) in [("a.docx", docx("<w:p/>")), ("a.xlsx", xlsx("")), ("a.html", b"<img src=a>".to_vec())] {
            assert_eq!(read(&extractor, name, &content).await, Err(Unreadable::NoText), "{name}");
        }
    }
}

#[tokio::test]
async fn flipped_bytes_end_in_a_reason_or_a_text() {
    for name in ["site-specification.docx", "door-schedule.xlsx"] {
        let sound = std::fs::read(fixture(name)).unwrap();
        let extractor = Extractor::new(Worker::InProcess);
        for place in (0..sound.len()).step_by(sound.len() / 60) {
            let mut broken = sound.clone();
            broken[place] ^= 0x55;
            match read(&extractor, name, &broken).await {
                Ok(_) | Err(Unreadable::Broken(_) | Unreadable::NoText | Unreadable::Unsupported(_)) => {}
                other => panic!("{name} at {place}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn bombs_are_refused_before_they_unpack() {
    let limits = Limits { file: 20 << 20, memory: 300 << 20, ..Limits::default() };
    let spaces = vec![b' '; 40 << 20];
    let laughs = "<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><w:document><w:p><w:t>&b;</w:t></w:p></w:document>";
    for extractor in both() {
        let extractor = extractor.with_limits(limits);
        let started = Instant::now();
        for part in ["word/document.xml", "word/styles.xml", "xl/sharedStrings.xml"] {
            let outcome = read(&extractor, "a.docx", &archive(&[(part, &spaces)])).await;
            assert_eq!(outcome, Err(Unreadable::TooMuchMemory), "{part}");
        }
        for part in ["word/document.xml", "xl/workbook.xml"] {
            let outcome = read(&extractor, "a.docx", &archive(&[(part, laughs.as_bytes())])).await.unwrap_err();
            assert!(outcome.to_string().contains("declares XML entities"), "{outcome}");
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
    let many: Vec<(String, &[u8])> = (0..20_001).map(|number| (format!("word/{number}.xml"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    assert_eq!(read(&child(), "a.docx", &archive(&many)).await, Err(Unreadable::TooMuchMemory));
}

#[tokio::test]
async fn depth_costs_nothing() {
    let deep = |open: &str, close: &str| format!("{}deep{}", open.repeat(100_000), close.repeat(100_000));
    let cell = deep("<w:tbl><w:tr><w:tc><w:p><w:r><w:t>", "</w:t></w:r></w:p></w:tc></w:tr></w:tbl>");
    let tables = deep("<table><tr><td>", "</td></tr></table>");
    for extractor in both() {
        assert_eq!(read(&extractor, "a.docx", &docx(&cell)).await.unwrap().pages[0].text, "deep");
        for page in [
            deep("<div><p>", "</p></div>"),
            deep("<b><i>", ""),
            tables.clone(),
            format!("deep{}", "<tr>".repeat(100_000)),
        ] {
            assert_eq!(read(&extractor, "a.html", page.as_bytes()).await.unwrap().pages[0].text, "deep");
        }
    }
}

#[tokio::test]
async fn a_sheet_may_be_sparse_and_a_text_too_long() {
    let far = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"B1048576\"><v>2</v></c><c r=\"XFD1048576\"><v>3</v></c></row>";
    let limits = Limits { text: 1000, ..Limits::default() };
    for extractor in both() {
        let page = read(&extractor, "a.xlsx", &xlsx(far)).await.unwrap().pages.remove(0);
        assert_eq!((page.text.as_str(), page.rows.as_slice()), ("1\n␣   2", &[1, 1_048_576][..]));
        let extractor = extractor.with_limits(limits);
        let rows: String =
            (1..200).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\"><v>{row}00</v></c></row>")).collect();
        assert_eq!(read(&extractor, "a.xlsx", &xlsx(&rows)).await, Err(Unreadable::TooMuchMemory));
        let paragraphs = "<w:p><w:t>A line of text.</w:t></w:p>".repeat(100);
        assert_eq!(read(&extractor, "a.docx", &docx(&paragraphs)).await, Err(Unreadable::TooMuchMemory));
        let page = "<p>A line of text.".repeat(100);
        assert_eq!(read(&extractor, "a.html", page.as_bytes()).await, Err(Unreadable::TooMuchMemory));
        let records = "a,b\n".repeat(1000);
        assert_eq!(read(&extractor, "a.csv", records.as_bytes()).await, Err(Unreadable::TooMuchMemory));
    }
}

#[tokio::test]
async fn a_million_records_are_read() {
    let records: String = (1..=1_000_000).map(|number| format!("{number},open\n")).collect();
    let page = page("a.csv", records.as_bytes()).await;
    assert_eq!((page.rows.len(), page.rows.last()), (1_000_000, Some(&1_000_000)));
}

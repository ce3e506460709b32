//! Markdown: its text without the marks, a paragraph each for headings and list items.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Document, Unreadable, plain};

pub(super) fn read(content: &[u8]) -> Result<Document, Unreadable> {
    let source = plain::decode(content)?;
    let mut text = Text::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(&source, options) {
        text.event(event);
    }
    let document = Document::from_texts([text.finish()]);
    if document.has_text() { Ok(document) } else { Err(Unreadable::Empty) }
}

#[derive(Default)]
struct Text {
    done: String,
    paragraph: String,
}

impl Text {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.paragraph.push_str(&text);
            }
            Event::SoftBreak => self.paragraph.push(' '),
            Event::HardBreak => self.paragraph.push('\n'),
            Event::Start(Tag::Item) => {
                self.end_paragraph();
                self.paragraph.push_str("• ");
            }
            Event::Start(tag) if is_block(&tag.to_end()) => self.end_paragraph(),
            Event::End(TagEnd::TableCell) => self.paragraph.push_str("   "),
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => self.end_line(),
            Event::End(tag) if is_block(&tag) => self.end_paragraph(),
            Event::Rule => self.end_paragraph(),
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let kept = self.paragraph.trim_end().len();
        self.paragraph.truncate(kept);
        self.paragraph.push('\n');
    }

    fn end_paragraph(&mut self) {
        // A mark alone belongs to the text that follows it.
        if self.paragraph == "• " {
            return;
        }
        let paragraph = std::mem::take(&mut self.paragraph);
        let paragraph = paragraph.trim();
        if !paragraph.is_empty() {
            if !self.done.is_empty() {
                self.done.push_str("\n\n");
            }
            self.done.push_str(paragraph);
        }
    }

    fn finish(mut self) -> String {
        self.end_paragraph();
        self.done
    }
}

fn is_block(tag: &TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::Table
            | TagEnd::FootnoteDefinition
            | TagEnd::HtmlBlock
    )
}

//! PDF: every glyph of a page with its place, as the page's drawing instructions put it.

use std::panic::resume_unwind;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, interpret_page,
};

use smol_str::{SmolStr, SmolStrBuilder};

use super::layout::{Letter, page_text};
use super::{Document, Unreadable};

/// Glyph space has this many units to the font size.
const UNITS: f64 = 1000.0;

/// A page with more letters than this is made to harm.
const PAGE: u64 = 1 << 20;

pub(super) fn read(content: Vec<u8>, most: u64) -> Result<Document, Unreadable> {
    let pdf = Pdf::new(content).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            Unreadable::Unsupported("a PDF with this kind of encryption".to_owned())
        }
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Unreadable::Encrypted,
        LoadPdfError::Decryption(_) => Unreadable::Broken("its encryption makes no sense".to_owned()),
        LoadPdfError::Invalid => Unreadable::Broken("no PDF structure could be found in it".to_owned()),
    })?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(Unreadable::Broken("it has no pages".to_owned()));
    }
    let cache = InterpreterCache::new();
    let mut texts = Vec::new();
    let mut size = 0;
    for page in pages.iter() {
        let (width, height) = page.render_dimensions();
        let area = Rect::new(0.0, 0.0, width.into(), height.into());
        let transform = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(transform, area, &cache, pdf.xref(), InterpreterSettings::default());
        let mut letters = Letters { area, most: most.min(PAGE), found: Vec::new() };
        interpret_page(page, &mut context, &mut letters);
        let text = page_text(&letters.found);
        size += text.len() as u64;
        if size > most {
            return Err(Unreadable::TooMuchMemory);
        }
        texts.push(text);
    }
    let document = Document::from_texts(texts);
    if document.has_text() { Ok(document) } else { Err(Unreadable::NoText) }
}

/// Collects the letters of one page, in the order in which they are drawn.
struct Letters {
    area: Rect,
    most: u64,
    found: Vec<Letter>,
}

impl Letters {
    fn add(&mut self, glyph: &Glyph<'_>, place: Affine) {
        let Some(text) = glyph.as_unicode().and_then(readable) else { return };
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(drawn) => drawn.advance_width(),
        };
        let [a, b, c, d, ..] = place.as_coeffs();
        let start = place * Point::ZERO;
        let end = place * Point::new(advance.unwrap_or(500.0).into(), 0.0);
        let size = c.hypot(d) * UNITS;
        let sound = [start.x, start.y, end.x, end.y, size].iter().all(|value| value.is_finite());
        // What lies outside the page is not there for its reader.
        if sound && size > 0.1 && self.area.inflate(1.0, 1.0).contains(start) {
            if self.found.len() as u64 >= self.most {
                // Nothing else ends the drawing of a page; the one who called the reader takes it up.
                resume_unwind(Box::new(Unreadable::TooMuchMemory));
            }
            self.found.push(Letter { text, start, end, size, angle: b.atan2(a) });
        }
    }
}

impl<'a> Device<'a> for Letters {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        // Text that is filled and then outlined comes twice.
        let again = matches!(mode, DrawMode::Stroke(_));
        for glyph in run.glyphs() {
            let place = props.transform * glyph.transform();
            if !again || !self.found.iter().rev().take(run.glyphs().len()).any(|l| l.start == place * Point::ZERO) {
                self.add(glyph, place);
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// The text of a glyph with ligatures spelled out; nothing if it has none that a person could read.
fn readable(text: BfString) -> Option<SmolStr> {
    let mut out = SmolStrBuilder::new();
    let text = match text {
        BfString::Char(char) => SmolStr::from_iter([char]),
        BfString::String(text) => text.into(),
    };
    for char in text.chars() {
        match char {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            // Soft hyphens that are drawn end a line.
            '\u{ad}' => out.push('-'),
            '\u{feff}' | '\u{200b}' => {}
            _ if char.is_whitespace() => out.push(' '),
            _ if char.is_control() => {}
            _ => out.push(char),
        }
    }
    Some(out.finish()).filter(|text| !text.is_empty())
}

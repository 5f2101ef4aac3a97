//! What is drawn with: escaped text, boxes, embedded pictures, and the colours for light and dark.

use std::fmt::{Display, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::picture::Picture;

/// Every rule begins with the sheet's own class, because an SVG inside a page shares its styles. Each fill is chosen
/// for a contrast of 4.5 or more on its ground, in both schemes.
const STYLE: &str = "\
.lk text{font-family:ui-sans-serif,system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:#1d2129}\
.lk .page{fill:#f5f5f2}.lk .card{fill:#ffffff;stroke:#d9dad5}.lk .well{fill:#ececE8}\
.lk text.soft{fill:#5b616b}.lk text.pass{fill:#14693a}.lk text.fail{fill:#ab1f1f}\
.lk .track{fill:#e3e4df}.lk .bar-pass{fill:#2b8a57}.lk .bar-fail{fill:#c93434}\
.lk .mark-pass{fill:#1d7a48}.lk .mark-fail{fill:#bd2828}.lk .mark-none{fill:#6a707a}\
.lk .edge-pass{fill:none;stroke:#2b8a57}.lk .edge-fail{fill:none;stroke:#c93434}.lk .edge-none{fill:none;stroke:#8a9099}\
.lk .line{stroke:#d9dad5;fill:none}.lk .limit{stroke:#1d2129}\
@media(prefers-color-scheme:dark){\
.lk text{fill:#eceef2}.lk .page{fill:#15171b}.lk .card{fill:#1f2227;stroke:#383d45}.lk .well{fill:#2a2e35}\
.lk text.soft{fill:#a8afba}.lk text.pass{fill:#6fd39b}.lk text.fail{fill:#ff9a92}\
.lk .track{fill:#363b43}.lk .bar-pass{fill:#3fae73}.lk .bar-fail{fill:#ea5b54}\
.lk .edge-pass{stroke:#3fae73}.lk .edge-fail{stroke:#ea5b54}.lk .edge-none{stroke:#7c838e}\
.lk .line{stroke:#383d45}.lk .limit{stroke:#eceef2}}\
.lk text.on{fill:#ffffff}";

/// An SVG that is being written.
pub(super) struct Paper {
    body: String,
}

/// Where text is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Paper {
    pub(super) fn new() -> Self {
        Self { body: String::new() }
    }

    /// Anything: what comes from outside must have gone through [`escaped`].
    pub(super) fn add(&mut self, markup: impl Display) {
        // Writing to a string does not fail.
        let _infallible = write!(self.body, "{markup}");
    }

    /// `class`: `soft`, `pass`, `fail`, `on` (on a coloured mark) or none. `weight`: 400 to 700.
    pub(super) fn text(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        (size, weight): (f64, u16),
        class: &str,
        words: &str,
    ) {
        let (x, y) = (number(at.0), number(at.1));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = escaped(words);
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" \
             class=\"{class}\">{words}</text>"
        ));
    }

    /// A box of a class, with round corners.
    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], radius: f64, class: &str, more: &str) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" class=\"{class}\"{more}/>"
        ));
    }

    /// A picture inside the drawing, stretched to the box: PNG or JPEG, and by the older name of `href`, which every
    /// viewer of SVG knows.
    pub(super) fn image(&mut self, [x, y, width, height]: [f64; 4], media_type: &str, bytes: &[u8]) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        let data = STANDARD.encode(bytes);
        self.add(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             xlink:href=\"data:{media_type};base64,{data}\"/>"
        ));
    }

    /// A picture fitted into a box of the given side around `(x, y)`; gives the box that it fills.
    pub(super) fn thumbnail(&mut self, picture: &Picture, (x, y): (f64, f64), side: f64) -> [f64; 4] {
        let small = picture.thumbnail(side as u32);
        let scale = side / f64::from(small.width().max(small.height()));
        let (width, height) = (f64::from(small.width()) * scale, f64::from(small.height()) * scale);
        let place = [x - width / 2.0, y - height / 2.0, width, height];
        // Laid over white, as it was judged.
        self.image(place, "image/jpeg", &small.to_jpeg());
        place
    }

    /// The whole file. `title` and `description` are what a screen reader says.
    pub(super) fn finished(self, (width, height): (f64, f64), title: &str, description: &str) -> String {
        let (width, height) = (number(width), number(height));
        let (title, description, body) = (escaped(title), escaped(description), self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" class=\"lk\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"lk-title lk-desc\">\
             <title id=\"lk-title\">{title}</title><desc id=\"lk-desc\">{description}</desc>\
             <style>{STYLE}</style>\
             <rect width=\"{width}\" height=\"{height}\" class=\"page\"/>{body}</svg>\n"
        )
    }
}

/// For text and attribute values. What XML 1.0 has no place for, such as control characters, becomes U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Lines of at most so many characters, broken between words.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A tenth of a unit is finer than anything drawn.
pub(super) fn number(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

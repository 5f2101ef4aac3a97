//! Characters that hide something: what a reader sees is not what a model or a log will see. Marks that ordinary text
//! needs (joiners, marks of direction as Hebrew and Arabic keyboards set them, emoji) are none.

/// The first character of `text` that hides something.
pub(crate) fn hidden(text: &str) -> Option<char> {
    let mut before = None;
    for character in text.chars() {
        if is_invisible(character) || is_stray(character, before) {
            return Some(character);
        }
        before = Some(character);
    }
    unbalanced(text)
}

/// Without a mark on the screen, or turning the letters around it, in any context.
fn is_invisible(character: char) -> bool {
    match character {
        '\n' | '\r' | '\t' => false,
        // The soft hyphen, fillers and separators without width, invisible operators, annotations, musical controls.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}' => true,
        '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e001f}' => true,
        // Overrides turn letters around that have a direction of their own.
        '\u{202d}' | '\u{202e}' => true,
        _ => character.is_control(),
    }
}

/// A mark that is ordinary behind some characters, and hides data behind others.
fn is_stray(character: char, before: Option<char>) -> bool {
    match character {
        // Tags spell the names of flags.
        '\u{e0020}'..='\u{e007f}' => !matches!(before, Some('\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')),
        // Variants of ideographs.
        '\u{e0100}'..='\u{e01ef}' => {
            !matches!(before, Some('\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'))
        }
        // Variants of signs, one for each.
        '\u{fe00}'..='\u{fe0f}' => matches!(before, None | Some('\u{fe00}'..='\u{fe0f}')),
        _ => false,
    }
}

/// A change of direction that does not end, or an end of none.
fn unbalanced(text: &str) -> Option<char> {
    let mut open = Vec::new();
    for character in text.chars() {
        match character {
            '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}' => open.push(character),
            '\u{202c}' if !matches!(open.pop(), Some('\u{202a}' | '\u{202b}')) => return Some(character),
            '\u{2069}' if !matches!(open.pop(), Some('\u{2066}'..='\u{2068}')) => return Some(character),
            _ => {}
        }
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_script_hides_nothing() {
        for text in [
            "שומר המגדלור (זקן)\u{200f} במעיל צהוב",
            "حارس المنارة (المسن)\u{200e} بمعطف أصفر",
            "نمی\u{200c}خواهم",
            "a family 👩\u{200d}👩\u{200d}👧 and a flag 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "a heart \u{2764}\u{fe0f}, 葛\u{e0100}城",
            "he said \u{2067}שלום\u{2069}.",
            "two\r\nlines\tand a tab, e\u{301}",
        ] {
            assert_eq!(hidden(text), None, "{text}");
        }
    }

    #[test]
    fn what_hides_is_named() {
        for (text, expected) in [
            ("a keeper\0", '\0'),
            ("a \u{202e}keeper", '\u{202e}'),
            ("nu\u{ad}de", '\u{ad}'),
            ("nu\u{200b}de", '\u{200b}'),
            ("a \u{3164}", '\u{3164}'),
            ("a keeper\u{e0068}\u{e0069}", '\u{e0068}'),
            ("a\u{fe00}\u{fe01}", '\u{fe01}'),
            ("a\u{e0100}", '\u{e0100}'),
            ("a \u{2067}keeper", '\u{2067}'),
            ("a keeper\u{2069}", '\u{2069}'),
            ("\u{2066}a\u{202c}", '\u{202c}'),
        ] {
            assert_eq!(hidden(text), Some(expected), "{text}");
        }
    }
}

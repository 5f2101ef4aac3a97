//! Positions, light and camera in words.

use super::{Camera, FigurePosition, Lighting};

impl FigurePosition {
    /// Where that is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Words(words) => match words.as_str() {
                "left" | "right" => format!("on the {words} side of the frame"),
                "center" | "centre" | "middle" => "in the center of the frame".to_owned(),
                "foreground" | "background" => format!("in the {words}"),
                free => free.to_owned(),
            },
            Self::Point { x, y } => {
                let (from_left, from_top) = ((x * 100.0).round(), (y * 100.0).round());
                let side = match x {
                    x if *x < 0.34 => "on the left side",
                    x if *x > 0.66 => "on the right side",
                    _ => "in the center",
                };
                format!("{side} of the frame, {from_left}% from the left and {from_top}% from the top")
            }
        }
    }

    /// Of the middle of the figure, 0 to 1 from the left and from the top, as far as that was said.
    #[must_use]
    pub fn point(&self) -> Option<[f64; 2]> {
        /// A figure that stands on the ground has its middle a little below the picture's.
        const STANDING: f64 = 0.55;
        match self {
            Self::Point { x, y } => Some([*x, *y]),
            Self::Words(words) => match words.as_str() {
                "left" => Some([0.25, STANDING]),
                "center" | "centre" | "middle" => Some([0.5, STANDING]),
                "right" => Some([0.75, STANDING]),
                _ => None,
            },
        }
    }
}

impl Lighting {
    pub(super) fn words(&self) -> String {
        let light = [self.intensity.as_deref(), self.kind.as_deref()];
        let light = light.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let kelvin = self.color_temperature.map(|kelvin| format!("{kelvin} K"));
        joined(&[
            (!light.is_empty()).then(|| with_noun(light)),
            self.direction.as_ref().map(|from| format!("light from {from}")),
            kelvin,
            self.time_of_day.clone(),
            self.mood.as_ref().map(|mood| format!("{mood} mood")),
        ])
    }
}

/// `soft` is `soft lighting`; `golden hour light` is itself.
fn with_noun(light: String) -> String {
    let ends_with_it = ["light", "lights", "lighting"].iter().any(|noun| light.to_lowercase().ends_with(noun));
    if ends_with_it { light } else { format!("{light} lighting") }
}

impl Camera {
    pub(super) fn words(&self) -> String {
        joined(&[self.shot.clone(), self.angle.clone(), self.lens.clone(), self.focus.clone()])
    }
}

fn joined(parts: &[Option<String>]) -> String {
    parts.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

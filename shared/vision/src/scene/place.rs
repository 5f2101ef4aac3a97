//! Where a figure stands, in the pixels of the shrunk scene.

use super::ground::Ground;
use super::template::Template;
use crate::consistency::Evidence;

/// Another place with this much in common (of both) is the same place.
const SAME: f64 = 0.35;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Of the figure's axis.
    pub(super) x: f64,
    pub(super) top: f64,
    /// From top to feet.
    pub(super) tall: f64,
}

impl Place {
    pub(super) fn on(self, template: &Template, ground: &Ground) -> Evidence {
        let [left, right] = template.reach;
        part(ground, [self.x - left * self.tall, self.top, self.x + right * self.tall, self.top + self.tall])
    }

    /// A slice of it, from and to shares of its height.
    pub(super) fn slice(self, template: &Template, ground: &Ground, [from, to]: [f64; 2]) -> Evidence {
        let [left, right] = template.reach;
        let (top, bottom) = (self.top + from * self.tall, self.top + to * self.tall);
        part(ground, [self.x - left * self.tall, top, self.x + right * self.tall, bottom])
    }
}

fn part(ground: &Ground, [left, top, right, bottom]: [f64; 4]) -> Evidence {
    let across = |x: f64| (x / ground.width as f64).clamp(0.0, 1.0);
    let down = |y: f64| (y / ground.height as f64).clamp(0.0, 1.0);
    let (x, y) = (across(left), down(top));
    Evidence { x, y, width: across(right) - x, height: down(bottom) - y }
}

/// What two boxes share, of what they cover together.
pub(super) fn overlap(a: &Evidence, b: &Evidence) -> f64 {
    let shared = |a: f64, a_long: f64, b: f64, b_long: f64| ((a + a_long).min(b + b_long) - a.max(b)).max(0.0);
    let both = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    both / (a.width * a.height + b.width * b.height - both).max(1e-12)
}

/// Whether two figures cannot stand there at once: much in common, or one within the other.
pub(super) fn collide(a: &Evidence, b: &Evidence) -> bool {
    let middle = |of: &Evidence| [of.x + of.width / 2.0, of.y + of.height / 2.0];
    let within = |of: &Evidence, [x, y]: [f64; 2]| {
        let [cx, cy] = middle(of);
        (x - cx).abs() < 0.3 * of.width && (y - cy).abs() < 0.4 * of.height
    };
    overlap(a, b) > SAME || within(a, middle(b)) || within(b, middle(a))
}

/// What two boxes share, of the smaller one.
pub(super) fn shared(a: &Evidence, b: &Evidence) -> f64 {
    let least = (a.width * a.height).min(b.width * b.height);
    let (sum, union_share) = (a.width * a.height + b.width * b.height, overlap(a, b));
    sum * union_share / (1.0 + union_share) / least.max(1e-12)
}

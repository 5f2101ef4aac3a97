//! The dominant colours of a picture: requirement B1, "palette measured from the image".

use crate::oklab::{self, Lab};
use crate::picture::Picture;

/// One dominant colour.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Swatch {
    /// sRGB, `#6b3e26`.
    pub hex: String,
    /// The nearest basic colour name, lower case.
    pub name: &'static str,
    /// 0-1, of what was counted.
    pub share: f64,
}

/// Colours closer than this in OKLab are one swatch.
const SAME: f32 = 0.07;
/// Swatches smaller than this are seams between two colours.
const LEAST_SHARE: f64 = 0.01;

/// At most `most` colours, largest share first. Deterministic: k-means in OKLab on at most 128 x 128 pixels.
/// A plain backdrop is not counted, so that a character on white has its own colours and not white.
pub fn palette(picture: &Picture, most: usize) -> Vec<Swatch> {
    let subject = picture.subject();
    let colours: Vec<Lab> =
        subject.labs.iter().zip(&subject.inside).filter(|(_, inside)| **inside).map(|(lab, _)| *lab).collect();
    let swatch = |(mean, share)| Swatch { hex: oklab::hex(mean), name: name(mean), share };
    dominant(&colours, most + 6).map(swatch).take(most).collect()
}

/// The means of at most `count` groups of like colours with their shares, the largest first; slivers are left out.
pub(crate) fn dominant(colours: &[Lab], count: usize) -> impl Iterator<Item = (Lab, f64)> {
    let all = colours.len() as f64;
    let shares = merged(k_means(colours, count)).into_iter().map(move |c| (c.mean, c.weight as f64 / all));
    shares.filter(|(_, share)| *share >= LEAST_SHARE)
}

#[derive(Clone)]
struct Cluster {
    mean: Lab,
    weight: usize,
}

/// Starts from the colours farthest from one another, so that a small bright part gets its own cluster, and ends when
/// no colour changes its cluster.
fn k_means(colours: &[Lab], count: usize) -> Vec<Cluster> {
    const ROUNDS: usize = 12;
    let mut means = vec![mean(colours.iter())];
    let mut apart: Vec<f32> = colours.iter().map(|&c| oklab::distance(c, means[0])).collect();
    while means.len() < count {
        let Some(farthest) = (0..colours.len()).max_by(|&a, &b| apart[a].total_cmp(&apart[b])) else { break };
        means.push(colours[farthest]);
        for (distance, &colour) in apart.iter_mut().zip(colours) {
            *distance = distance.min(oklab::distance(colour, colours[farthest]));
        }
    }
    let mut nearest = vec![usize::MAX; colours.len()];
    let mut clusters = Vec::new();
    for _ in 0..ROUNDS {
        let mut sums = vec![([0.0_f32; 3], 0_usize); means.len()];
        let mut moved = false;
        for (colour, before) in colours.iter().zip(&mut nearest) {
            let now = closest(*colour, means.iter().copied());
            moved |= now != *before;
            *before = now;
            let (sum, weight) = &mut sums[now];
            *sum = [0, 1, 2].map(|i| sum[i] + colour[i]);
            *weight += 1;
        }
        if !moved {
            break;
        }
        if sums.iter().any(|(_, weight)| *weight == 0) {
            // The numbers of those behind an empty one change.
            nearest.fill(usize::MAX);
        }
        let full = sums.iter().filter(|(_, weight)| *weight > 0);
        clusters =
            full.map(|&(sum, weight)| Cluster { mean: sum.map(|value| value / weight as f32), weight }).collect();
        means = clusters.iter().map(|cluster| cluster.mean).collect();
    }
    clusters
}

fn merged(mut clusters: Vec<Cluster>) -> Vec<Cluster> {
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.weight));
    let mut kept: Vec<Cluster> = Vec::new();
    for cluster in clusters {
        match kept.iter_mut().find(|large| oklab::distance(large.mean, cluster.mean) < SAME) {
            Some(large) => {
                let weight = large.weight + cluster.weight;
                let small = cluster.weight as f32 / weight as f32;
                large.mean = [0, 1, 2].map(|i| large.mean[i] * (1.0 - small) + cluster.mean[i] * small);
                large.weight = weight;
            }
            None => kept.push(cluster),
        }
    }
    kept.sort_by_key(|cluster| std::cmp::Reverse(cluster.weight));
    kept
}

fn mean<'a>(colours: impl Iterator<Item = &'a Lab>) -> Lab {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for colour in colours {
        sum = [0, 1, 2].map(|i| sum[i] + colour[i]);
        count += 1.0;
    }
    sum.map(|value: f32| value / count)
}

fn closest(colour: Lab, from: impl Iterator<Item = Lab>) -> usize {
    let square = |mean: Lab| colour.iter().zip(mean).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let by_distance = from.map(square).enumerate();
    by_distance.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index)
}

/// Names a child knows, some twice where one sample would not do for light and dark.
const NAMES: [(&str, [u8; 3]); 26] = [
    ("black", [12, 12, 14]),
    ("dark grey", [70, 70, 72]),
    ("grey", [128, 128, 130]),
    ("light grey", [196, 196, 198]),
    ("white", [248, 248, 246]),
    ("red", [200, 30, 35]),
    ("dark red", [110, 20, 28]),
    ("orange", [235, 125, 30]),
    ("yellow", [240, 205, 50]),
    ("gold", [190, 145, 45]),
    ("olive", [112, 112, 40]),
    ("green", [55, 145, 60]),
    ("dark green", [25, 75, 40]),
    ("light green", [150, 205, 130]),
    ("teal", [25, 130, 130]),
    ("light blue", [140, 190, 230]),
    ("blue", [40, 90, 200]),
    ("blue", [75, 120, 180]),
    ("navy", [25, 35, 85]),
    ("purple", [115, 50, 150]),
    ("lavender", [185, 160, 215]),
    ("pink", [240, 150, 175]),
    ("magenta", [195, 35, 130]),
    ("brown", [110, 65, 35]),
    ("tan", [195, 155, 115]),
    ("beige", [232, 214, 186]),
];

fn name(colour: Lab) -> &'static str {
    NAMES[closest(colour, NAMES.iter().map(|(_, rgb)| oklab::from_rgb(*rgb)))].0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vertical stripes of the given widths.
    fn stripes(parts: &[([u8; 3], usize)]) -> Picture {
        let row: Vec<u8> = parts.iter().flat_map(|(colour, width)| colour.repeat(*width)).collect();
        Picture::from_rgb((row.len() / 3) as u32, 60, row.repeat(60))
    }

    #[test]
    fn stripes_are_named_and_sorted_by_share() {
        let picture = stripes(&[([40, 90, 200], 20), ([200, 30, 35], 60), ([240, 205, 50], 20), ([55, 145, 60], 12)]);
        let names: Vec<_> = palette(&picture, 3).iter().map(|swatch| swatch.name).collect();
        assert_eq!(names[0], "red");
        assert_eq!(names.len(), 3);
        let total: f64 = palette(&picture, 8).iter().map(|swatch| swatch.share).sum();
        assert!((0.95..=1.0001).contains(&total), "{total}");
    }

    #[test]
    fn near_duplicates_are_one_swatch() {
        let picture = stripes(&[([40, 90, 200], 30), ([44, 92, 203], 30), ([240, 205, 50], 40)]);
        assert_eq!(palette(&picture, 6).len(), 2);
    }

    #[test]
    fn a_plain_backdrop_is_not_a_colour_of_the_subject() {
        let mut pixels = vec![250; 100 * 100 * 3];
        for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            if (30..70).contains(&(at % 100)) && (20..80).contains(&(at / 100)) {
                pixel.copy_from_slice(&[110, 65, 35]);
            }
        }
        let swatches = palette(&Picture::from_rgb(100, 100, pixels), 4);
        assert_eq!(swatches[0].name, "brown");
        assert!(swatches[0].share > 0.85, "{swatches:?}");
    }

    #[test]
    fn a_flat_picture_has_one_colour_and_none_can_be_asked_for() {
        let flat = Picture::from_rgb(64, 64, vec![128; 64 * 64 * 3]);
        let swatches = palette(&flat, 5);
        assert_eq!((swatches.len(), swatches[0].hex.as_str(), swatches[0].name), (1, "#808080", "grey"));
        assert!(palette(&flat, 0).is_empty());
    }
}

//! PNG's gAMA and cHRM: a power law, and where the primaries lie.

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, ToneReprCurve, XyY};

/// What the two chunks say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gamma {
    /// The exponent that made samples of light, as in the file: 0.45455 for 1 / 2.2. sRGB's curve where it is not
    /// given.
    pub(crate) encoding: Option<f64>,
    pub(crate) chromaticities: Option<Chromaticities>,
    /// The pixels have no colour.
    pub(crate) grey: bool,
}

/// x and y of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Chromaticities {
    pub(crate) white: [f64; 2],
    pub(crate) red: [f64; 2],
    pub(crate) green: [f64; 2],
    pub(crate) blue: [f64; 2],
}

const SRGB: Chromaticities =
    Chromaticities { white: [0.3127, 0.3290], red: [0.64, 0.33], green: [0.30, 0.60], blue: [0.15, 0.06] };
/// What encoders write beside sRGB pixels; browsers take it as that.
const SRGB_ENCODING: std::ops::RangeInclusive<f64> = 0.45..=0.46;
/// From linear light times ten to film scans; what lies outside of it is damage.
const SENSIBLE: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// `None` for sRGB and for numbers that no device has.
pub(super) fn profile(gamma: &Gamma) -> Option<ColorProfile> {
    let encoding = gamma.encoding.filter(|encoding| SENSIBLE.contains(encoding));
    let chromaticities = gamma.chromaticities.filter(|found| !found.is_near(&SRGB) && !gamma.grey);
    let usual_curve = encoding.is_none_or(|encoding| SRGB_ENCODING.contains(&encoding));
    if chromaticities.is_none() && usual_curve {
        return None;
    }
    let curve = encoding.map(|encoding| ToneReprCurve::Parametric(vec![(1.0 / encoding) as f32]));
    if gamma.grey {
        let mut profile = ColorProfile::new_gray_with_gamma(2.2);
        profile.gray_trc = curve;
        return Some(profile);
    }
    let mut profile = ColorProfile::new_srgb();
    // Its code points would go before the curves.
    profile.cicp = None;
    if let Some(found) = chromaticities {
        let [red, green, blue] =
            [found.red, found.green, found.blue].map(|[x, y]| Chromaticity { x: x as f32, y: y as f32 });
        let [x, y] = found.white;
        profile.update_rgb_colorimetry(XyY { x, y, yb: 1.0 }, ColorPrimaries { red, green, blue });
        let colorants = [profile.red_colorant, profile.green_colorant, profile.blue_colorant];
        if !colorants.iter().all(|c| [c.x, c.y, c.z].iter().all(|value| value.is_finite() && value.abs() < 4.0)) {
            return None;
        }
    }
    if let Some(curve) = curve {
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
    }
    Some(profile)
}

impl Chromaticities {
    fn is_near(&self, other: &Self) -> bool {
        let all = |c: &Self| [c.white, c.red, c.green, c.blue].concat();
        all(self).iter().zip(all(other)).all(|(own, other)| (own - other).abs() < 0.003)
    }
}

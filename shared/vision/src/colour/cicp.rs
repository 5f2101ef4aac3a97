//! Colour spaces by number: ITU-T H.273, as PNG's cICP chunk and ICC's cicp tag have them.

use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, MatrixCoefficients, ToneReprCurve, TransferCharacteristics,
};

/// The four bytes of a cICP chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodePoints {
    pub(crate) primaries: u8,
    pub(crate) transfer: u8,
    /// 0 for pixels of R, G and B, and a PNG has no others.
    pub(crate) matrix: u8,
    pub(crate) full_range: bool,
}

/// Steps of a tone curve for bright screens.
const STEPS: u32 = 4096;

/// `None` for numbers that name no space of R, G and B.
pub(super) fn profile(points: CodePoints) -> Option<ColorProfile> {
    let named = CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(points.primaries).ok()?,
        transfer_characteristics: TransferCharacteristics::try_from(points.transfer).ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    };
    let profile = bright(named).unwrap_or_else(|| ColorProfile::new_from_cicp(named));
    (points.matrix == 0 && profile.is_matrix_shaper()).then_some(profile)
}

/// The space of a screen that is brighter than paper-white (PQ, HLG), with its reference white as sRGB's white: what is
/// brighter is white too. `None` for every other.
pub(super) fn bright(named: CicpProfile) -> Option<ColorProfile> {
    let light: fn(f64) -> f64 = match named.transfer_characteristics {
        TransferCharacteristics::Smpte2084 => |signal| pq(signal) / REFERENCE_WHITE,
        TransferCharacteristics::Hlg => |signal| hlg(signal) / hlg(HLG_WHITE),
        _ => return None,
    };
    let mut profile =
        ColorProfile::new_from_cicp(CicpProfile { transfer_characteristics: TransferCharacteristics::Srgb, ..named });
    let level = |step| (light(f64::from(step) / f64::from(STEPS - 1)).clamp(0.0, 1.0) * 65_535.0).round() as u16;
    let curve = ToneReprCurve::Lut((0..STEPS).map(level).collect());
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
    profile.cicp = None;
    Some(profile)
}

/// Candelas per square metre of a sheet of paper in a PQ picture, and its signal in an HLG one (ITU-R BT.2408).
const REFERENCE_WHITE: f64 = 203.0;
const HLG_WHITE: f64 = 0.75;

/// Candelas per square metre (SMPTE ST 2084).
fn pq(signal: f64) -> f64 {
    let root = signal.powf(1.0 / 78.843_75);
    10_000.0 * ((root - 0.835_937_5).max(0.0) / (18.851_562_5 - 18.687_5 * root)).powf(1.0 / 0.159_301_757_812_5)
}

/// A share of the screen's peak (ITU-R BT.2100, with the system gamma of a screen of 1000 cd/m²).
fn hlg(signal: f64) -> f64 {
    let scene = if signal <= 0.5 {
        signal * signal / 3.0
    } else {
        (((signal - 0.559_910_73) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
    };
    scene.powf(1.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_points_of_the_curves() {
        // BT.2408: 58 % of PQ is 203 cd/m², BT.2100: all of it is 10,000.
        assert!((pq(0.58) - 203.0).abs() < 3.0 && (pq(1.0) - 10_000.0).abs() < 1e-6 && pq(0.0) == 0.0);
        assert!((hlg(1.0) - 1.0).abs() < 1e-3 && (hlg(0.75) - 0.203).abs() < 2e-3);
    }
}

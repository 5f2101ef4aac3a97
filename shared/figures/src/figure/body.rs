//! Head, neck, hands: what is bare on everyone.

use super::{both, limb, limbs};
use crate::colour::mix;
use crate::paint::Paint;
use crate::skeleton::Skeleton;
use crate::solid::Solid;

pub(super) fn build(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let skin = Paint::Skin(s.look.skin);
    limb(
        solids,
        (s.on_head(0.0, 0.60, -0.01), 0.41 * s.head),
        (s.on_head(0.0, 0.29, 0.055), 0.285 * s.head),
        0.97,
        Paint::Head,
    );
    both(solids, s.on_head(0.395, 0.42, -0.02), s.head_size(0.055, 0.10, 0.07), skin);
    let nose = Paint::Skin(mix(s.look.skin, [206, 96, 80], 0.07));
    let length = s.look.face.nose;
    solids.push(Solid::ball(s.on_head(0.0, 0.315, 0.355), s.head_size(0.043, 0.043 * length, 0.062 * length), nose));
    limb(
        solids,
        (s.on_head(0.0, 0.12, -0.03), 0.036 * s.girth),
        (s.on_head(0.0, -0.22, -0.03), 0.042 * s.girth),
        1.0,
        skin,
    );

    let hand = 0.024 + 0.02 * s.head;
    limbs(solids, (s.wrist, 0.021 * s.girth), (s.wrist.towards(s.elbow, -0.16), 0.8 * hand), skin);
    both(solids, s.wrist.towards(s.elbow, -0.26), s.head_size(0.11, 0.165, 0.13), skin);
    let thumb = s.wrist.towards(s.elbow, -0.16);
    let tip = crate::vector::vec3(thumb.x - 0.012, thumb.y - 0.016, thumb.z + 0.022);
    limbs(solids, (thumb, 0.011), (tip, 0.009), skin);

    if let Some(frame) = s.look.face.glasses {
        limbs(
            solids,
            (s.on_head(0.285, 0.44, 0.27), 0.003),
            (s.on_head(0.40, 0.46, -0.02), 0.003),
            Paint::Plain(frame),
        );
    }
    if let Some(beard) = s.look.face.beard {
        let tuft = s.head_size(0.235, 0.19, 0.20);
        solids.push(Solid::ball(s.on_head(0.0, -0.005, 0.16), tuft, Paint::Hair(beard)));
    }
}

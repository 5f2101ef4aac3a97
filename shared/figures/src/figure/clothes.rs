//! What is worn, from the inside out.

use super::{above, behind, both, limb, limbs};
use crate::colour::{mix, scaled};
use crate::look::{Bottom, Cloth, Pattern, Top};
use crate::paint::Paint;
use crate::skeleton::{DEPTH, Skeleton, sign};
use crate::solid::{Cut, Solid};
use crate::vector::vec3;

pub(super) fn build(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    top(solids, s);
    bottom(solids, s);
    shoes(solids, s);
    if let Some(cloth) = s.look.coat {
        coat(solids, s, cloth);
    }
    if let Some(colour) = s.look.cape {
        cape(solids, s, Paint::Plain(colour), Paint::Metal([206, 166, 70]));
    }
    if let Some(colour) = s.look.scarf {
        scarf(solids, s, Paint::Plain(colour));
    }
    if let Some(bag) = s.look.bag {
        let side = sign(bag.side);
        let hip = vec3(side * (s.hip_joint.x + 0.088), s.hip - 0.02, 0.012);
        solids.push(Solid::block(hip, vec3(0.019, 0.040, 0.048), Paint::Glossy(bag.colour)));
        let flap = vec3(hip.x + side * 0.006, hip.y + 0.016, hip.z);
        solids.push(Solid::block(flap, vec3(0.018, 0.027, 0.051), Paint::Glossy(scaled(bag.colour, 0.82))));
        let clasp = vec3(hip.x + side * 0.024, hip.y - 0.008, hip.z);
        solids.push(Solid::ball(clasp, vec3(0.005, 0.007, 0.007), Paint::Metal([214, 178, 90])));
    }
}

fn top(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let cloth = s.look.top_cloth;
    let armoured = s.look.top == Top::Armour;
    let trunk = if armoured { Paint::Metal(cloth.colour) } else { Paint::Trunk { cloth, buttoned: false } };
    let sleeve = if armoured {
        Paint::Metal(cloth.accent)
    } else {
        Paint::Cloth(Cloth { pattern: sleeve_pattern(cloth), ..cloth })
    };
    let g = s.girth;
    let chest = (vec3(0.0, s.shoulder - 0.062, 0.0), (0.052 + 0.36 * s.shoulder_joint.x) * g);
    let waist = (vec3(0.0, s.waist, 0.0), 0.074 * g);
    limb(solids, chest, waist, DEPTH, trunk);
    let open = s.look.coat.is_none();
    if open && matches!(s.look.bottom, Bottom::Trousers | Bottom::Shorts) {
        // Worn over them.
        let rim = (vec3(0.0, s.hip - 0.035, 0.0), 0.118 * g);
        let border = (vec3(0.0, s.hip - 0.023, 0.0), 0.1155 * g);
        solids.push(Solid::cone((waist.0, 0.078 * g), rim, false, trunk).squashed(0.82));
        let accent = Paint::Plain(cloth.accent);
        solids.push(Solid::cone(border, (rim.0, 0.1195 * g), false, accent).squashed(0.82));
    }
    // From the neck down to the shoulders.
    limbs(solids, (vec3(0.022, s.shoulder - 0.008, 0.0), 0.036 * g), (s.shoulder_joint, 0.035 * g), trunk);

    let to_wrist = s.look.top != Top::ShortSleeved;
    limbs(solids, (s.shoulder_joint, 0.036 * g), (s.elbow, 0.029 * g), sleeve);
    let (lower, thickness) = if to_wrist { (sleeve, 0.027) } else { (Paint::Skin(s.look.skin), 0.023) };
    limbs(solids, (s.elbow, (thickness + 0.001) * g), (s.wrist, (thickness - 0.002) * g), lower);
    if to_wrist {
        limbs(solids, (s.wrist, 0.0275 * g), (s.wrist.towards(s.elbow, 0.10), 0.0275 * g), Paint::Plain(cloth.accent));
    }
    if armoured {
        both(
            solids,
            s.shoulder_joint + vec3(0.006, 0.008, 0.0),
            vec3(0.056, 0.046, 0.056) * g,
            Paint::Metal(cloth.colour),
        );
        both(solids, s.elbow, vec3(0.036, 0.034, 0.036) * g, Paint::Metal(cloth.colour));
        let collar = (vec3(0.0, s.shoulder, 0.0), 0.062 * g);
        solids.push(Solid::cone(
            collar,
            (vec3(0.0, s.shoulder + 0.03, 0.0), 0.052 * g),
            false,
            Paint::Metal(cloth.accent),
        ));
    } else {
        let collar = vec3(0.0, s.shoulder + 0.020, -0.002);
        solids.push(Solid::ball(collar, vec3(0.052, 0.017, 0.048) * g, Paint::Plain(cloth.accent)));
    }
    if open {
        belt(solids, s);
    }
}

/// Checks on a thin sleeve are only noise.
fn sleeve_pattern(cloth: Cloth) -> Pattern {
    if cloth.pattern == Pattern::Checks { Pattern::Plain } else { cloth.pattern }
}

fn belt(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let y = s.waist - 0.030;
    let leather = mix(scaled(s.look.shoes, 0.9), [60, 40, 30], 0.3);
    let band = |y: f64| (vec3(0.0, y, 0.0), (0.0925 - (y - s.waist + 0.03) * 0.35) * s.girth);
    solids.push(Solid::cone(band(y - 0.011), band(y + 0.011), false, Paint::Glossy(leather)).squashed(0.86));
    let buckle = vec3(0.0, y, 0.0925 * s.girth * 0.86);
    solids.push(Solid::block(buckle, vec3(0.014, 0.013, 0.004), Paint::Metal([212, 176, 92])));
}

fn bottom(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let cloth = s.look.bottom_cloth;
    let g = s.girth;
    let paint = match s.look.top {
        Top::Armour if s.look.bottom == Bottom::Trousers => Paint::Plain(scaled(cloth.colour, 0.8)),
        Top::Armour | Top::Shirt | Top::ShortSleeved => Paint::Cloth(cloth),
    };
    let skin = Paint::Skin(s.look.skin);
    let stockings = Paint::Plain(mix(cloth.accent, [70, 60, 70], 0.3));
    let (upper, lower, slim) = match s.look.bottom {
        Bottom::Trousers => (paint, paint, 0.0),
        Bottom::Shorts => (paint, skin, 0.008),
        Bottom::Skirt | Bottom::Gown => (stockings, stockings, 0.008),
    };
    limbs(solids, (s.hip_joint, 0.056 * g), (s.knee, 0.043 * g), upper);
    limbs(solids, (s.knee, (0.042 - slim) * g), (s.ankle, (0.034 - slim) * g), lower);
    limb(solids, (vec3(0.0, s.hip, 0.0), 0.082 * g), (vec3(0.0, s.hip + 0.03, 0.0), 0.082 * g), DEPTH, upper);
    let hem = match s.look.bottom {
        Bottom::Trousers | Bottom::Shorts => return,
        Bottom::Skirt => (s.knee.y + 0.012, 0.148),
        Bottom::Gown => (s.ankle.y + 0.005, 0.158),
    };
    let waist = (vec3(0.0, s.waist - 0.02, 0.0), 0.076 * g);
    let hips = (vec3(0.0, s.hip - 0.01, 0.0), 0.108 * g);
    let rim = (vec3(0.0, hem.0, 0.0), hem.1 * g);
    let cone = |a, b, paint| Solid::cone(a, b, false, paint).squashed(0.86);
    solids.push(cone(waist, hips, paint));
    solids.push(cone(hips, rim, paint));
    let border = (vec3(0.0, hem.0 + 0.018, 0.0), rim.1 * 0.988 + 0.001);
    solids.push(cone(border, (rim.0, rim.1 + 0.001), Paint::Plain(cloth.accent)));
}

fn shoes(solids: &mut Vec<Solid>, s: &Skeleton<'_>) {
    let leather = Paint::Glossy(s.look.shoes);
    let sole = Paint::Plain(scaled(s.look.shoes, 0.5));
    for side in [-1.0, 1.0] {
        let toe = vec3(side * (s.ankle.x + 0.006), 0.020, 0.030);
        solids.push(Solid::ball(toe, vec3(0.037, 0.036, 0.062), leather).cut(above(0.006)));
        solids.push(Solid::ball(toe + vec3(0.0, -0.010, 0.0), vec3(0.041, 0.018, 0.066), sole).cut(above(0.0)));
    }
    let top = if s.look.boots { s.knee.towards(s.ankle, 0.32) } else { s.ankle.towards(s.knee, 0.10) };
    let width = if s.look.boots { 0.046 } else { 0.037 };
    limbs(solids, (s.ankle + vec3(0.0, -0.012, 0.0), 0.037 * s.girth), (top, width * s.girth), leather);
    if s.look.boots {
        let cuff = Paint::Plain(scaled(s.look.shoes, 1.3));
        limbs(solids, (top, 0.048 * s.girth), (top.towards(s.ankle, 0.10), 0.048 * s.girth), cuff);
    }
}

fn coat(solids: &mut Vec<Solid>, s: &Skeleton<'_>, cloth: Cloth) {
    let paint = Paint::Trunk { cloth, buttoned: true };
    let sleeve = Paint::Cloth(cloth);
    let g = s.girth;
    let depth = DEPTH + 0.06;
    let chest = (vec3(0.0, s.shoulder - 0.058, 0.0), (0.060 + 0.37 * s.shoulder_joint.x) * g);
    let waist = (vec3(0.0, s.waist, 0.0), 0.094 * g);
    let hem = (s.hip_joint.y + s.knee.y) / 2.0 - 0.02;
    limb(solids, chest, waist, depth, paint);
    let rim = (vec3(0.0, hem, 0.0), 0.134 * g);
    solids.push(Solid::cone(waist, rim, false, paint).squashed(depth));
    limbs(solids, (vec3(0.022, s.shoulder - 0.006, 0.0), 0.042 * g), (s.shoulder_joint, 0.042 * g), paint);
    limbs(solids, (s.shoulder_joint, 0.043 * g), (s.elbow, 0.036 * g), sleeve);
    limbs(solids, (s.elbow, 0.036 * g), (s.wrist, 0.033 * g), sleeve);
    let cuff = Paint::Plain(scaled(cloth.colour, 0.86));
    limbs(solids, (s.wrist, 0.036 * g), (s.wrist.towards(s.elbow, 0.16), 0.036 * g), cuff);
    let collar = vec3(0.0, s.shoulder + 0.022, -0.006);
    solids.push(Solid::ball(collar, vec3(0.066, 0.026, 0.062) * g, cuff));
}

/// A half shell behind the figure, held by a clasp.
fn cape(solids: &mut Vec<Solid>, s: &Skeleton<'_>, cloth: Paint, clasp: Paint) {
    let top = (vec3(0.0, s.shoulder - 0.004, 0.0), s.shoulder_joint.x * 0.98 + 0.022);
    let shoulder = (vec3(0.0, s.shoulder - 0.065, 0.0), s.shoulder_joint.x + 0.052);
    let hem = (vec3(0.0, s.ankle.y + 0.09, 0.0), s.shoulder_joint.x + 0.122);
    let open = Cut::beyond(vec3(0.0, s.shoulder, 0.006), vec3(0.0, 0.14, 1.0));
    for (a, b) in [(top, shoulder), (shoulder, hem)] {
        solids.push(Solid::cone(a, b, false, cloth).squashed(0.84).cut(open));
    }
    let yoke = vec3(0.0, s.shoulder + 0.008, -0.004);
    solids.push(Solid::ball(yoke, vec3(s.shoulder_joint.x * 0.92, 0.036, 0.078), cloth).cut(behind(0.052)));
    both(solids, vec3(0.042, s.shoulder - 0.012, 0.062), vec3(0.014, 0.014, 0.010), clasp);
}

fn scarf(solids: &mut Vec<Solid>, s: &Skeleton<'_>, cloth: Paint) {
    let neck = vec3(0.0, s.shoulder + 0.030, 0.002);
    solids.push(Solid::ball(neck, vec3(0.066, 0.027, 0.062) * s.girth, cloth));
    // Both ends hang on the left.
    let knot = vec3(0.034, s.shoulder + 0.016, 0.056);
    limb(solids, (knot, 0.019), (vec3(0.046, s.shoulder - 0.115, 0.080), 0.023), 0.75, cloth);
}

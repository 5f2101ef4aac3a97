//! The looks of a character: what stays the same from every side and in every picture.

mod prompt;
mod wardrobe;

pub use crate::colour::Rgb;
use crate::colour::turned;

/// A character's identity. Every field may be changed alone, which is how a test makes a known defect.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Size and proportions.
    pub build: Build,
    /// Of face, hands, bare arms and legs.
    pub skin: Rgb,
    /// Eyes, mouth and what is worn on the face.
    pub face: Face,
    /// On the head.
    pub hair: Hair,
    /// What is worn on the upper body.
    pub top: Top,
    /// The upper body's cloth.
    pub top_cloth: Cloth,
    /// What is worn on the legs.
    pub bottom: Bottom,
    /// The legs' cloth.
    pub bottom_cloth: Cloth,
    /// Shoes or boots.
    pub shoes: Rgb,
    /// Boots reach to the knee.
    pub boots: bool,
    /// A coat over the top, to the thigh.
    pub coat: Option<Cloth>,
    /// A hat, with its colour.
    pub hat: Option<Hat>,
    /// A cape at the back.
    pub cape: Option<Rgb>,
    /// A bag at one hip, its strap over the other shoulder.
    pub bag: Option<Bag>,
    /// Around the neck.
    pub scarf: Option<Rgb>,
}

impl Look {
    /// The same figure in clothes of other hues.
    pub(crate) fn with_clothes_turned(&self, degrees: f64) -> Self {
        let dye = |colour: Rgb| turned(colour, degrees);
        let weave = |cloth: Cloth| Cloth { colour: dye(cloth.colour), accent: dye(cloth.accent), ..cloth };
        Self {
            top_cloth: weave(self.top_cloth),
            bottom_cloth: weave(self.bottom_cloth),
            shoes: dye(self.shoes),
            coat: self.coat.map(weave),
            hat: self.hat.map(|hat| Hat { colour: dye(hat.colour), band: dye(hat.band), ..hat }),
            cape: self.cape.map(dye),
            bag: self.bag.map(|bag| Bag { colour: dye(bag.colour), ..bag }),
            scarf: self.scarf.map(dye),
            ..self.clone()
        }
    }
}

/// Size and proportions; 1 is an average adult, where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Build {
    /// The height in heads: 4 for a small child, 6 for an adult.
    pub heads: f64,
    /// The crotch's height as a share of the body's, about 0.44.
    pub legs: f64,
    /// Width of the shoulders.
    pub shoulders: f64,
    /// Thickness of trunk and limbs.
    pub girth: f64,
}

/// Eyes and mouth.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// The iris.
    pub eyes: Rgb,
    /// 1 is usual.
    pub eye_size: f64,
    /// Distance between the eyes, 1 is usual.
    pub eye_distance: f64,
    /// Brows: -1 worried to 1 stern.
    pub brows: f64,
    /// Mouth: -1 sad to 1 a broad smile.
    pub smile: f64,
    /// Length of the nose, 1 is usual.
    pub nose: f64,
    /// On nose and cheeks.
    pub freckles: bool,
    /// A full beard of this colour.
    pub beard: Option<Rgb>,
    /// Round glasses with frames of this colour.
    pub glasses: Option<Rgb>,
}

/// Cut and colour of the hair.
#[derive(Debug, Clone, PartialEq)]
pub struct Hair {
    /// The cut.
    pub style: HairStyle,
    /// Of hair and brows.
    pub colour: Rgb,
    /// The side on which it is parted.
    pub parting: Side,
}

/// How hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum HairStyle {
    Bald,
    Short,
    Bob,
    Long,
    Ponytail,
    Bun,
    Braids,
    Curly,
    Spiky,
}

/// The figure's own side, not the picture's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Side {
    Left,
    Right,
}

/// What covers the upper body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Top {
    /// Long sleeves.
    Shirt,
    /// Sleeves to the elbow.
    ShortSleeved,
    /// Metal, with shoulder plates.
    Armour,
}

/// What covers the legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bottom {
    /// To the ankle.
    Trousers,
    /// To the knee.
    Shorts,
    /// A skirt or dress to the knee.
    Skirt,
    /// A dress or robe to the ankle.
    Gown,
}

/// A cloth's colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cloth {
    /// The ground.
    pub colour: Rgb,
    /// The pattern, buttons, belt and seams.
    pub accent: Rgb,
    /// What is drawn on the ground.
    pub pattern: Pattern,
}

/// A cloth's pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Pattern {
    Plain,
    Stripes,
    Dots,
    Checks,
}

/// A hat: its shape, cloth and band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hat {
    /// Its shape.
    pub kind: HatKind,
    /// Its cloth.
    pub colour: Rgb,
    /// Its band.
    pub band: Rgb,
}

/// A hat's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HatKind {
    /// Tall, pointed, wide-brimmed.
    Witch,
    /// A flat, wide brim.
    Brimmed,
    /// A rain hat, longer at the back.
    Souwester,
    /// A peaked cap.
    Cap,
    /// Knitted, with a bobble.
    Beanie,
    /// With five points.
    Crown,
    /// Metal, over the ears, the face free.
    Helmet,
}

/// A shoulder bag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bag {
    /// Of bag and strap.
    pub colour: Rgb,
    /// The hip on which it hangs.
    pub side: Side,
}

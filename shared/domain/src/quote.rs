//! What a request may cost at most, model by model, before anything is sent.

use crate::{
    model::{Model, Unit},
    money::Usd,
    recipe::Recipe,
};

/// The most that is bought of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id in the table of models.
    pub model: String,
    pub images: u64,
    /// `None` where the price is unknown, as for the other two.
    pub unit: Option<Unit>,
    /// How many units, those of reference images included.
    pub quantity: Option<u64>,
    pub unit_price: Option<Usd>,
}

impl Line {
    /// One successful request of `recipe`, from its model or the one of its fallbacks that costs most.
    #[must_use]
    pub fn of(recipe: &Recipe) -> Self {
        let chain = std::iter::successors(Model::by_id(&recipe.model), |model| model.fallback());
        let lines = chain.map(|model| {
            let bill = model.bill(recipe.on(model).purchase(recipe.images));
            Self {
                model: model.id.clone(),
                images: recipe.images.into(),
                unit: bill.map(|bill| bill.unit),
                quantity: bill.map(|bill| bill.quantity),
                unit_price: bill.map(|bill| bill.unit_price),
            }
        });
        let unknown = || Self {
            model: recipe.model.clone(),
            images: recipe.images.into(),
            unit: None,
            quantity: None,
            unit_price: None,
        };
        // Of two that cost the same the model that was asked for; one without a price is dearer than any.
        lines.reduce(|most, next| if next.is_dearer_than(&most) { next } else { most }).unwrap_or_else(unknown)
    }

    /// What it comes to; `None` where the price is unknown.
    #[must_use]
    pub fn cost(&self) -> Option<Usd> {
        let (quantity, unit_price) = (self.quantity?, self.unit_price?);
        Some(Usd::from_micros(unit_price.micros().saturating_mul(quantity)))
    }

    /// So many of the same.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { images: self.images * count, quantity: self.quantity.map(|quantity| quantity * count), ..self }
    }

    fn is_dearer_than(&self, other: &Self) -> bool {
        match (self.cost(), other.cost()) {
            (Some(cost), Some(other)) => cost > other,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

/// The most that `recipe`, or any that a retry may turn it into, costs for one successful request; `None` where the
/// price is unknown.
#[must_use]
pub fn bound(recipe: &Recipe) -> Option<Usd> {
    Line::of(recipe).cost()
}

/// All lines, those of one model at one price as one.
#[must_use]
pub fn merged(lines: impl IntoIterator<Item = Line>) -> Vec<Line> {
    let mut merged: Vec<Line> = Vec::new();
    for line in lines {
        let same = |other: &&mut Line| (&other.model, other.unit_price) == (&line.model, line.unit_price);
        match merged.iter_mut().find(same) {
            Some(other) => {
                other.images += line.images;
                other.quantity = other.quantity.zip(line.quantity).map(|(quantity, more)| quantity + more);
            }
            None => merged.push(line),
        }
    }
    merged
}

/// What the lines come to; `None` where one of the prices is unknown.
#[must_use]
pub fn total(lines: &[Line]) -> Option<Usd> {
    lines.iter().map(Line::cost).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::tests::{image, recipe};

    #[test]
    fn a_line_is_of_the_dearest_model_that_may_make_it() {
        let dev = Line::of(&recipe("flux-dev"));
        assert_eq!((dev.model.as_str(), dev.quantity, dev.cost().unwrap().micros()), ("flux-dev", Some(1), 25_000));
        let references = (0..4).map(image).collect();
        let edit = Line::of(&Recipe { references, ..recipe("flux-2-edit") });
        // Four references and one megapixel at 0.012 are more than one image of the fallback at 0.04.
        assert_eq!(
            (edit.model.as_str(), edit.quantity, edit.cost().unwrap().micros()),
            ("flux-2-edit", Some(5), 60_000)
        );
        let gone = Line::of(&recipe("no-such-model"));
        assert_eq!((gone.images, gone.cost()), (1, None));
    }

    #[test]
    fn lines_of_one_model_are_one_and_one_unknown_makes_the_total_unknown() {
        let dev = || Line::of(&recipe("flux-dev"));
        let lines = merged([dev(), Line::of(&recipe("kontext-pro")), dev().times(2)]);
        let told: Vec<_> = lines.iter().map(|line| (line.model.as_str(), line.images)).collect();
        assert_eq!(told, [("flux-dev", 3), ("kontext-pro", 1)]);
        assert_eq!(total(&lines), Some(Usd::from_micros(3 * 25_000 + 40_000)));
        assert_eq!(total(&merged([dev(), Line::of(&recipe("no-such-model"))])), None);
        assert_eq!(total(&[]), Some(Usd::ZERO));
    }
}

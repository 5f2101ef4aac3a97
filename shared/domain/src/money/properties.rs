//! Sums and parts of any amounts.

use proptest::prelude::*;

use super::*;

/// Up to a thousand million dollars.
fn amount() -> impl Strategy<Value = Usd> {
    (0..=1_000_000_000_000_000_u64).prop_map(Usd::from_micros)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_exact_in_any_order(mut amounts in prop::collection::vec(amount(), 0..40)) {
        let exact: u64 = amounts.iter().map(|amount| amount.micros()).sum();
        prop_assert_eq!(amounts.iter().copied().sum::<Usd>().micros(), exact);
        amounts.reverse();
        prop_assert_eq!(amounts.iter().copied().sum::<Usd>().micros(), exact);
        let left = amounts.iter().fold(Usd::from_micros(exact), |left, amount| left - *amount);
        prop_assert_eq!(left, Usd::ZERO);
    }

    #[test]
    fn nothing_wraps_around(one in any::<u64>(), other in any::<u64>(), units in any::<f64>()) {
        let (one, other) = (Usd::from_micros(one), Usd::from_micros(other));
        prop_assert!(one + other >= one.max(other));
        prop_assert!(one - other <= one);
        let _saturated = (one.times(units), one.share(3, 2));
    }

    #[test]
    fn parts_come_to_the_whole_and_at_most_a_millionth_each_more(whole in amount(), of in 1_usize..20) {
        let part = whole.share(1, of);
        prop_assert!(part.micros() * of as u64 >= whole.micros());
        prop_assert!(part.micros() * (of as u64) < whole.micros() + of as u64);
        prop_assert_eq!(whole.share(of, of), whole);
        prop_assert_eq!(whole.share(0, of), Usd::ZERO);
        for count in 1..=of {
            prop_assert!(whole.share(count, of) >= whole.share(count - 1, of), "more parts are no less");
        }
    }

    #[test]
    fn whole_units_are_multiplied_exactly_and_parts_rounded_up(price in 0..100_000_000_u64, units in 0_u32..10_000, part in 0.0..1.0_f64) {
        let price = Usd::from_micros(price);
        prop_assert_eq!(price.times(f64::from(units)).micros(), price.micros() * u64::from(units));
        let more = price.times(f64::from(units) + part);
        prop_assert!(more >= price.times(f64::from(units)) && more <= price.times(f64::from(units + 1)));
    }

    #[test]
    fn what_people_read_is_the_amount(amount in amount()) {
        let text = amount.to_string();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        prop_assert_eq!(digits.parse::<u64>().unwrap(), amount.micros());
        prop_assert_eq!((amount.dollars() * 1e6).round() as u64, amount.micros());
    }
}

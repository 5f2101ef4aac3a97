use jiff::SignedDuration;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn account() -> Account {
    let end_user = Some("visitor-7".parse().unwrap());
    let key = Some("key_01jd0000000000000000000000".parse().unwrap());
    Account { project: "isle".parse().unwrap(), user: "ada".parse().unwrap(), key, end_user }
}

fn window(requests: u32, seconds: u32) -> Option<Window> {
    Window::new(requests, seconds)
}

fn usd(micros: u64) -> Usd {
    Usd::from_micros(micros)
}

fn one(amount: Option<Usd>) -> Draw {
    Draw { requests: 1, profiles: 0, amount }
}

/// Meters in which something was asked for at these seconds.
fn asked(log: Log, seconds: &[i64]) -> Meters {
    let times = seconds.iter().rev().map(|second| at(*second).as_millisecond()).collect();
    Meters { logs: [(log, times)].into(), ..Meters::default() }
}

#[test]
fn a_window_has_bounds() {
    for (requests, seconds) in [(0, 60), (1001, 60), (1, 0), (1, 604_801), (u32::MAX, u32::MAX)] {
        assert_eq!(window(requests, seconds), None, "{requests} in {seconds}");
    }
    assert_eq!(window(1000, 604_800), Some(Window { requests: 1000, seconds: 604_800 }));
    let hour = window(10, 3600).unwrap();
    assert!(hour.is_within(hour) && window(5, 3600).unwrap().is_within(hour));
    // As many in the same time could all come in the same hour.
    assert!(!window(240, 86_400).unwrap().is_within(hour) && !window(10, 60).unwrap().is_within(hour));
}

#[test]
fn a_window_slides_from_request_to_request() {
    let windows = UserWindows { requests: window(3, 60), profiles: None };
    let allowance = Allowance::of(&account(), windows, None, &ProjectLimits::default(), &Budgets::default());
    let log = Log::Requests(None);
    let passes = |seconds: &[i64], draw: Draw, now: i64| {
        allowance.check(&draw, &asked(log.clone(), seconds), at(now)).map_err(|exceeded| match exceeded {
            Exceeded::Rate { passes_in, .. } => passes_in.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        })
    };
    let one = one(Some(Usd::ZERO));
    assert_eq!(passes(&[0, 10], one, 10), Ok(()));
    assert_eq!(passes(&[0, 10, 20], one, 20), Err(Some(40)));
    assert_eq!(passes(&[0, 10, 20], one, 59), Err(Some(1)));
    assert_eq!(passes(&[0, 10, 20], one, 60), Ok(()));
    // A batch waits until all of it fits, and one that never fits is told so.
    let three = Draw { requests: 3, ..one };
    assert_eq!((passes(&[0, 10], three, 20), passes(&[0, 10], three, 70)), (Err(Some(50)), Ok(())));
    assert_eq!(passes(&[], Draw { requests: 4, ..one }, 0), Err(None));
    // Profiles are counted by themselves.
    assert_eq!(passes(&[0, 10, 20], Draw { requests: 0, profiles: 1, ..one }, 20), Ok(()));
    let meters = asked(log.clone(), &[0, 10, 20]);
    let remaining = |now| meters.remaining(&log, windows.requests.unwrap(), at(now));
    assert_eq!(remaining(20), (0, Some(SignedDuration::from_secs(40))));
    assert_eq!(remaining(65), (1, Some(SignedDuration::from_secs(5))));
    assert_eq!(remaining(100), (3, None));
}

#[test]
fn a_key_without_user_windows_is_held_by_its_own_and_its_end_users() {
    let windows = UserWindows { requests: window(10, 3600), profiles: window(20, 3600) };
    let of = |key: Option<KeyLimits>, limits: &ProjectLimits| {
        let allowance = Allowance::of(&account(), windows, key, limits, &Budgets::default());
        allowance.rates.iter().map(|rate| (rate.name(), rate.window.requests)).collect::<Vec<_>>()
    };
    let none = ProjectLimits::default();
    assert_eq!(of(None, &none), [("requests", 10), ("profiles", 20)]);
    let key = KeyLimits { without_user_windows: true, requests: window(500, 60), caps: Caps::default() };
    assert_eq!(of(Some(key), &none), [("key", 500)]);
    let own = UserWindows { requests: window(2, 60), profiles: None };
    let limits = ProjectLimits { per_user: Some(own), per_end_user: window(4, 3600) };
    assert_eq!(of(None, &limits), [("requests", 2), ("end-user", 4)]);
    assert_eq!(of(Some(key), &limits), [("key", 500), ("end-user", 4)]);
}

#[test]
fn caps_hold_to_the_millionth_and_an_unknown_price_passes_none() {
    let day = |micros| Caps { day: Some(usd(micros)), month: None };
    let ada: UserId = "ada".parse().unwrap();
    let budgets = Budgets {
        project: Caps { day: None, month: Some(usd(100)) },
        per_user: day(1),
        users: [(ada, day(50))].into(),
        per_end_user: day(30),
        allow_unknown_price: false,
    };
    let windows = UserWindows::default();
    let mut allowance = Allowance::of(&account(), windows, None, &ProjectLimits::default(), &budgets);
    let spent = |project, user, end_user| Meters {
        committed: [
            ((Spender::Project, Period::Month), usd(project)),
            ((Spender::User, Period::Day), usd(user)),
            ((Spender::EndUser, Period::Day), usd(end_user)),
        ]
        .into(),
        ..Meters::default()
    };
    let refused = |allowance: &Allowance, meters: &Meters, amount| match allowance.check(&one(amount), meters, at(0)) {
        Ok(()) => None,
        Err(Exceeded::Cap { cap, left, .. }) => Some((cap.of, left.micros())),
        Err(Exceeded::UnknownPrice { cap }) => Some((cap.of, 0)),
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(refused(&allowance, &spent(75, 25, 5), Some(usd(25))), None);
    assert_eq!(refused(&allowance, &spent(76, 25, 5), Some(usd(25))), Some((Spender::Project, 24)));
    assert_eq!(refused(&allowance, &spent(75, 26, 5), Some(usd(25))), Some((Spender::User, 24)));
    assert_eq!(refused(&allowance, &spent(75, 25, 6), Some(usd(25))), Some((Spender::EndUser, 24)));
    assert_eq!(refused(&allowance, &spent(500, 25, 5), Some(Usd::ZERO)), None);
    assert_eq!(refused(&allowance, &spent(0, 0, 0), None), Some((Spender::Project, 0)));
    allowance.allow_unknown_price = true;
    assert_eq!(refused(&allowance, &spent(0, 0, 0), None), None);
}

#[test]
fn an_end_user_is_any_visible_name() {
    for good in ["7", "a@b.example", "auth0|5f#/ä".trim_end_matches('ä'), &"x".repeat(128)] {
        assert_eq!(good.parse::<EndUser>().unwrap().as_str(), good);
    }
    for bad in ["", " ", "a b", "a\u{200b}", "ä", "\n", &"x".repeat(129)] {
        assert!(bad.parse::<EndUser>().is_err(), "{bad:?}");
    }
}

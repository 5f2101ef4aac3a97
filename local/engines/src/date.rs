//! The `Date` of every answer, from the machine's clock as it is now.
//!
//! `hyper` keeps the header for a second and renews it only forwards: once the clock was set back, it would go on with the
//! old time until that is reached again. AWS' SDKs take their idea of the server's time from it and sign by that.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header::DATE},
    middleware::{self, Next},
    response::Response,
};
use likeness_domain::clock::Clock;

/// `router` with the time of `clock` in its answers.
pub(crate) fn dated(router: Router, clock: Clock) -> Router {
    router.layer(middleware::from_fn_with_state(clock, date))
}

async fn date(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(now) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(DATE, now);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use jiff::Timestamp;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[tokio::test]
    async fn the_date_follows_a_clock_that_is_set_back() {
        let seconds = Arc::new(AtomicI64::new(784_111_777));
        let hands = Arc::clone(&seconds);
        let clock = Clock::new(move || Timestamp::from_second(hands.load(Ordering::SeqCst)).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, dated(Router::new(), clock)).await });
        let date = async || {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let dates: Vec<_> =
                answer.lines().filter_map(|line| line.strip_prefix("date: ")).map(str::to_owned).collect();
            dates.join(" and ")
        };
        assert_eq!(date().await, "Sun, 06 Nov 1994 08:49:37 GMT");
        seconds.fetch_sub(3600, Ordering::SeqCst);
        assert_eq!(date().await, "Sun, 06 Nov 1994 07:49:37 GMT");
    }
}

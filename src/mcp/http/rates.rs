//! How often an address may ask.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Addresses that are remembered; those that ask least are forgotten first.
const ADDRESSES: usize = 4096;

/// A bucket of requests for each address, which fills up steadily.
#[derive(Debug)]
pub(super) struct Rates {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    requests: f64,
    at: Instant,
}

impl Rates {
    /// `per_second` requests in the long run, `burst` at once.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: per_second.into(), burst: burst.into(), buckets: Mutex::default() }
    }

    /// Takes one request from the bucket of an address.
    ///
    /// # Errors
    /// How long to wait, when it is empty.
    pub(super) fn take(&self, address: IpAddr) -> Result<(), Duration> {
        let now = Instant::now();
        // Buckets are whole numbers apart from each other; a panic elsewhere spoils none.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = network(address);
        if buckets.len() >= ADDRESSES && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.burst);
            if buckets.len() >= ADDRESSES {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { requests: self.burst, at: now });
        *bucket = Bucket { requests: self.filled(*bucket, now), at: now };
        if bucket.requests < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.requests) / self.per_second));
        }
        bucket.requests -= 1.0;
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let more = now.duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.requests + more).min(self.burst)
    }
}

/// What belongs to one subscriber: an IPv4 address, or the half of an IPv6 one that is given out whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn an_address_may_ask_as_often_as_its_bucket_holds() {
        let rates = Rates::new(2, 3);
        let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..3 {
            rates.take(one).unwrap();
        }
        assert_eq!(rates.take(one), Err(Duration::from_millis(500)));
        rates.take(other).unwrap();
        advance(Duration::from_millis(500)).await;
        rates.take(one).unwrap();
        rates.take(one).unwrap_err();
        advance(Duration::from_secs(60)).await;
        for _ in 0..3 {
            rates.take(one).unwrap();
        }
        rates.take(one).unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_of_ipv6_is_one_address() {
        let rates = Rates::new(1, 1);
        rates.take("2001:db8::1".parse().unwrap()).unwrap();
        rates.take("2001:db8::2".parse().unwrap()).unwrap_err();
        rates.take("::ffff:10.0.0.1".parse().unwrap()).unwrap();
        rates.take("10.0.0.1".parse().unwrap()).unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn few_addresses_are_remembered() {
        let rates = Rates::new(1, 1);
        for number in 0..100_000_u32 {
            rates.take(IpAddr::V4(number.into())).unwrap();
        }
        assert!(rates.buckets.lock().unwrap().len() <= ADDRESSES);
    }
}

//! What is remembered of whom, with room for a bounded number of keys.
//!
//! Callers choose keys, and a flood can invent any number of them, each once or again and again. So keys whose value was
//! found live apart from all others: nothing that finds nothing can push them out, and their next lookup needs no
//! allowance from the bound on lookups that miss. The least recently used of them makes room for another one.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use lru::LruCache;

use super::answer::{Answer, Config, Found, Limits, LookupError, Rules, Source};
use super::limit::{Allowance, Limit};
use super::slot::Slot;
use super::state::is_younger;
use crate::clock::Clock;
use crate::error::Fault;
use crate::sync::{Mutex, MutexGuard};

/// A bounded number of slots by key.
pub struct Lookup<K, V> {
    stores: Mutex<Stores<K, V>>,
    rules: Rules,
    /// Keys in each store at most.
    capacity: usize,
    /// How many lookups of unknown keys may find nothing.
    misses: Mutex<Allowance>,
}

struct Stores<K, V> {
    /// Keys whose value was found, by last use.
    known: LruCache<K, Arc<Slot<V>>>,
    /// Other keys that are looked up now, or whose next lookup has to wait.
    pending: HashMap<K, Arc<Slot<V>>>,
    /// When each other key was found to be absent, by that time: being asked for again prolongs nothing.
    absent: LruCache<K, SystemTime>,
}

/// Where a key is.
enum Place<V> {
    Known(Arc<Slot<V>>),
    Unknown(Arc<Slot<V>>),
    /// A negative answer is remembered.
    Absent,
    /// There is no room for one more lookup.
    Full,
}

impl<K, V> Lookup<K, V>
where
    K: Hash + Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
{
    /// Nothing is known yet. `unavailable` is what it means if there is no answer.
    #[must_use]
    pub fn new(config: &Config, clock: Clock, unavailable: Fault) -> Self {
        let stores = Stores { known: LruCache::unbounded(), pending: HashMap::new(), absent: LruCache::unbounded() };
        Self {
            stores: Mutex::new(stores),
            rules: Rules { periods: config.periods(), clock, unavailable },
            capacity: config.capacity,
            misses: Mutex::new(Allowance::new(config.misses)),
        }
    }

    /// What is known of a key, looked up now if that is due. `is_expected` says that the caller is known by something
    /// else, so that the lookup needs no allowance.
    pub async fn get<Q, F>(&self, key: &Q, limits: Limits, is_expected: bool, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Found<V>>,
    {
        let (slot, needs_allowance) = match self.place(key, is_expected) {
            Place::Known(slot) => (slot, false),
            Place::Unknown(slot) => (slot, !is_expected),
            Place::Absent => return Answer { found: Ok(None), source: Source::Negative, failure: None },
            Place::Full => return Answer::failed(LookupError::NotAsked(self.rules.unavailable)),
        };
        let answer = slot
            .get(&self.rules, limits, || async {
                if needs_allowance { self.look_up_unknown(look_up()).await } else { look_up().await }
            })
            .await;
        if answer.source != Source::Fresh {
            self.settle(key, &slot);
        }
        answer
    }

    /// The same, although it may be fresh; see [`Slot::refresh`].
    pub async fn refresh<Q, F>(&self, key: &Q, limits: Limits, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Found<V>>,
    {
        let slot = match self.place(key, true) {
            Place::Known(slot) | Place::Unknown(slot) => slot,
            Place::Absent => return Answer { found: Ok(None), source: Source::Negative, failure: None },
            Place::Full => return Answer::failed(LookupError::NotAsked(self.rules.unavailable)),
        };
        let answer = slot.refresh(&self.rules, limits, look_up).await;
        self.settle(key, &slot);
        answer
    }

    /// Takes an allowance, and gives it back if something is found: it is the misses that count.
    async fn look_up_unknown(&self, look_up: impl Future<Output = Found<V>>) -> Found<V> {
        if !self.misses().take(self.rules.clock.now()) {
            return Err(LookupError::NotAsked(self.rules.unavailable));
        }
        let found = look_up.await;
        match &found {
            Ok(Some(_)) | Err(LookupError::NotAsked(_) | LookupError::CutShort(_)) => self.misses().give_back(),
            Ok(None) | Err(LookupError::Transient(_) | LookupError::Lasting(_)) => {}
        }
        found
    }

    fn place<Q>(&self, key: &Q, is_expected: bool) -> Place<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut stores = self.stores();
        if let Some(slot) = stores.known.get(key) {
            return Place::Known(Arc::clone(slot));
        }
        let now = self.rules.clock.now();
        if let Some(at) = stores.absent.peek(key).copied() {
            if is_younger(Some(at), now, self.rules.periods.negative) {
                return Place::Absent;
            }
            stores.absent.pop(key);
        }
        if let Some(slot) = stores.pending.get(key) {
            return Place::Unknown(Arc::clone(slot));
        }
        if stores.pending.len() >= self.capacity {
            stores.pending.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_pending(now));
        }
        if stores.pending.len() >= self.capacity && !(is_expected && stores.forget_a_wait()) {
            return Place::Full;
        }
        let slot = Arc::new(Slot::default());
        stores.pending.insert(key.to_owned(), Arc::clone(&slot));
        Place::Unknown(slot)
    }

    /// Puts a key where it belongs after a lookup.
    fn settle<Q>(&self, key: &Q, slot: &Arc<Slot<V>>)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut stores = self.stores();
        if slot.has_value() {
            if is_at(stores.pending.get(key), slot) {
                stores.pending.remove(key);
            }
            if stores.known.peek(key).is_none() {
                stores.make_room(self.capacity);
                stores.known.put(key.to_owned(), Arc::clone(slot));
            }
        } else if let Some(at) = slot.absent_at() {
            if is_at(stores.known.peek(key), slot) {
                stores.known.pop(key);
                stores.pending.insert(key.to_owned(), Arc::clone(slot));
            }
            stores.absent.push(key.to_owned(), at);
            while stores.absent.len() > self.capacity {
                stores.absent.pop_lru();
            }
            stores.release(key, slot);
        } else if !slot.is_pending(self.rules.clock.now()) {
            stores.release(key, slot);
        }
    }

    fn misses(&self) -> MutexGuard<'_, Allowance> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stores(&self) -> MutexGuard<'_, Stores<K, V>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone, V> Stores<K, V> {
    /// Forgets a pending slot, unless another request still uses it: that one could look up the same key a second time.
    fn release<Q>(&mut self, key: &Q, slot: &Arc<Slot<V>>)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // This store and whoever calls.
        if is_at(self.pending.get(key), slot) && Arc::strong_count(slot) <= 2 {
            self.pending.remove(key);
        }
    }

    /// Forgets one key whose next lookup has to wait, so that callers who are known find room among those who are not.
    fn forget_a_wait(&mut self) -> bool {
        let waits = self.pending.iter().find(|(_, slot)| Arc::strong_count(slot) == 1);
        match waits.map(|(key, _)| key.clone()) {
            Some(key) => self.pending.remove(&key).is_some(),
            None => false,
        }
    }

    /// Makes room for one more known key: the least recently used one that no request uses now.
    fn make_room(&mut self, capacity: usize) {
        while self.known.len() >= capacity {
            let idle = self.known.iter().rev().find(|(_, slot)| Arc::strong_count(slot) == 1);
            match idle.map(|(key, _)| key.clone()) {
                Some(key) => self.known.pop(&key),
                None => self.known.pop_lru().map(|(_, slot)| slot),
            };
        }
    }
}

fn is_at<V>(place: Option<&Arc<Slot<V>>>, slot: &Arc<Slot<V>>) -> bool {
    place.is_some_and(|other| Arc::ptr_eq(other, slot))
}

/// Its keys are the names of secrets and the hashes of tokens, so none is shown.
impl<K, V> fmt::Debug for Lookup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// The callers who cause lookups of keys that are valid, but many: how much each may still cause, and who was found.
pub struct Callers {
    limit: Limit,
    capacity: usize,
    callers: Mutex<CallerStores>,
}

struct CallerStores {
    /// Callers of whom something was found, by last use.
    known: LruCache<String, Allowance>,
    others: LruCache<String, Allowance>,
}

impl Callers {
    /// Remembers so many callers of each kind. Who is forgotten has the whole allowance again.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let callers = CallerStores { known: LruCache::unbounded(), others: LruCache::unbounded() };
        Self { limit: config.per_caller, capacity: config.capacity, callers: Mutex::new(callers) }
    }

    /// Whether something of this caller was found before.
    #[must_use]
    pub fn is_known(&self, caller: &str) -> bool {
        self.callers().known.contains(caller)
    }

    /// Takes one lookup of this caller's, if one is left.
    #[must_use]
    pub fn take(&self, caller: &str, now: SystemTime) -> bool {
        let mut callers = self.callers();
        if let Some(allowance) = callers.known.get_mut(caller) {
            return allowance.take(now);
        }
        let allowance = callers.others.get_or_insert_mut_ref(caller, || Allowance::new(self.limit));
        let is_allowed = allowance.take(now);
        while callers.others.len() > self.capacity {
            callers.others.pop_lru();
        }
        is_allowed
    }

    /// Notes that something of this caller was found.
    pub fn found(&self, caller: &str) {
        let mut callers = self.callers();
        if callers.known.contains(caller) {
            return;
        }
        let allowance = callers.others.pop(caller).unwrap_or_else(|| Allowance::new(self.limit));
        callers.known.put(caller.to_owned(), allowance);
        while callers.known.len() > self.capacity {
            callers.known.pop_lru();
        }
    }

    fn callers(&self) -> MutexGuard<'_, CallerStores> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callers")
    }
}

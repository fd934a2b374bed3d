use std::fmt;
use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Error, PatientId, Result};

/// The largest shift of a patient's dates, in days, both ways: the range of the method's data set.
pub const MAX_SHIFT_DAYS: i32 = 1000;

const MINIMUM_KEY_BYTES: usize = 16;

/// The one secret of an archive's de-identification.
///
/// Surrogate names, new identifiers and date shifts all come from HMAC-SHA-256 under this key. No table
/// of identities is kept: whoever has the key gets the same surrogate for the same person on every
/// run, in reports and in image headers alike; whoever lacks it cannot go back.
///
/// ```
/// use xray_core::{PatientId, PseudonymKey};
///
/// let key = PseudonymKey::new(b"0123456789abcdef");
/// let patient = PatientId::new("P-1042");
/// let shift = key.date_shift_days(&patient);
/// assert_eq!(shift, key.date_shift_days(&patient));
/// assert!(shift != 0 && shift.abs() <= 1000);
/// ```
#[derive(Clone)]
pub struct PseudonymKey {
    mac: Hmac<Sha256>,
}

impl PseudonymKey {
    /// A key from bytes that the caller holds; [`PseudonymKey::from_file`] also checks their length.
    pub fn new(secret: &[u8]) -> Self {
        let mac = match Hmac::<Sha256>::new_from_slice(secret) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        Self { mac }
    }

    /// Reads the key from a file; white space around it does not count.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be read, [`Error::WeakKey`] if it has fewer than 16 bytes.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| Error::file("reading", path, source))?;
        let secret = bytes.trim_ascii();
        if secret.len() < MINIMUM_KEY_BYTES {
            let (path, bytes) = (path.to_owned(), secret.len());
            return Err(Error::WeakKey { path, bytes, minimum: MINIMUM_KEY_BYTES });
        }
        Ok(Self::new(secret))
    }

    /// 32 bytes that depend on the key, on what they are for (`domain`) and on every part and its place.
    pub fn derive(&self, domain: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in std::iter::once(domain.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A number that depends on the same things as [`PseudonymKey::derive`].
    pub fn derive_u64(&self, domain: &str, parts: &[&[u8]]) -> u64 {
        let bytes = self.derive(domain, parts);
        bytes[..8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// By how many days the dates of `patient` move: in `[-1000, 1000]`, never 0. One shift a patient,
    /// so that the intervals between a patient's dates are kept.
    pub fn date_shift_days(&self, patient: &PatientId) -> i32 {
        let span = MAX_SHIFT_DAYS.unsigned_abs() as u64;
        let draw = self.derive_u64("date-shift", &[patient.as_str().as_bytes()]) % (2 * span);
        let magnitude = (draw % span) as i32 + 1;
        if draw < span { -magnitude } else { magnitude }
    }

    /// A new identifier of `digits` hexadecimal digits (at most 64) for `value`.
    pub fn pseudonym(&self, domain: &str, value: &str, digits: usize) -> String {
        let bytes = self.derive(domain, &[value.as_bytes()]);
        let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        text.truncate(digits);
        text
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_hmac_sha_256_over_length_prefixed_parts() {
        // Made with Python: hmac.new(b"key", struct.pack("<Q", 1) + b"d" + struct.pack("<Q", 2) + b"ab",
        // "sha256").hexdigest()
        let key = PseudonymKey::new(b"key");
        let hex: String = key.derive("d", &[b"ab"]).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "71d0d98d7fc7c3f49e18528249c3bb121a9e012c56bbe5b5b2a551c5d33b01ce");
        assert_ne!(key.derive("d", &[b"a", b"b"]), key.derive("d", &[b"ab"]));
    }

    #[test]
    fn shifts_fill_the_range_and_are_never_zero() {
        let key = PseudonymKey::new(b"0123456789abcdef");
        let shifts: Vec<i32> =
            (0..20_000).map(|i| key.date_shift_days(&PatientId::new(i.to_string()))).collect();
        assert!(shifts.iter().all(|s| *s != 0 && s.abs() <= MAX_SHIFT_DAYS));
        assert_eq!(shifts.iter().min(), Some(&-MAX_SHIFT_DAYS));
        assert_eq!(shifts.iter().max(), Some(&MAX_SHIFT_DAYS));
        let mean = shifts.iter().map(|s| f64::from(*s)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 15.0, "{mean}");
    }

    #[test]
    fn a_short_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("short.key");
        fs::write(&path, "secret\n").unwrap();
        let error = PseudonymKey::from_file(&path).unwrap_err();
        assert!(matches!(error, Error::WeakKey { bytes: 6, .. }));
        assert!(error.to_string().contains("short.key"));
    }
}

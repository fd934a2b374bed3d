use crate::ImageFault;

/// The parameters of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coding {
    pub(super) maxval: i32,
    pub(super) near: i32,
    pub(super) thresholds: [i32; 3],
    pub(super) reset: i32,
    pub(super) range: i32,
    pub(super) qbpp: u32,
    pub(super) limit: u32,
}

impl Coding {
    /// `preset`: the greatest value, three thresholds and the reset interval; 0 stands for the default.
    pub(super) fn new(bits: u32, near: i32, preset: [i32; 5]) -> Result<Self, ImageFault> {
        let or = |given: i32, default: i32| if given > 0 { given } else { default };
        let maxval = or(preset[0], (1 << bits) - 1);
        let clamp = |value: i32, least: i32| if value > maxval || value < least { least } else { value };
        let defaults = if maxval >= 128 {
            let factor = (maxval.min(4095) + 128) / 256;
            [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
        } else {
            let factor = 256 / (maxval + 1);
            [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
        };
        let t1 = or(preset[1], clamp(defaults[0], near + 1));
        let t2 = or(preset[2], clamp(defaults[1], t1));
        let t3 = or(preset[3], clamp(defaults[2], t2));
        let range = (maxval + 2 * near) / (2 * near + 1) + 1;
        let width = |values: i32| 32 - (values as u32 - 1).leading_zeros();
        let (bpp, qbpp) = (width(maxval + 1).max(2), width(range));
        let usable = maxval < 1 << bits && near <= maxval / 2 && near < t1 && t1 <= t2 && t2 <= t3;
        if !usable {
            return Err(ImageFault::DamagedPixels);
        }
        let limit = 2 * (bpp + bpp.max(8));
        Ok(Self { maxval, near, thresholds: [t1, t2, t3], reset: or(preset[4], 64), range, qbpp, limit })
    }

    pub(super) fn quantised(&self, gradient: i32) -> i32 {
        let [t1, t2, t3] = self.thresholds;
        let steps = [self.near + 1, t1, t2, t3];
        let step = steps.iter().filter(|step| gradient.abs() >= **step).count() as i32;
        step * gradient.signum()
    }

    /// The sample that a prediction and its error give.
    pub(super) fn reconstructed(&self, prediction: i32, error: i32) -> i32 {
        let step = 2 * self.near + 1;
        let mut sample = prediction + error * step;
        if sample < -self.near {
            sample += self.range * step;
        } else if sample > self.maxval + self.near {
            sample -= self.range * step;
        }
        sample.clamp(0, self.maxval)
    }
}

/// What is known of the errors in one context.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) a: i32,
    pub(super) b: i32,
    pub(super) c: i32,
    pub(super) n: i32,
    /// Of samples that end a run: how many errors were negative.
    pub(super) negative: i32,
}

impl Context {
    /// The parameter of the Golomb code for errors of a mean size of `total / n`.
    pub(super) fn golomb(&self, total: i32) -> u32 {
        (0..24).find(|k| (i64::from(self.n) << k) >= i64::from(total)).unwrap_or(24)
    }

    pub(super) fn update(&mut self, error: i32, coding: &Coding) {
        self.b += error * (2 * coding.near + 1);
        self.a += error.abs();
        if self.n == coding.reset {
            self.a >>= 1;
            self.b >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

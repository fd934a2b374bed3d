use std::path::{Path, PathBuf};

use xray_core::{PseudonymKey, ReportTransform, TextGate};

use super::index::ShardIndex;
use super::input::Input;
use super::plan::{Names, fingerprint, plan_shards, read_labels};
use super::record::{ShardRecord, remove_partial_files, write_json};
use super::review::Review;
use super::sample::SampleMaker;
use super::settings::{AnyGate, AnyTransform, Progress, Settings, Stage, any_gate, any_transform};
use super::store::ImageFormat;
use crate::{
    Account, ArchiveSource, BurnedIn, Error, ImageFileDecoder, ReportSource, Result, SplitFractions,
};

/// Makes a folder of DICOM files and a folder of reports into WebDataset shards.
///
/// Studies and reports are paired ([`Pairing::within_days`](crate::Pairing::within_days)), patients are split
/// ([`SplitFractions`]), images are decoded and stored without their header, reports go through a
/// [`ReportTransform`]. One sample is one study:
///
/// * `<key>.txt`: the report; `<key>.0.png`, `<key>.1.png` …: the images, in order;
/// * `<key>.json`: `labels`, `images` (side, view, body part, device, spacing and size of each), `laterality`, `view`,
///   `body_part`, `device` and `spacing_mm` where all images agree (a device is a keyed pseudonym), `date` (shifted as the report's), `sex`,
///   `age_years` (90 stands for everything above 89).
///
/// The key is two keyed pseudonyms, patient and study. Shards are called `train-000000.tar`, `val-…` and
/// `test-…`; beside them lie [`ShardIndex::FILE`], `account.json` and a small record of each shard.
///
/// A run that was stopped is taken up by running it again: finished shards stay, and all bytes become
/// what they would have been. The transform and the gate must be the same as before.
///
/// ```no_run
/// use xray_core::PseudonymKey;
/// use xray_dataset::ShardBuilder;
/// # #[derive(Debug)] struct Anonymizer;
/// # impl xray_core::ReportTransform for Anonymizer {
/// #     type Error = std::convert::Infallible;
/// #     fn apply(&self, report: xray_core::Report) -> Result<xray_core::Report, Self::Error> { Ok(report) }
/// # }
///
/// let key = PseudonymKey::from_file("archive.key")?;
/// let account = ShardBuilder::new("archive/pacs", "archive/ehr", key)
///     .report_transform(Anonymizer)
///     .longest_side(512)
///     .run("shards", |_| ())?;
/// println!("{account}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ShardBuilder {
    images: PathBuf,
    reports: ReportSource,
    key: PseudonymKey,
    transform: Option<AnyTransform>,
    gate: Option<AnyGate>,
    labels: Option<PathBuf>,
    trace: Option<PathBuf>,
    review: Option<PathBuf>,
    decoder: ImageFileDecoder,
    settings: Settings,
}

impl std::fmt::Debug for ShardBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl ShardBuilder {
    /// A builder that reads DICOM files below `images`, and the reports of [`ReportSource::new`]`(reports)`.
    pub fn new(images: impl Into<PathBuf>, reports: impl Into<PathBuf>, key: PseudonymKey) -> Self {
        Self {
            images: images.into(),
            reports: ReportSource::new(reports),
            key,
            transform: None,
            gate: None,
            labels: None,
            trace: None,
            review: None,
            decoder: ImageFileDecoder::default(),
            settings: Settings {
                longest_side: None,
                format: ImageFormat::Png,
                samples_per_shard: 4096,
                split: SplitFractions::default(),
                burned_in: BurnedIn::default(),
                keep_secondary_captures: false,
                report_days: 0,
                pair_by_examination: false,
            },
        }
    }

    /// Another source of reports, with settings of its own.
    #[must_use]
    pub fn report_source(mut self, reports: ReportSource) -> Self {
        self.reports = reports;
        self
    }

    /// What de-identifies the reports. There is no default: without one, [`ShardBuilder::run`] refuses. A
    /// transform that changes nothing must be written, and so be seen by whoever reads the code.
    #[must_use]
    pub fn report_transform(mut self, transform: impl ReportTransform + 'static) -> Self {
        self.transform = Some(any_transform(transform));
        self
    }

    /// What finds text burned into images (default: nothing looks for it).
    #[must_use]
    pub fn gate(mut self, gate: impl TextGate + 'static) -> Self {
        self.gate = Some(any_gate(gate));
        self
    }

    /// What becomes of an image in which the gate finds text (default: it is left out from 35 characters
    /// on, the method's rule).
    #[must_use]
    pub fn burned_in(mut self, rule: BurnedIn) -> Self {
        self.settings.burned_in = rule;
        self
    }

    /// A file of `{"study": AccessionNumber, "labels": {..}}` rows; the labels go to the samples.
    #[must_use]
    pub fn labels(mut self, path: impl Into<PathBuf>) -> Self {
        self.labels = Some(path.into());
        self
    }

    /// The longest side of stored images, in pixels (default: none, images keep their size).
    #[must_use]
    pub fn longest_side(mut self, pixels: usize) -> Self {
        self.settings.longest_side = Some(pixels);
        self
    }

    /// How images are stored (default: PNG).
    #[must_use]
    pub fn image_format(mut self, format: ImageFormat) -> Self {
        self.settings.format = format;
        self
    }

    /// What decodes the images (default: [`ImageFileDecoder::default`]).
    #[must_use]
    pub fn decoder(mut self, decoder: ImageFileDecoder) -> Self {
        self.decoder = decoder;
        self
    }

    /// How many samples a shard holds (default: 4096, the method's value).
    #[must_use]
    pub fn samples_per_shard(mut self, samples: usize) -> Self {
        self.settings.samples_per_shard = samples;
        self
    }

    /// Which fractions of the patients are held back (default: a tenth for each of validation and test).
    #[must_use]
    pub fn split(mut self, split: SplitFractions) -> Self {
        self.settings.split = split;
        self
    }

    /// Whether secondary captures are taken as images (default: no).
    #[must_use]
    pub fn keep_secondary_captures(mut self, keep: bool) -> Self {
        self.settings.keep_secondary_captures = keep;
        self
    }

    /// By how many days a report may be younger than its study (default: 0; see
    /// [`Pairing::within_days`](crate::Pairing::within_days)).
    #[must_use]
    pub fn report_days(mut self, days: u32) -> Self {
        self.settings.report_days = days;
        self
    }

    /// Whether a day whose order is not known may be settled by what titles and headers name (default: no, as in the
    /// method; see [`Pairing::by_examination`](crate::Pairing::by_examination)).
    #[must_use]
    pub fn pair_by_examination(mut self, settle: bool) -> Self {
        self.settings.pair_by_examination = settle;
        self
    }

    /// A file that will hold a table from the pseudonyms of [`Account::left_out`] to paths and lines, so that
    /// the archive's keeper can look a failure up. It holds identifiers: keep it with the key.
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>) -> Self {
        self.trace = Some(path.into());
        self
    }

    /// A folder that will hold a page with some pictures of what was kept, painted over (before and after) and left
    /// out for its text. They are the archive's own pictures: keep them with the key.
    #[must_use]
    pub fn review(mut self, folder: impl Into<PathBuf>) -> Self {
        self.review = Some(folder.into());
        self
    }

    /// Does the work; `progress` is called from time to time.
    ///
    /// # Errors
    ///
    /// If the archive cannot be listed, `out` cannot be written or holds shards of another run, or the
    /// settings are not usable. A broken file or report is no error: it is in the [`Account`].
    pub fn run(&self, out: impl AsRef<Path>, progress: impl Fn(Progress) + Sync) -> Result<Account> {
        let out = out.as_ref();
        let transform = self.transform.as_ref();
        let transform = transform
            .ok_or(Error::Settings("no report transform is set; see ShardBuilder::report_transform"))?;
        self.settings.split.validate()?;
        if self.settings.samples_per_shard == 0 || self.settings.longest_side == Some(0) {
            return Err(Error::Settings("the samples of a shard and the longest side must not be 0"));
        }
        remove_partial_files(out)?;
        let names = Names { key: &self.key, folder: &self.images };
        let labels = self.labels.as_deref().map(read_labels).transpose()?.unwrap_or_default();
        let source =
            ArchiveSource::new(&self.images).keep_secondary_captures(self.settings.keep_secondary_captures);
        let keep_originals = self.trace.is_some() || self.review.is_some();
        let input =
            Input::read(&names, &source, &self.reports, &self.settings, keep_originals, &|done, total| {
                progress(Progress { stage: Stage::Scanning, done, total });
            })?;
        let plan = plan_shards(&names, &self.settings, &input.studies, &input.pairing);
        let maker = SampleMaker {
            key: &self.key,
            names: &names,
            transform,
            gate: self.gate.as_ref(),
            decoder: &self.decoder,
            settings: &self.settings,
            labels: &labels,
        };
        let trial = maker.trial(&plan, &input);
        let fingerprint =
            fingerprint(&names, &self.settings, &plan, &input.studies, &input.reports, &labels, &trial);

        let total: u64 = plan.iter().map(|shard| shard.samples.len() as u64).sum();
        let mut done = 0;
        let mut records = Vec::new();
        for shard in &plan {
            let record = match ShardRecord::finished(out, shard, &fingerprint)? {
                Some(record) => record,
                None => maker.write_shard(out, shard, &input, &fingerprint, &|finished| {
                    progress(Progress { stage: Stage::Writing, done: done + finished, total });
                })?,
            };
            done += shard.samples.len() as u64;
            progress(Progress { stage: Stage::Writing, done, total });
            records.push(record);
        }
        let review = self.review.as_deref().map(|folder| Review {
            folder,
            decoder: &self.decoder,
            gate: self.gate.as_ref(),
            rule: self.settings.burned_in,
        });
        let account = input.finish(&records, self.trace.as_ref(), review)?;
        let shards = records.into_iter().map(|record| record.entry).collect();
        write_json(&out.join("account.json"), &account)?;
        write_json(&out.join(ShardIndex::FILE), &ShardIndex { shards })?;
        Ok(account)
    }
}

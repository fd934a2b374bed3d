use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use osteon::report_anonymizer::Anonymizer;
use osteon::xray_core::{AtomicFile, PseudonymKey, ReportTransform};
use osteon::xray_dataset::{Account, KeepSections, Section, ShardBuilder, SplitFractions};
use osteon::xray_phantom::{PhantomHospital, Prevalence};

/// Rows of a simulated radiograph, and the longest side of what the shards keep.
const SIZE: usize = 256;

/// The de-identified, paired and sharded archive.
pub(crate) struct Shards {
    pub(crate) folder: PathBuf,
    pub(crate) account: Account,
}

/// A PACS export (DICOM with identifying headers) and a folder of French reports, below `out`.
pub(crate) fn simulate(out: &Path, studies: usize, seed: u64) -> anyhow::Result<PhantomHospital> {
    let hospital = PhantomHospital {
        studies,
        seed,
        size: SIZE,
        wrist_share: 1.0,
        two_view_share: 1.0,
        fracture_prevalence: 0.5,
        difficulty: 0.1,
        prevalence: Prevalence {
            osteosynthesis: 0.12,
            cast: 0.1,
            lytic_lesion: 0.03,
            sclerotic_lesion: 0.03,
            osteoarthritis: 0.15,
            ..Prevalence::none()
        },
        ..PhantomHospital::default()
    };
    let bar = crate::bar("simulate", studies as u64)?;
    hospital
        .write(out.join("archive"), &|done| bar.set_position(done as u64))
        .context("simulating the archive")?;
    bar.finish();
    Ok(hospital)
}

/// Identifiers out, studies paired with reports, patients split, WebDataset shards written.
pub(crate) fn to_shards(out: &Path, hospital: &PhantomHospital) -> anyhow::Result<Shards> {
    let (archive, folder) = (out.join("archive"), out.join("shards"));
    let key = key(hospital);
    let bar = crate::bar("de-identify and shard", hospital.studies as u64)?;
    let account = ShardBuilder::new(archive.join("pacs"), archive.join("ehr"), key.clone())
        .report_transform(
            Anonymizer::builder()
                .key(key)
                .build()?
                .then(KeepSections { keep: vec![Section::Title, Section::Conclusion] }),
        )
        .labels(archive.join("truth/studies.jsonl"))
        .longest_side(SIZE)
        .split(SplitFractions { val: 0.1, test: 0.2 })
        .run(&folder, |progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        })
        .context("building the shards")?;
    bar.finish();
    eprint!("{account}");
    Ok(Shards { folder, account })
}

/// Three reports as the simulated doctor wrote them and as the shards hold them.
pub(crate) fn show_reports(out: &Path, hospital: &PhantomHospital) -> anyhow::Result<()> {
    let anonymizer = Anonymizer::builder().key(key(hospital)).build()?;
    let mut page = String::from(
        "# Three reports before and after de-identification\n\n\
         SIMULATED: these reports and every identifier in them were made by a program. What the anonymizer \
         found stands in ⟦brackets⟧.\n",
    );
    for index in 0..hospital.studies.min(3) {
        let report = hospital.study(index)?.report;
        let anonymized = anonymizer.anonymize(&report)?;
        let mut marked = report.text.clone();
        for span in anonymized.spans.iter().rev() {
            marked.insert(span.range().end, '⟧');
            marked.insert(span.range().start, '⟦');
        }
        write!(
            page,
            "\n## Report {}\n\nBefore (simulated):\n\n```text\n{}\n```\n\nAfter:\n\n```text\n{}\n```\n",
            index + 1,
            marked.trim_end(),
            anonymized.text.trim_end()
        )?;
    }
    AtomicFile::write(out.join("reports-before-after.md"), page.as_bytes())?;
    Ok(())
}

/// A hospital keeps its key in a file that nobody reads; a demo's key is nobody's secret.
fn key(hospital: &PhantomHospital) -> PseudonymKey {
    PseudonymKey::new(format!("the demo's key, no secret, seed {}", hospital.seed).as_bytes())
}

//! Reports as PDF give the text that was put into them.

use std::collections::BTreeMap;
use std::fs;

use xray_dataset::{Cause, PageTemplate, ReportSource};
use xray_phantom::{Clutter, PhantomHospital};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn hospital() -> PhantomHospital {
    let clutter = Clutter { pdf_share: 1.0, ..Clutter::default() };
    PhantomHospital { studies: 40, seed: 8, size: 64, clutter, ..PhantomHospital::default() }
}

#[test]
fn pdf_reports_read_as_they_were_written_without_their_bands() {
    let folder = tempfile::tempdir().unwrap();
    let hospital = hospital();
    hospital.write(folder.path(), &|_| ()).unwrap();
    let truth: BTreeMap<_, _> = hospital
        .iter()
        .map(|study| study.unwrap().report)
        .map(|report| (report.id.clone(), report.text))
        .collect();
    let by_themselves = ReportSource::new(folder.path().join("ehr")).read().unwrap();
    // Helvetica of 10.5 points: the bands stand above 17 mm and below 17 mm.
    let template = PageTemplate { top_mm: 17.0, bottom_mm: 17.0, ..PageTemplate::default() };
    let by_template = ReportSource::new(folder.path().join("ehr")).page_templates([template]).read().unwrap();
    for rows in [by_themselves, by_template] {
        assert_eq!(rows.len(), truth.len());
        for row in rows {
            let report = row.report.unwrap();
            let expected = &truth[&report.id];
            assert_eq!(words(&report.text), words(expected));
            // Lines stay lines, except where one was too long for the page.
            let of_expected: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
            let same = of_expected.iter().filter(|line| report.text.lines().any(|l| l.trim() == line.trim()));
            assert!(10 * same.count() >= 7 * of_expected.len());
        }
    }
}

#[test]
fn a_pdf_of_pictures_and_broken_ones_have_their_cause() {
    let folder = tempfile::tempdir().unwrap();
    hospital().write(folder.path(), &|_| ()).unwrap();
    let ehr = folder.path().join("ehr");
    let whole = fs::read_dir(&ehr)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .map(|path| fs::read(path).unwrap())
        .unwrap();
    let text = b"BT";
    let at = whole.windows(2).position(|window| window == text).unwrap();
    // Without its operators of text a page shows nothing.
    let mut empty = whole.clone();
    for index in at..empty.len() - 1 {
        if &empty[index..index + 2] == b"Tj" {
            empty[index..index + 2].copy_from_slice(b"  ");
        }
    }
    fs::write(ehr.join("empty.pdf"), empty).unwrap();
    let list = ehr.join("broken.jsonl");
    fs::write(&list, "{\"id\": \"r\", \"file\": \"empty.pdf\"}\n").unwrap();
    let rows = ReportSource::new(&list).read().unwrap();
    assert_eq!(rows[0].report.as_ref().unwrap_err(), &Cause::EmptyText);
    // Cut anywhere, or with a byte changed, a file gives its text or a cause, never a panic.
    fs::write(&list, "{\"id\": \"r\", \"file\": \"cut.pdf\"}\n").unwrap();
    for seed in 0..60_usize {
        let mut bytes = whole.clone();
        match seed % 2 {
            0 => bytes.truncate(seed * whole.len() / 60),
            _ => {
                let place = seed * 7919 % bytes.len();
                bytes[place] ^= 1 << (seed % 8);
            }
        }
        fs::write(ehr.join("cut.pdf"), bytes).unwrap();
        assert_eq!(ReportSource::new(&list).read().unwrap().len(), 1);
    }
}

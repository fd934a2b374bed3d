//! Average precision of boxes against pycocotools, scores with ties; the fixture is made by
//! `scripts/fixtures/detection.py`.

use eval_metrics::{Bootstrap, BoxPrecision, Clusters, ImageBox};
use serde_json::Value;

fn boxes(rows: &Value) -> (Vec<ImageBox>, Vec<f64>) {
    let row = |row: &Value| {
        let number = |place: usize| row[place].as_f64().unwrap();
        let [left, top, width, height] = [number(2), number(3), number(4), number(5)];
        let corners = [left, top, left + width, top + height];
        let (image, class) = (number(0) as usize, number(1) as usize);
        (ImageBox { image, class, corners }, row[6].as_f64().unwrap_or_default())
    };
    rows.as_array().unwrap().iter().map(row).unzip()
}

#[track_caller]
fn equal(ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= 1e-9, "{ours} is not {theirs}");
}

#[test]
fn precision_and_recall_of_boxes_are_those_of_pycocotools() {
    let all: Value = serde_json::from_str(include_str!("fixtures/detection.json")).unwrap();
    let [images, classes] = ["images", "classes"].map(|name| all[name].as_u64().unwrap() as usize);
    for case in all["cases"].as_array().unwrap() {
        let (truth, _) = boxes(&case["truth"]);
        let (found, scores) = boxes(&case["found"]);
        let precision = BoxPrecision::new(&truth, &found, &scores, images, classes).unwrap();
        equal(precision.average().unwrap(), &case["ap"]);
        equal(precision.at(0.5).unwrap(), &case["ap50"]);
        equal(precision.at(0.75).unwrap(), &case["ap75"]);
        equal(precision.recall().unwrap(), &case["ar100"]);
        for (ours, theirs) in precision.by_class().into_iter().zip(case["by_class"].as_array().unwrap()) {
            match ours {
                Some(ours) => equal(ours, theirs),
                None => assert!(theirs.is_null()),
            }
        }
        let interval = Bootstrap { resamples: 200, ..Bootstrap::default() }
            .interval(&precision, &Clusters::single(images))
            .unwrap();
        equal(interval.estimate, &case["ap"]);
        assert!(interval.low < interval.estimate && interval.estimate < interval.high);
    }
}

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::tasks::{Set, TaskEntry};

/// Where FracAtlas and GRAZPEDWRI-DX have the boxes of their images.
pub(crate) struct Places {
    folder: PathBuf,
    /// The class of the finding that the set is about.
    pub(crate) finding: usize,
    pub(crate) classes: usize,
}

impl Places {
    /// Nothing for sets without boxes.
    pub(crate) fn of(task: &TaskEntry) -> Option<Self> {
        match task.set {
            Set::Fracatlas => {
                Some(Self { folder: task.path.join("Annotations/YOLO"), finding: 0, classes: 1 })
            }
            Set::Grazpedwri => Some(Self { folder: task.path.join("yolov5/labels"), finding: 3, classes: 9 }),
            _ => None,
        }
    }

    /// Each box of an image with its class: left, top, right and bottom as shares of the image. None where the image has
    /// no file.
    pub(crate) fn read(&self, image: &Path) -> anyhow::Result<Vec<(usize, [f32; 4])>> {
        let Some(stem) = image.file_stem() else { return Ok(Vec::new()) };
        let path = self.folder.join(stem).with_extension("txt");
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path:?}"))?;
        let mut boxes = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Option<Vec<f32>> = line.split_whitespace().map(|field| field.parse().ok()).collect();
            let Some([kind, x, y, width, height]) =
                fields.and_then(|fields| <[f32; 5]>::try_from(fields).ok())
            else {
                anyhow::bail!("{path:?}, line {}: not a class and four numbers", number + 1);
            };
            if !(0.0..self.classes as f32).contains(&kind) {
                anyhow::bail!("{path:?}, line {}: the set has {} classes", number + 1, self.classes);
            }
            let place = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
            boxes.push((kind as usize, place));
        }
        Ok(boxes)
    }
}

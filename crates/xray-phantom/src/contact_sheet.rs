use std::io::BufWriter;
use std::path::Path;

use rayon::prelude::*;
use xray_core::{AtomicFile, BodyPart, Label, Laterality, View};

use crate::font;
use crate::study::PhantomStudy;
use crate::{Error, PhantomHospital, Radiograph, Result};

const TILE: usize = 256;
const CAPTION: usize = 34;
const HEAD: usize = 30;
const COLUMNS: usize = 6;

impl PhantomHospital {
    /// Writes a PNG of the first `images` images with their labels, under a line that says SIMULATED.
    ///
    /// # Errors
    ///
    /// As [`PhantomHospital::study`]; [`Error::Png`] and [`Error::Archive`] if the file cannot be written.
    pub fn contact_sheet(&self, path: impl AsRef<Path>, images: usize) -> Result<()> {
        let path = path.as_ref();
        let mut wanted = Vec::new();
        for study in self.iter() {
            let study = study?;
            let room = images.saturating_sub(wanted.len());
            wanted.extend((0..study.views.len()).take(room).map(|number| (study.clone(), number)));
            if wanted.len() == images {
                break;
            }
        }
        let tiles: Vec<(Radiograph, [String; 2])> = wanted
            .par_iter()
            .map(|(study, number)| Ok((study.radiograph(*number)?, caption(study, *number))))
            .collect::<Result<_>>()?;
        let rows = tiles.len().div_ceil(COLUMNS).max(1);
        let mut sheet = Sheet::new(COLUMNS * TILE, HEAD + rows * (TILE + CAPTION));
        let title = format!("SIMULATED RADIOGRAPHS, NOT OF PATIENTS (XRAY-PHANTOM, SEED {})", self.seed);
        sheet.write(&title, 8, 8, 2);
        for (place, (image, caption)) in tiles.iter().enumerate() {
            let (left, top) = (place % COLUMNS * TILE, HEAD + place / COLUMNS * (TILE + CAPTION));
            sheet.paste(image, left, top);
            for (line, text) in caption.iter().enumerate() {
                sheet.write(text, left + 4, top + TILE + 5 + 14 * line, 1);
            }
        }
        sheet.save(path)
    }
}

/// What is true of the image, in two lines.
fn caption(study: &PhantomStudy, number: usize) -> [String; 2] {
    let part = if study.body_part == BodyPart::Wrist { "WRIST" } else { "HAND" };
    let side = if study.laterality == Laterality::Left { "LEFT" } else { "RIGHT" };
    let view = match study.views.get(number) {
        Some(View::Lateral) => "LATERAL",
        Some(View::Oblique) => "OBLIQUE",
        _ => "PA",
    };
    let sex = match study.labels.get("sex") {
        Some(Label::Class(sex)) => sex.as_str(),
        _ => "",
    };
    let who = format!("{} {part} {side} {view} {sex} {} Y", study.index, study.age_months() / 12);
    let finding = study.fracture.as_ref().map_or("NO FRACTURE".to_owned(), |f| {
        format!("{} {:.1} MM {:.0} DEG", f.bone, f.displacement_mm, f.angle_deg)
    });
    [who, finding]
}

/// A grey picture under construction.
#[derive(Debug)]
struct Sheet {
    width: usize,
    height: usize,
    data: Vec<u8>,
}

impl Sheet {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![16; width * height] }
    }

    fn write(&mut self, text: &str, left: usize, top: usize, size: usize) {
        font::draw(text, |x, y| {
            for (dx, dy) in (0..size).flat_map(|dx| (0..size).map(move |dy| (dx, dy))) {
                let (x, y) = (left + x * size + dx, top + y * size + dy);
                if x < self.width && y < self.height {
                    self.data[y * self.width + x] = 235;
                }
            }
        });
    }

    /// Fits `image` into a tile, each pixel the mean of those that it stands for.
    fn paste(&mut self, image: &Radiograph, left: usize, top: usize) {
        let longest = image.width.max(image.height);
        let step = longest as f32 / (TILE - 4) as f32;
        let shift = image.device.bits.saturating_sub(8);
        for y in 0..(image.height as f32 / step) as usize {
            for x in 0..(image.width as f32 / step) as usize {
                let range = |at: usize, size: usize| {
                    let from = (at as f32 * step) as usize;
                    from..(((at + 1) as f32 * step) as usize).clamp(from + 1, size)
                };
                let (mut sum, mut count) = (0u32, 0u32);
                for row in range(y, image.height) {
                    for column in range(x, image.width) {
                        sum += u32::from(image.pixels[row * image.width + column]);
                        count += 1;
                    }
                }
                let value = (sum / count.max(1)) >> shift;
                self.data[(top + y) * self.width + left + x] = value.min(255) as u8;
            }
        }
    }

    fn save(&self, path: &Path) -> Result<()> {
        let archive = |source| Error::Archive { source };
        let mut file = AtomicFile::create(path).map_err(archive)?;
        let mut encoder = png::Encoder::new(BufWriter::new(&mut file), self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder
            .add_text_chunk("Description".into(), "SIMULATED radiographs".into())
            .and_then(|()| encoder.write_header()?.write_image_data(&self.data))
            .map_err(|source| Error::Png { path: path.to_owned(), source })?;
        file.commit().map_err(archive)
    }
}

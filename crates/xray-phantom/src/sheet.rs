use std::io::BufWriter;
use std::path::Path;

use xray_core::{AtomicFile, ImageTensor};

use crate::font;
use crate::{Error, Result};

const TILE: usize = 256;
const LINE: usize = 14;
const HEAD: usize = 30;
const MARGIN: usize = 5;

/// Grey pictures side by side with a few words under each, below a title, as one PNG.
///
/// The letters are capitals, digits and some signs; others stay blank. An accent is left out.
///
/// ```
/// use xray_core::ImageTensor;
/// use xray_phantom::ContactSheet;
///
/// let mut sheet = ContactSheet::new("SIMULATED", 2);
/// sheet.add(&ImageTensor::new(vec![0.5; 64 * 48], 1, 64, 48)?, ["WRIST LEFT", "NO FRACTURE"]);
/// let folder = tempfile::tempdir()?;
/// sheet.save(folder.path().join("sheet.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ContactSheet {
    title: String,
    columns: usize,
    tiles: Vec<Tile>,
}

#[derive(Debug, Clone)]
struct Tile {
    grey: Vec<u8>,
    width: usize,
    caption: Vec<String>,
}

impl ContactSheet {
    /// An empty sheet with so many pictures (at least one) in a row.
    pub fn new(title: impl Into<String>, columns: usize) -> Self {
        Self { title: title.into(), columns: columns.max(1), tiles: Vec::new() }
    }

    /// Adds the first channel of `image`, values in `[0, 1]`, with lines of words under it.
    pub fn add(&mut self, image: &ImageTensor, caption: impl IntoIterator<Item = impl Into<String>>) {
        let (grey, width) = fit(image);
        self.tiles.push(Tile { grey, width, caption: caption.into_iter().map(Into::into).collect() });
    }

    /// Writes the PNG.
    ///
    /// # Errors
    ///
    /// [`Error::Png`] and [`Error::Archive`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let lines = self.tiles.iter().map(|tile| tile.caption.len()).max().unwrap_or(0);
        let height = TILE + 2 * MARGIN + LINE * lines;
        let rows = self.tiles.len().div_ceil(self.columns).max(1);
        let mut canvas = Canvas::new(self.columns * TILE, HEAD + rows * height);
        canvas.write(&self.title, 8, 8, 2);
        for (place, tile) in self.tiles.iter().enumerate() {
            let (left, top) = (place % self.columns * TILE, HEAD + place / self.columns * height);
            canvas.paste(tile, left, top);
            for (line, text) in tile.caption.iter().enumerate() {
                canvas.write(text, left + 4, top + TILE + MARGIN + LINE * line, 1);
            }
        }
        canvas.save(path.as_ref(), &self.title)
    }
}

/// `image` in a tile, each pixel the mean of those that it stands for.
fn fit(image: &ImageTensor) -> (Vec<u8>, usize) {
    let step = image.width().max(image.height()) as f32 / (TILE - 4) as f32;
    let side = |size: usize| ((size as f32 / step) as usize).max(1);
    let range = |at: usize, size: usize| {
        let from = ((at as f32 * step) as usize).min(size - 1);
        from..(((at + 1) as f32 * step) as usize).clamp(from + 1, size)
    };
    let (width, height) = (side(image.width()), side(image.height()));
    let mut grey = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (rows, columns) = (range(y, image.height()), range(x, image.width()));
            let count = (rows.len() * columns.len()) as f32;
            let row = |row: usize| &image.data()[row * image.width()..][columns.clone()];
            let sum: f32 = rows.map(|y| row(y).iter().sum::<f32>()).sum();
            grey.push((sum / count * 255.0).clamp(0.0, 255.0) as u8);
        }
    }
    (grey, width)
}

/// A grey picture under construction.
struct Canvas {
    width: usize,
    height: usize,
    data: Vec<u8>,
}

impl Canvas {
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

    fn paste(&mut self, tile: &Tile, left: usize, top: usize) {
        for (y, row) in tile.grey.chunks_exact(tile.width).enumerate() {
            let from = (top + y) * self.width + left;
            self.data[from..from + tile.width].copy_from_slice(row);
        }
    }

    fn save(&self, path: &Path, title: &str) -> Result<()> {
        let archive = |source| Error::Archive { source };
        let mut file = AtomicFile::create(path).map_err(archive)?;
        let mut encoder = png::Encoder::new(BufWriter::new(&mut file), self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder
            .add_itxt_chunk("Description".into(), title.to_owned())
            .and_then(|()| encoder.write_header()?.write_image_data(&self.data))
            .map_err(|source| Error::Png { path: path.to_owned(), source })?;
        file.commit().map_err(archive)
    }
}

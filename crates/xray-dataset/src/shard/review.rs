use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xray_core::{AtomicFile, ImageDecoder, ImageTensor};

use super::settings::AnyGate;
use super::store::{ImageFormat, shrink};
use crate::{Account, BurnedIn, Cause, Error, ImageFileDecoder, Result};

/// How many pictures of a kind are shown, and their longest side.
const PICTURES: usize = 24;
const SIDE: usize = 320;

/// A page with pictures of what a run kept, painted over and left out for its text, for the archive's keeper.
pub(super) struct Review<'a> {
    pub(super) folder: &'a Path,
    pub(super) decoder: &'a ImageFileDecoder,
    pub(super) gate: Option<&'a AnyGate>,
    pub(super) rule: BurnedIn,
}

impl Review<'_> {
    /// Writes `index.html` and the pictures. `files` gives the pseudonym and the path of every image file.
    pub(super) fn write<'f>(
        &self,
        account: &Account,
        files: impl Iterator<Item = (&'f str, &'f str)> + Clone,
    ) -> Result<()> {
        let left_out = account.left_out.iter();
        let dropped: HashSet<&str> = left_out.clone().map(|item| item.id.as_str()).collect();
        let for_text = left_out.filter(|item| item.cause == Cause::BurnedInText);
        let for_text: HashSet<&str> = for_text.map(|item| item.id.as_str()).collect();
        let masked: HashSet<&str> = account.masked.iter().map(|item| item.id.as_str()).collect();
        let mut page = String::from(
            "<!doctype html><meta charset=\"utf-8\"><title>Review</title>\
             <style>body{font-family:sans-serif}figure{display:inline-block}</style>\
             <p>These pictures are the archive's own. Keep them with its key.</p>",
        );
        // The order of pseudonyms is no order of the archive: the first ones are a random sample.
        let kept = files.clone().filter(|(id, _)| !dropped.contains(id) && !masked.contains(id));
        self.section(&mut page, "Kept", kept.take(PICTURES))?;
        let painted = files.clone().filter(|(id, _)| masked.contains(id));
        self.section(&mut page, "Painted over", painted.take(PICTURES))?;
        let text = files.filter(|(id, _)| for_text.contains(id));
        self.section(&mut page, "Left out for text", text.take(PICTURES))?;
        self.put("index.html", page.as_bytes())
    }

    fn section<'f>(
        &self,
        page: &mut String,
        title: &str,
        files: impl Iterator<Item = (&'f str, &'f str)>,
    ) -> Result<()> {
        // Writing to a string does not fail.
        let _ = write!(page, "<h2>{title}</h2>");
        for (id, path) in files {
            let Ok(mut image) = self.decoder.decode(&PathBuf::from(path)) else { continue };
            self.picture(page, id, "before", &image)?;
            let regions = self.gate.and_then(|gate| gate(&image).ok()).unwrap_or_default();
            if self.rule.apply(&mut image, regions).is_ok_and(|painted| !painted.is_empty()) {
                self.picture(page, id, "after", &image)?;
            }
        }
        Ok(())
    }

    fn picture(&self, page: &mut String, id: &str, moment: &str, image: &ImageTensor) -> Result<()> {
        let small = shrink(image.clone(), SIDE);
        let Ok(bytes) = ImageFormat::Png.encode(&small) else { return Ok(()) };
        let name = format!("{id}-{moment}.png");
        self.put(&name, &bytes)?;
        let _ = write!(page, "<figure><img src=\"{name}\"><figcaption>{id}, {moment}</figcaption></figure>");
        Ok(())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        AtomicFile::write(self.folder.join(name), bytes).map_err(Error::core(self.folder))
    }
}

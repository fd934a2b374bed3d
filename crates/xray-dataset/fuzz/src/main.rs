//! Broken files of every kind that is read: shards, DICOM, pictures, PDF. Each must be read or refused, without a panic
//! that comes through and in seconds. The files of a simulated hospital, and those of a folder where one is
//! given, are changed, cut and crossed. The seed is given, so that a failure can be had again; the file that was read
//! last stays in the folder that is printed first.
//!
//! `cargo run --release -- [SECONDS [SEED [FOLDER]]]`

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use report_anonymizer_fuzz::mutation::{Random, mutate};
use xray_core::{ImageDecoder, PseudonymKey, Report, ReportTransform, StudySource};
use xray_dataset::{
    ArchiveSource, DicomDecoder, HeaderDeidentifier, ImageFileDecoder, ImageFormat, ReportSource,
    ShardBuilder, ShardReader,
};
use xray_phantom::{Clutter, PhantomHospital};

const KINDS: [&str; 4] = ["tar", "dcm", "jpg", "pdf"];
const PIECES: &[&[u8]] = &[
    b"DICM",
    b"ustar\0",
    b"1.2.840.10008.1.2.1",
    b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF",
    b"\xFE\xFF\xDD\xE0\0\0\0\0",
    b"SQ\0\0\xFF\xFF\xFF\xFF",
    b"OB\0\0\xFF\xFF\xFF\x7F",
    b"\xE0\x7F\x10\x00OW\0\0",
    b"UN\0\0\0\0\0\x50",
    b"\xFF\xD8",
    b"\xFF\xDD\0\x04\0\x01",
    b"\xFF\xD0",
    b"\xFF\xC0\0\x0B\x08",
    b"\xFF\xC4",
    b"\xFF\xDA",
    b"\xFF\xF7\0\x0B\x08",
    b"\xFF\xF8\0\x0D\x01",
    b"\x89PNG\r\n\x1A\n",
    b"IHDR",
    b"IDAT",
    b"II*\0",
    b"MM\0*",
    b"%PDF-1.7\n",
    b"1 0 obj\n",
    b"<< /Kids [1 0 R] >>",
    b"/Type /Page",
    b"stream\n",
    b"endstream",
    b"xref\n0 9\n",
    b"trailer",
    b"/FlateDecode",
    b"/ToUnicode",
    b"BT /F1 9 Tf (",
    b"((((((((",
    b"[[[[[[[[",
    b"<<<<<<<<",
    b"key.json",
    b"{\"labels\":{}}",
    b"\0\0\0\0\0\0\0\0",
    b"\xFF\xFF\xFF\xFF",
    b"\x00\x80",
    b"999999999999",
    b"-1",
    b"77777777777",
];
/// The size of a changed file, at most.
const MOST: usize = 400_000;
/// A file that takes longer has found something, also on a machine that does other work.
const LONGEST: Duration = Duration::from_secs(120);

struct Same;

impl ReportTransform for Same {
    type Error = std::convert::Infallible;

    fn apply(&self, report: Report) -> Result<Report, Self::Error> {
        Ok(report)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(60), |seconds| seconds.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let work = tempfile::tempdir()?.keep();
    println!("{}", work.display());
    let mut pool: [Vec<Vec<u8>>; 4] = seeds(&work)?;
    for path in arguments.next().map(PathBuf::from).iter().flat_map(|folder| files_below(folder)) {
        let bytes = fs::read(path)?;
        let kind = KINDS.iter().position(|kind| *kind == kind_of(&bytes)).unwrap_or(1);
        if bytes.len() <= MOST {
            pool[kind].push(bytes);
        }
    }
    println!("{:?} files to begin with", pool.each_ref().map(Vec::len));
    let fresh = pool.each_ref().map(Vec::len);
    let mut random = Random::new(seed);
    let (begin, mut runs) = (Instant::now(), [0_u64; 4]);
    while begin.elapsed() < Duration::from_secs(seconds) {
        let kind = random.below(4);
        let of_kind = &pool[kind];
        let mut bytes = of_kind[random.below(of_kind.len())].clone();
        let donor = &of_kind[random.below(of_kind.len())];
        mutate(&mut bytes, PIECES, donor, MOST, &mut random);
        let before = Instant::now();
        check(&work, KINDS[kind], &bytes)?;
        if before.elapsed() > LONGEST {
            return Err(format!("a file took {:?}", before.elapsed()).into());
        }
        runs[kind] += 1;
        // Changed files are changed further, up to four times as many as there were unchanged ones.
        if pool[kind].len() < 4 * fresh[kind] {
            pool[kind].push(bytes);
        } else {
            let slot = fresh[kind] + random.below(3 * fresh[kind]);
            pool[kind][slot] = bytes;
        }
    }
    println!("{runs:?} files of {KINDS:?} in {seconds} s, seed {seed}: no failure");
    fs::remove_dir_all(work)?;
    Ok(())
}

/// The files of a small hospital and its shards.
fn seeds(work: &Path) -> Result<[Vec<Vec<u8>>; 4], Box<dyn Error>> {
    let folder = tempfile::tempdir_in(work)?;
    let hospital = PhantomHospital {
        studies: 12,
        size: 64,
        clutter: Clutter::realistic(),
        ..PhantomHospital::default()
    };
    hospital.write(folder.path(), &|_| ())?;
    let out = folder.path().join("shards");
    ShardBuilder::new(
        folder.path().join("pacs"),
        folder.path().join("ehr"),
        PseudonymKey::new(b"0123456789abcdef"),
    )
    .report_transform(Same)
    .image_format(ImageFormat::Jpeg { quality: 80 })
    .samples_per_shard(2)
    .run(&out, |_| ())?;
    let mut pool = [const { Vec::new() }; 4];
    for path in files_below(folder.path()) {
        let bytes = fs::read(&path)?;
        if let Some(kind) = KINDS.iter().position(|kind| path.extension().is_some_and(|end| end == *kind)) {
            if kind == 0 {
                let images = ShardReader::open(&path)?.flatten().flat_map(|sample| sample.images);
                pool[2].extend(images);
            }
            pool[kind].push(bytes);
        }
    }
    Ok(pool)
}

fn kind_of(bytes: &[u8]) -> &'static str {
    match bytes {
        _ if bytes.starts_with(b"%PDF") => "pdf",
        _ if bytes.starts_with(&[0xFF, 0xD8]) || bytes.starts_with(b"\x89PNG") => "jpg",
        _ if bytes.get(257..262) == Some(b"ustar") => "tar",
        _ => "dcm",
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort_unstable();
    files
}

/// Reads a file in every way that there is for its kind.
fn check(work: &Path, kind: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = work.join(kind);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("input.{kind}"));
    fs::write(&path, bytes)?;
    let pictures = ImageFileDecoder::default();
    match kind {
        "tar" => {
            for sample in ShardReader::open(&path).into_iter().flatten().flatten() {
                let _ = sample.decode(&pictures, &path);
            }
        }
        "dcm" => {
            let decoder = DicomDecoder::default().with_max_pixels(4_000_000);
            let _ = decoder.decode(&path);
            let frames = decoder.frames(&path).unwrap_or(0);
            let _ = decoder.decode_frame(&path, frames.saturating_sub(1));
            let _ = HeaderDeidentifier::new(PseudonymKey::new(b"0123456789abcdef"))
                .file(&path, &work.join("out.dcm"));
            assert!(ArchiveSource::new(&folder).studies()?.len() <= 1);
        }
        "jpg" => {
            let _ = pictures.decode_bytes(bytes);
            let _ = pictures.clone().reduced_to(16).decode_bytes(bytes);
        }
        _ => {
            fs::write(folder.join("index.jsonl"), "{\"id\":\"r\",\"file\":\"input.pdf\"}\n")?;
            assert_eq!(ReportSource::new(&folder).read()?.len(), 1);
        }
    }
    Ok(())
}

/// An X-ray machine of the simulated hospital.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct Device {
    /// Manufacturer, as the header says it.
    pub manufacturer: &'static str,
    /// Model name.
    pub model: &'static str,
    /// DICOM modality: CR or DX.
    pub modality: &'static str,
    /// Bits of a grey value.
    pub bits: u16,
    /// Whether files say MONOCHROME1 (bone dark).
    pub inverted: bool,
    /// How files hold the pixels.
    pub encoding: Encoding,
    /// Whether its lead letters are D and G rather than R and L.
    pub french_marker: bool,
}

/// How a file holds its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Explicit VR little endian.
    Raw,
    /// RLE Lossless.
    Rle,
    /// JPEG Lossless, the first order of prediction (process 14, selection value 1).
    JpegLossless,
    /// Deflated explicit VR little endian.
    Deflated,
}

/// How many of [`DEVICES`] take wrists; the others stand where the rest is imaged.
pub(crate) const FOR_WRISTS: usize = 5;

/// The machines of the hospital. All names are invented.
pub static DEVICES: [Device; 7] = [
    Device {
        manufacturer: "SIMULATED Lumen",
        model: "Ossa DR 3",
        modality: "DX",
        bits: 12,
        inverted: false,
        encoding: Encoding::Raw,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Lumen",
        model: "Ossa CR 1",
        modality: "CR",
        bits: 10,
        inverted: true,
        encoding: Encoding::Raw,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Kalliste",
        model: "Flatline 40",
        modality: "DX",
        bits: 12,
        inverted: true,
        encoding: Encoding::Raw,
        french_marker: false,
    },
    Device {
        manufacturer: "SIMULATED Kalliste",
        model: "Flatline 55",
        modality: "DX",
        bits: 12,
        inverted: false,
        encoding: Encoding::Rle,
        french_marker: false,
    },
    Device {
        manufacturer: "SIMULATED Orphee",
        model: "Graphe II",
        modality: "CR",
        bits: 15,
        inverted: false,
        encoding: Encoding::Raw,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Orphee",
        model: "Graphe III",
        modality: "DX",
        bits: 14,
        inverted: false,
        encoding: Encoding::JpegLossless,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Kalliste",
        model: "Flatline 90",
        modality: "DX",
        bits: 12,
        inverted: true,
        encoding: Encoding::Deflated,
        french_marker: false,
    },
];

impl Device {
    /// The greatest grey value.
    pub fn greatest(&self) -> u16 {
        ((1u32 << self.bits) - 1) as u16
    }
}

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
    /// Whether files are compressed (RLE Lossless); raw otherwise.
    pub compressed: bool,
    /// Whether its lead letters are D and G rather than R and L.
    pub french_marker: bool,
}

/// The machines of the hospital. All names are invented.
pub static DEVICES: [Device; 5] = [
    Device {
        manufacturer: "SIMULATED Lumen",
        model: "Ossa DR 3",
        modality: "DX",
        bits: 12,
        inverted: false,
        compressed: false,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Lumen",
        model: "Ossa CR 1",
        modality: "CR",
        bits: 10,
        inverted: true,
        compressed: false,
        french_marker: true,
    },
    Device {
        manufacturer: "SIMULATED Kalliste",
        model: "Flatline 40",
        modality: "DX",
        bits: 12,
        inverted: true,
        compressed: false,
        french_marker: false,
    },
    Device {
        manufacturer: "SIMULATED Kalliste",
        model: "Flatline 55",
        modality: "DX",
        bits: 12,
        inverted: false,
        compressed: true,
        french_marker: false,
    },
    Device {
        manufacturer: "SIMULATED Orphee",
        model: "Graphe II",
        modality: "CR",
        bits: 15,
        inverted: false,
        compressed: false,
        french_marker: true,
    },
];

impl Device {
    /// The greatest grey value.
    pub fn greatest(&self) -> u16 {
        ((1u32 << self.bits) - 1) as u16
    }
}

use crate::Cause;

/// The text of a file in UTF-8, in UTF-16 where a byte order mark says so, or else in Windows-1252.
///
pub(super) fn decode(bytes: &[u8]) -> Result<String, Cause> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(text.to_owned()),
                Err(_) => Some(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
            }
        }
    };
    text.ok_or(Cause::NoText).and_then(refuse_zeros)
}

/// The text, unless there are zeros in it: in what is no text there are, and between the letters of another encoding,
/// where they would hide a name from whoever looks for it.
pub(super) fn refuse_zeros(text: String) -> Result<String, Cause> {
    if text.contains('\0') { Err(Cause::NoText) } else { Ok(text) }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>();
    text.ok().filter(|_| rest.is_empty())
}

/// Latin-1, with the letters and quotes that Windows keeps where Latin-1 has control codes.
fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

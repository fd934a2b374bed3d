/// What a tokenizer needs of a `sentencepiece.bpe.model`: a protocol buffer, read by hand
/// (<https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto>).
#[derive(Debug, Default, PartialEq)]
pub(crate) struct SentencePiece {
    /// The pieces with their scores, in the order of their numbers.
    pub(crate) pieces: Vec<(String, f64)>,
    /// How characters are replaced before anything else; empty where none is.
    pub(crate) charsmap: Vec<u8>,
    /// 1 is a Unigram.
    model_type: u64,
}

impl SentencePiece {
    /// Reads a whole file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut model = Self { model_type: 1, ..Self::default() };
        for (field, value) in fields(bytes)? {
            match (field, value) {
                (1, Value::Bytes(piece)) => model.pieces.push(parse_piece(piece)?),
                (2, Value::Bytes(trainer)) => {
                    for (field, value) in fields(trainer)? {
                        if let (3, Value::Number(kind)) = (field, value) {
                            model.model_type = kind;
                        }
                    }
                }
                (3, Value::Bytes(normalizer)) => {
                    for (field, value) in fields(normalizer)? {
                        if let (2, Value::Bytes(charsmap)) = (field, value) {
                            model.charsmap = charsmap.to_vec();
                        }
                    }
                }
                _ => {}
            }
        }
        match (model.model_type, model.pieces.len()) {
            (_, 0) => Err("it holds no piece".to_owned()),
            (1, _) => Ok(model),
            (kind, _) => Err(format!("its model is of kind {kind}; a Unigram, kind 1, is read")),
        }
    }
}

fn parse_piece(bytes: &[u8]) -> Result<(String, f64), String> {
    let (mut piece, mut score) = (String::new(), 0.0);
    for (field, value) in fields(bytes)? {
        match (field, value) {
            (1, Value::Bytes(text)) => {
                piece = String::from_utf8(text.to_vec()).map_err(|_| "a piece is no text".to_owned())?;
            }
            (2, Value::Float(number)) => score = f64::from(number),
            _ => {}
        }
    }
    Ok((piece, score))
}

/// A field of a message, as far as pieces, scores and settings have them.
enum Value<'a> {
    Number(u64),
    Float(f32),
    Bytes(&'a [u8]),
    Other,
}

fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, String> {
    const CUT: &str = "the file is cut off or no SentencePiece model";
    fn take<'a>(bytes: &mut &'a [u8], count: u64) -> Result<&'a [u8], String> {
        let count = usize::try_from(count).map_err(|_| CUT.to_owned())?;
        let (taken, rest) = bytes.split_at_checked(count).ok_or_else(|| CUT.to_owned())?;
        *bytes = rest;
        Ok(taken)
    }
    fn number(bytes: &mut &[u8]) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = take(bytes, 1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CUT.to_owned())
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = number(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut bytes)?),
            1 => take(&mut bytes, 8).map(|_| Value::Other)?,
            2 => {
                let length = number(&mut bytes)?;
                Value::Bytes(take(&mut bytes, length)?)
            }
            5 => {
                let bytes = take(&mut bytes, 4)?;
                Value::Float(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            _ => return Err(CUT.to_owned()),
        };
        fields.push((key >> 3, value));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pieces { piece: "▁os" score: -1.5 }  trainer_spec { model_type: KIND }  normalizer_spec { charsmap }`
    fn model(kind: u8) -> Vec<u8> {
        let piece = [b"\x0a\x05\xe2\x96\x81os\x15".as_slice(), &(-1.5f32).to_le_bytes()].concat();
        [&[0x0a, piece.len() as u8][..], &piece, &[0x12, 2, 0x18, kind], &[0x1a, 4, 0x12, 2, 7, 8]].concat()
    }

    #[test]
    fn pieces_scores_and_the_map_of_characters_are_read() {
        let read = SentencePiece::parse(&model(1)).unwrap();
        assert_eq!(read.pieces, [("▁os".to_owned(), -1.5)]);
        assert_eq!(read.charsmap, [7, 8]);
    }

    #[test]
    fn what_is_cut_off_or_of_another_kind_is_refused() {
        assert!(SentencePiece::parse(&model(2)).unwrap_err().contains("kind 2"));
        assert!(SentencePiece::parse(b"").unwrap_err().contains("no piece"));
        let whole = model(1);
        let cut = (1..whole.len()).filter(|&end| SentencePiece::parse(&whole[..end]).is_err()).count();
        // A file may end after any of its three messages.
        assert_eq!(cut, whole.len() - 3);
        assert!(SentencePiece::parse(&[0xff; 40]).is_err());
    }
}

use std::collections::HashMap;
use std::io::Read;

use tch::Kind;

/// What a pickle of tensors is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// None, numbers with a fraction, and what else a state dict holds and no tensor needs.
    Other,
    Bool(bool),
    Int(i64),
    Text(String),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Global(Global),
    Storage(Storage),
    Tensor(StoredTensor),
}

/// The few names that a pickle may call. None of them runs code here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

/// Bytes that lie elsewhere, under a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Storage {
    pub(crate) kind: Kind,
    pub(crate) key: String,
    pub(crate) elements: i64,
}

/// A tensor in a storage, counted in elements.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredTensor {
    pub(crate) storage: Storage,
    pub(crate) offset: i64,
    pub(crate) shape: Vec<i64>,
    pub(crate) strides: Vec<i64>,
}

/// Why a pickle was refused, in one line.
pub(crate) type Refusal = String;

/// No text or number of a state dict is longer.
const LONGEST: usize = 1 << 20;

/// Reads one pickle, up to its end and no further. Nothing is imported or called: a name beyond those of
/// [`Global`] is refused where it stands.
pub(crate) fn read_pickle(input: &mut impl Read) -> Result<Value, Refusal> {
    let mut machine = Machine { input, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        let op = machine.byte()?;
        if op == b'.' {
            return machine.pop();
        }
        machine.run(op)?;
    }
}

/// The pickle machine of protocols 2 to 5, as far as state dicts use it.
struct Machine<'a, R> {
    input: &'a mut R,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
}

impl<R: Read> Machine<'_, R> {
    fn run(&mut self, op: u8) -> Result<(), Refusal> {
        let value = match op {
            0x80 => return self.byte().map(drop),   // PROTO
            0x95 => return self.bytes(8).map(drop), // FRAME
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(());
            }
            b'0' => return self.pop().map(drop),
            b'N' => Value::Other,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(self.number(1)? as i64),
            b'M' => Value::Int(self.number(2)? as i64),
            b'J' => Value::Int(i64::from(self.number(4)? as u32 as i32)),
            0x8a => self.long()?,
            b'G' => self.bytes(8).map(|_| Value::Other)?,
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            b'}' => Value::Dict(Vec::new()),
            b']' => Value::List(Vec::new()),
            b')' => Value::Tuple(Vec::new()),
            b't' => Value::Tuple(self.pop_to_mark()?),
            0x85..=0x87 => self.small_tuple(usize::from(op) - 0x84)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                Value::Global(global(&module, &name)?)
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => Value::Global(global(&module, &name)?),
                _ => return Err("a name that is no text".to_owned()),
            },
            b'Q' => storage(self.pop()?)?,
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                reduce(function, arguments)?
            }
            // The attributes of an OrderedDict; those of a state dict hold versions of layers.
            b'b' => return self.pop().map(drop),
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'q' => return self.remember(1),
            b'r' => return self.remember(4),
            0x94 => {
                let top = self.top()?.clone();
                self.memo.insert(self.memo.len() as u64, top);
                return Ok(());
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.extend(vec![key, value]);
            }
            b'a' => {
                let value = self.pop()?;
                return self.extend(vec![value]);
            }
            b'u' | b'e' => {
                let items = self.pop_to_mark()?;
                return self.extend(items);
            }
            other => return Err(format!("instruction {other:#04x}, which no state dict needs")),
        };
        self.stack.push(value);
        Ok(())
    }

    /// Adds items to the list on top, or pairs of them to the dict.
    fn extend(&mut self, items: Vec<Value>) -> Result<(), Refusal> {
        match self.stack.last_mut() {
            Some(Value::List(list)) => list.extend(items),
            Some(Value::Dict(dict)) => {
                let mut items = items.into_iter();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    dict.push((key, value));
                }
            }
            _ => return Err("items for what is neither a list nor a dict".to_owned()),
        }
        Ok(())
    }

    fn small_tuple(&mut self, length: usize) -> Result<Value, Refusal> {
        match self.stack.len().checked_sub(length) {
            Some(start) => Ok(Value::Tuple(self.stack.split_off(start))),
            None => Err(empty()),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, Refusal> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        mark.map(|mark| self.stack.split_off(mark)).ok_or_else(empty)
    }

    fn pop(&mut self) -> Result<Value, Refusal> {
        self.stack.pop().ok_or_else(empty)
    }

    fn top(&self) -> Result<&Value, Refusal> {
        self.stack.last().ok_or_else(empty)
    }

    fn remember(&mut self, width: usize) -> Result<(), Refusal> {
        let place = self.number(width)?;
        let top = self.top()?.clone();
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, width: usize) -> Result<Value, Refusal> {
        let place = self.number(width)?;
        self.memo.get(&place).cloned().ok_or_else(|| "a reference to nothing".to_owned())
    }

    /// An integer of any length; those that do not fit, as the magic number of old files, count as other.
    fn long(&mut self) -> Result<Value, Refusal> {
        let length = usize::from(self.byte()?);
        let bytes = self.bytes(length)?;
        if length > 8 {
            return Ok(Value::Other);
        }
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..length].copy_from_slice(&bytes);
        Ok(Value::Int(i64::from_le_bytes(wide)))
    }

    fn text(&mut self, width: usize) -> Result<Value, Refusal> {
        let length = self.number(width)? as usize;
        let text =
            String::from_utf8(self.bytes(length)?).map_err(|_| "a text that is no UTF-8".to_owned())?;
        Ok(Value::Text(text))
    }

    fn line(&mut self) -> Result<String, Refusal> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => break,
                _ if line.len() > 256 => return Err("a name without an end".to_owned()),
                byte => line.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn number(&mut self, width: usize) -> Result<u64, Refusal> {
        Ok(self.bytes(width)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        let mut byte = [0];
        self.input.read_exact(&mut byte).map_err(|_| cut_off())?;
        Ok(byte[0])
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Refusal> {
        if length > LONGEST {
            return Err(format!("a text of {length} bytes"));
        }
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes).map_err(|_| cut_off())?;
        Ok(bytes)
    }
}

fn cut_off() -> Refusal {
    "it is cut off".to_owned()
}

fn empty() -> Refusal {
    "an instruction that takes more than there is".to_owned()
}

fn global(module: &str, name: &str) -> Result<Global, Refusal> {
    let kind = match (module, name) {
        ("collections", "OrderedDict") => return Ok(Global::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => return Ok(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => return Ok(Global::RebuildParameter),
        ("torch", "FloatStorage") => Kind::Float,
        ("torch", "HalfStorage") => Kind::Half,
        ("torch", "BFloat16Storage") => Kind::BFloat16,
        ("torch", "DoubleStorage") => Kind::Double,
        ("torch", "LongStorage") => Kind::Int64,
        ("torch", "IntStorage") => Kind::Int,
        ("torch", "ShortStorage") => Kind::Int16,
        ("torch", "CharStorage") => Kind::Int8,
        ("torch", "ByteStorage") => Kind::Uint8,
        ("torch", "BoolStorage") => Kind::Bool,
        _ => return Err(format!("the name {module}.{name}, which is no tensor and could run code")),
    };
    Ok(Global::Storage(kind))
}

/// `("storage", type, key, device, elements)`, in old files with a view after it.
fn storage(id: Value) -> Result<Value, Refusal> {
    if let Value::Tuple(parts) = id
        && let [
            Value::Text(tag),
            Value::Global(Global::Storage(kind)),
            Value::Text(key),
            _,
            Value::Int(elements),
            rest @ ..,
        ] = parts.as_slice()
        && tag == "storage"
        && rest.iter().all(|view| *view == Value::Other)
    {
        return Ok(Value::Storage(Storage { kind: *kind, key: key.clone(), elements: *elements }));
    }
    Err("a storage of an unknown form".to_owned())
}

fn reduce(function: Value, arguments: Value) -> Result<Value, Refusal> {
    match (function, arguments) {
        (Value::Global(Global::OrderedDict), Value::Tuple(_)) => Ok(Value::Dict(Vec::new())),
        (Value::Global(Global::RebuildParameter), Value::Tuple(parts)) => {
            parts.into_iter().next().ok_or_else(empty)
        }
        (Value::Global(Global::RebuildTensor), Value::Tuple(parts)) => match parts.as_slice() {
            [Value::Storage(storage), Value::Int(offset), Value::Tuple(shape), Value::Tuple(strides), ..] => {
                Ok(Value::Tensor(StoredTensor {
                    storage: storage.clone(),
                    offset: *offset,
                    shape: integers(shape)?,
                    strides: integers(strides)?,
                }))
            }
            _ => Err("a tensor of an unknown form".to_owned()),
        },
        _ => Err("a call of what is no function of tensors".to_owned()),
    }
}

fn integers(values: &[Value]) -> Result<Vec<i64>, Refusal> {
    let integer = |value: &Value| match value {
        Value::Int(number) if *number >= 0 => Ok(*number),
        _ => Err("a size that is no number".to_owned()),
    };
    values.iter().map(integer).collect()
}

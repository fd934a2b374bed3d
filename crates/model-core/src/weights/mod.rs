mod folder;
mod load;
mod names;
mod pickle;
mod report;
mod safetensors_file;
mod source;
mod torch_file;

pub use folder::{load_pretrained, read_config, save_pretrained, write_config};
pub use report::{LoadReport, Mismatch};
pub use safetensors_file::save_tensors;
pub use source::Weights;

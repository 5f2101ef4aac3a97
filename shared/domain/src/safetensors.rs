//! Whether a file is what it says it is: a safetensors file, which holds numbers and cannot run code.
//!
//! Its first 8 bytes are the length of a JSON header, which names every tensor and its place in the rest of the file.
//! The tensors themselves are not read: their sizes must add up to the file's.

mod contents;

pub use contents::{BaseModel, Contents};

use std::collections::BTreeMap;

use ::safetensors::tensor::Metadata;

/// What the format allows a header to be.
const LONGEST_HEADER: u64 = 100_000_000;
/// What we read of one. A LoRA names a few thousand tensors, 100 bytes each. JSON takes 25 times its length while it is
/// read, at worst, and that has to fit into the function's memory.
const MOST_READ: u64 = 4 << 20;

/// How much of the metadata is kept: entries, and characters of each.
const ENTRIES: usize = 20;
const CHARACTERS: usize = 200;

/// Why a file is not one; the text tells what to change.
#[derive(Debug, thiserror::Error)]
pub enum NotSafetensors {
    /// It cannot even hold a header.
    #[error("the file has {bytes} bytes, which is too short for a .safetensors file: take the whole file")]
    TooShort {
        /// Its size.
        bytes: u64,
    },
    /// Python's pickle, as it is or in a ZIP archive.
    #[error("this is a PyTorch pickle (.pt/.ckpt/.bin), which can run code: convert it to .safetensors")]
    Pickle,
    /// Something to read.
    #[error("this is a text, such as a web page or a Git LFS pointer: download the .safetensors file itself")]
    Text,
    /// The first 8 bytes are no length of a header, or of one that is not all there.
    #[error("the file has {bytes} bytes and its first 8 announce a header of {header}: cut off, or no .safetensors")]
    HeaderLength {
        /// Its size.
        bytes: u64,
        /// The length that they give.
        header: u64,
    },
    /// The header is one that we do not read.
    #[error("the header has {bytes} bytes, and at most {MOST_READ} are read: remove the metadata that nobody needs")]
    HeaderTooLong {
        /// Its length.
        bytes: u64,
    },
    /// The header is no JSON.
    #[error("the header is not JSON: the file is damaged, or no .safetensors file")]
    NotJson(#[source] serde_json::Error),
    /// The header is JSON and no list of tensors that fit together.
    #[error("the header does not describe its tensors ({}): save it again with the safetensors library", start_of(.0))]
    Inconsistent(#[source] serde_json::Error),
    /// There is nothing in it.
    #[error("the file holds no tensors: export the LoRA's weights again")]
    NoTensors,
    /// It ends before its last tensor does.
    #[error("the file has {bytes} bytes and its header describes {described}: it was cut off, take the whole file")]
    CutOff {
        /// Its size.
        bytes: u64,
        /// What its size should be.
        described: u64,
    },
    /// It goes on after its last tensor.
    #[error("the file has {bytes} bytes and its header describes {described}: save it again, something was appended")]
    Appended {
        /// Its size.
        bytes: u64,
        /// What its size should be.
        described: u64,
    },
}

/// What a header tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How many tensors the file holds.
    pub tensors: u32,
    /// What they are.
    pub contents: Contents,
    /// What the trainer wrote about itself: at most 20 entries of the `ss_` and `modelspec.` families, 200 characters
    /// each.
    pub metadata: BTreeMap<String, String>,
}

/// How long the header is that follows the `first` 8 bytes of a file of `file` bytes.
///
/// # Errors
/// It is no safetensors file.
pub fn header_length(first: &[u8], file: u64) -> Result<u64, NotSafetensors> {
    if first.starts_with(b"PK\x03\x04") {
        return Err(NotSafetensors::Pickle);
    }
    let Some(length) = first.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return Err(NotSafetensors::TooShort { bytes: file });
    };
    if length == 0 || length > LONGEST_HEADER.min(file.saturating_sub(8)) {
        // Looked at only now: the length of a true header may begin with any byte.
        return Err(match first {
            [0x80, 2..=5, ..] => NotSafetensors::Pickle,
            text if text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
                NotSafetensors::Text
            }
            _ => NotSafetensors::HeaderLength { bytes: file, header: length },
        });
    }
    if length > MOST_READ { Err(NotSafetensors::HeaderTooLong { bytes: length }) } else { Ok(length) }
}

/// Reads the `header` of a file of `file` bytes.
///
/// # Errors
/// It is no safetensors file, or not a whole one.
pub fn read_header(header: &[u8], file: u64) -> Result<Header, NotSafetensors> {
    let read: Metadata = serde_json::from_slice(header).map_err(|error| {
        if error.is_data() { NotSafetensors::Inconsistent(error) } else { NotSafetensors::NotJson(error) }
    })?;
    let tensors = read.tensors().len();
    if tensors == 0 {
        return Err(NotSafetensors::NoTensors);
    }
    let described = (read.data_len() as u64).saturating_add(8 + header.len() as u64);
    match file {
        bytes if bytes < described => return Err(NotSafetensors::CutOff { bytes, described }),
        bytes if bytes > described => return Err(NotSafetensors::Appended { bytes, described }),
        _ => {}
    }
    let kept = read.metadata().iter().flatten().filter(|(name, _)| is_kept(name));
    let mut metadata: BTreeMap<String, String> =
        kept.map(|(name, value)| (name.clone(), value.chars().take(CHARACTERS).collect())).collect();
    while metadata.len() > ENTRIES {
        metadata.pop_last();
    }
    let named = read.tensors();
    let named: Vec<_> = named
        .iter()
        .map(|(name, info)| (name.as_str(), info.shape.iter().max().map_or(0, |side| *side as u64)))
        .collect();
    let contents = contents::of(&named, &metadata);
    Ok(Header { tensors: u32::try_from(tensors).unwrap_or(u32::MAX), contents, metadata })
}

/// As much as a person reads: the whole may quote the file.
fn start_of(error: &serde_json::Error) -> String {
    error.to_string().chars().take(CHARACTERS).collect()
}

fn is_kept(name: &str) -> bool {
    name.len() <= CHARACTERS && (name.starts_with("ss_") || name.starts_with("modelspec."))
}

#[cfg(test)]
mod tests {
    use ::safetensors::{Dtype, serialize, tensor::TensorView};

    use super::*;

    fn file(metadata: &[(&str, String)]) -> Vec<u8> {
        let numbers = [0_u8; 16];
        let tensors =
            ["lora_A", "lora_B"].map(|name| (name, TensorView::new(Dtype::F16, vec![2, 4], &numbers).unwrap()));
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        serialize(tensors, Some(metadata)).unwrap()
    }

    /// A header around `json`, and `data` bytes behind it.
    fn made(json: &str, data: usize) -> Vec<u8> {
        let length = (json.len() as u64).to_le_bytes();
        [&length, json.as_bytes(), &vec![0; data]].concat()
    }

    fn check(file: &[u8]) -> Result<Header, NotSafetensors> {
        let length = header_length(&file[..file.len().min(8)], file.len() as u64)?;
        read_header(&file[8..8 + usize::try_from(length).unwrap()], file.len() as u64)
    }

    fn refusal(file: &[u8]) -> String {
        check(file).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_passes_with_a_little_of_its_metadata() {
        let header = check(&file(&[
            ("ss_base_model_version", "flux1".to_owned()),
            ("modelspec.title", "é".repeat(300)),
            ("format", "pt".to_owned()),
        ]));
        let Header { tensors, contents, metadata } = header.unwrap();
        assert_eq!(contents, Contents::Lora(Some(BaseModel::Flux1)));
        assert_eq!(tensors, 2);
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["modelspec.title", "ss_base_model_version"]);
        assert_eq!(metadata["modelspec.title"], "é".repeat(200));
        let names: Vec<String> = (0..50).map(|number| format!("ss_{number:03}")).collect();
        let long = format!("ss_{}", "x".repeat(1000));
        let many: Vec<_> = names.iter().chain([&long]).map(|name| (name.as_str(), String::new())).collect();
        let kept = check(&file(&many)).unwrap().metadata;
        assert_eq!((kept.len(), kept.keys().last().unwrap().as_str()), (20, "ss_019"));
    }

    #[test]
    fn a_length_may_begin_like_a_pickle() {
        let json = r#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#;
        let padded = format!("{json}{}", " ".repeat(0x280 - json.len()));
        assert!(made(&padded, 2).starts_with(&[0x80, 2]));
        assert_eq!(check(&made(&padded, 2)).unwrap().tensors, 1);
    }

    #[test]
    fn each_refusal_tells_what_to_change() {
        let tensor = |offsets: &str| format!(r#"{{"a":{{"dtype":"F16","shape":[2],"data_offsets":{offsets}}}}}"#);
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("empty", vec![]),
            ("seven bytes", vec![1; 7]),
            ("ZIP of a pickle", b"PK\x03\x04\0\0\x08\x08archive/data.pkl".to_vec()),
            ("pickle", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec()),
            ("web page", b"<!DOCTYPE html><html>Not found</html>".to_vec()),
            ("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00".to_vec()),
            ("GGUF", [b"GGUF\x03\0\0\0".as_slice(), &[0; 64]].concat()),
            ("no header", made("", 64)),
            ("header beyond the file", made(&tensor("[0,4]"), 4)[..20].to_vec()),
            ("not JSON", made("{\"a\":", 4)),
            ("no object", made("[]", 4)),
            ("offsets apart", made(&tensor("[4,8]"), 8)),
            ("size of another shape", made(&tensor("[0,8]"), 8)),
            ("unknown type", made(&tensor("[0,4]").replace("F16", "INT4"), 4)),
            ("no tensors", made(r#"{"__metadata__":{"format":"pt"}}"#, 0)),
            ("cut off", made(&tensor("[0,4]"), 3)),
            ("appended", made(&tensor("[0,4]"), 5)),
        ];
        let lines: Vec<String> = cases.iter().map(|(name, file)| format!("{name}: {}", refusal(file))).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        empty: the file has 0 bytes, which is too short for a .safetensors file: take the whole file
        seven bytes: the file has 7 bytes, which is too short for a .safetensors file: take the whole file
        ZIP of a pickle: this is a PyTorch pickle (.pt/.ckpt/.bin), which can run code: convert it to .safetensors
        pickle: this is a PyTorch pickle (.pt/.ckpt/.bin), which can run code: convert it to .safetensors
        web page: this is a text, such as a web page or a Git LFS pointer: download the .safetensors file itself
        Git LFS pointer: this is a text, such as a web page or a Git LFS pointer: download the .safetensors file itself
        GGUF: the file has 72 bytes and its first 8 announce a header of 14064895815: cut off, or no .safetensors
        no header: the file has 72 bytes and its first 8 announce a header of 0: cut off, or no .safetensors
        header beyond the file: the file has 20 bytes and its first 8 announce a header of 54: cut off, or no .safetensors
        not JSON: the header is not JSON: the file is damaged, or no .safetensors file
        no object: the header does not describe its tensors (invalid type: sequence, expected struct HashMetadata at line 1 column 0): save it again with the safetensors library
        offsets apart: the header does not describe its tensors (invalid offset for tensor `a`): save it again with the safetensors library
        size of another shape: the header does not describe its tensors (invalid shape, data type, or offset for tensor): save it again with the safetensors library
        unknown type: the header does not describe its tensors (unknown variant `INT4`, expected one of `BOOL`, `F4`, `F6_E2M3`, `F6_E3M2`, `U8`, `I8`, `F8_E5M2`, `F8_E4M3`, `F8_E8M0`, `F8_E4M3FNUZ`, `F8_E5M2FNUZ`, `I16`, `U16`, `F16`, `BF16`, `I32`, `U32`, `F32`,): save it again with the safetensors library
        no tensors: the file holds no tensors: export the LoRA's weights again
        cut off: the file has 65 bytes and its header describes 66: it was cut off, take the whole file
        appended: the file has 67 bytes and its header describes 66: save it again, something was appended
        ");
    }

    #[test]
    fn a_header_is_not_read_without_end() {
        let long = |bytes: u64| header_length(&bytes.to_le_bytes(), 1 << 40).map_err(|error| error.to_string());
        assert_eq!(long(4 << 20), Ok(4 << 20));
        assert!(
            long((4 << 20) + 1).unwrap_err().starts_with("the header has 4194305 bytes, and at most 4194304 are read")
        );
        assert!(long(100_000_001).is_err());
        assert!(long(u64::MAX).is_err());
        let overflow = r#"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#;
        assert!(check(&made(overflow, 8)).is_err());
        let name = overflow.replace("\"a\"", &format!("\"{}\"", "x".repeat(10_000))).replace("[0,", "[1,");
        assert!(refusal(&made(&name, 8)).len() < 400, "nor is it quoted without end");
    }
}

//! Draws one image, encodes it, and puts it on the file host, or spoils it as a fault demands.

use std::io::Cursor;

use base64::{Engine, prelude::BASE64_STANDARD};
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageError, ImageFormat,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use serde_json::{Map, Value, json};

use super::{
    drawing::{Drawing, draw},
    emulation::Emulation,
    fault::{Fault, FileFault},
    files::output_path,
    references::Known,
    request::Request,
    store::{StoreError, StoredFile},
};

const ERROR_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>";
const HEAVY_JPEG_BYTES: usize = 12_000_000;
const JPEG_QUALITY: u8 = 90;

/// One image of an output.
pub(super) struct Published {
    pub(super) url: String,
    pub(super) width: u32,
    pub(super) height: u32,
    content_type: &'static str,
    file_name: String,
    file_size: usize,
}

/// Why an image could not be published.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error("the image could not be encoded")]
    Encode(#[from] ImageError),
    #[error("the drawing thread ended early")]
    Drawing(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Published {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "url": self.url,
            "width": self.width,
            "height": self.height,
            "content_type": self.content_type,
            "file_name": self.file_name,
            "file_size": self.file_size,
        })
    }
}

/// Publishes the image of the output that has this `number`, from 0.
pub(super) async fn publish(
    emulation: &Emulation,
    request: &Request,
    input: &Map<String, Value>,
    drawing: Drawing,
    number: usize,
) -> Result<Published, PublishError> {
    let fault = request.faults.iter().find_map(|fault| match fault {
        Fault::File(FileFault::HtmlOf { image }) => (*image == number).then_some(FileFault::Html),
        Fault::File(file) => Some(file.clone()),
        Fault::Submit(_) | Fault::Generation(_) | Fault::Drawing(_) | Fault::Webhook(_) | Fault::Question(_) => None,
    });
    let format = match (&fault, input.get("output_format").and_then(Value::as_str)) {
        (Some(FileFault::HeavyJpeg | FileFault::TruncatedJpeg), _) | (_, Some("jpeg")) => ImageFormat::Jpeg,
        (_, Some("webp")) => ImageFormat::WebP,
        (_, _) => ImageFormat::Png,
    };
    let (width, height) = (drawing.width, drawing.height);
    let in_line = input.get("sync_mode").and_then(Value::as_bool).unwrap_or(false);
    let path = output_path(&request.id, number, extension(format));
    let content_type = if fault == Some(FileFault::Html) { "text/html" } else { format.to_mime_type() };
    let file_path = (!in_line).then(|| path.clone());
    let store = emulation.store.clone();
    // As many at once as there are processors: more would take no less time, and each takes tens of megabytes.
    let _turn = emulation.drawing.acquire().await;
    let drawn = tokio::task::spawn_blocking(move || {
        let image = DynamicImage::ImageRgb8(draw(&drawing));
        let bytes = spoiled(encode(&image, format)?, fault.as_ref())?;
        let known = Known::new(file_path.clone(), &bytes, &image, drawing.origin);
        if let Some(path) = file_path {
            let file = StoredFile { content_type: content_type.to_owned(), fault, bytes };
            store.save_file(&path, &file)?;
            return Ok((known, file.bytes));
        }
        Ok::<_, PublishError>((known, bytes))
    });
    let (known, bytes) = drawn.await??;
    // It is there already where the process was killed before the request was complete.
    if emulation.known_images.at(&path).is_none() {
        emulation.store.save_known_image(&known)?;
        emulation.known_images.add(known);
    }
    Ok(Published {
        url: if in_line {
            format!("data:{};base64,{}", format.to_mime_type(), BASE64_STANDARD.encode(&bytes))
        } else {
            format!("{}{path}", emulation.origin)
        },
        width,
        height,
        content_type: format.to_mime_type(),
        file_name: path.rsplit('/').next().unwrap_or_default().to_owned(),
        file_size: bytes.len(),
    })
}

fn extension(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "jpeg",
        ImageFormat::WebP => "webp",
        _ => "png",
    }
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?,
        other => image.write_to(&mut Cursor::new(&mut bytes), other)?,
    }
    Ok(bytes)
}

fn spoiled(image: Vec<u8>, fault: Option<&FileFault>) -> Result<Vec<u8>, ImageError> {
    match fault {
        None
        | Some(FileFault::Missing | FileFault::Answer { .. } | FileFault::Slow { .. } | FileFault::Redirect { .. }) => {
            Ok(image)
        }
        Some(FileFault::Html | FileFault::HtmlOf { .. }) => Ok(ERROR_PAGE.into()),
        Some(FileFault::HugePng) => huge_png(),
        Some(FileFault::HeavyJpeg) => Ok(heavy_jpeg(&image)),
        Some(FileFault::Given { bytes }) => Ok(bytes.clone()),
        Some(FileFault::TruncatedJpeg) => Ok(image[..image.len() / 2].to_vec()),
    }
}

/// 200 megapixels of grey.
fn huge_png() -> Result<Vec<u8>, ImageError> {
    let (width, height) = (20_000, 10_000);
    let pixels = vec![128; 200_000_000];
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&pixels, width, height, ExtendedColorType::L8)?;
    Ok(bytes)
}

/// The same JPEG with comment segments behind its start marker.
fn heavy_jpeg(image: &[u8]) -> Vec<u8> {
    const COMMENT: usize = 65_000;
    let (start, rest) = image.split_at(2);
    let mut bytes = start.to_vec();
    while bytes.len() + rest.len() < HEAVY_JPEG_BYTES {
        bytes.extend_from_slice(&[0xff, 0xfe]);
        bytes.extend_from_slice(&(COMMENT as u16).to_be_bytes());
        bytes.resize(bytes.len() + COMMENT - 2, b' ');
    }
    bytes.extend_from_slice(rest);
    bytes
}

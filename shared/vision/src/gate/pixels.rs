//! From bytes whose header passed to pixels: decoded within bounded memory, in sRGB, upright.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, RgbImage, imageops};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

use super::{Format, Header, Limits, Rejected, corrupt, jpeg, png};
use crate::colour::{self, Said, Space};

/// 8 bits a channel, RGB or RGBA.
pub(super) fn decode(bytes: &[u8], header: &Header, limits: &Limits) -> Result<DynamicImage, Rejected> {
    let (image, exif) = match header.format {
        Format::Png => (of_png(bytes, header, limits)?, png::exif(bytes).and_then(Orientation::from_exif_chunk)),
        Format::Jpeg if jpeg::has_inks(bytes) => of_inks(bytes, header)?,
        Format::Jpeg => of_light(JpegDecoder::new(Cursor::new(bytes)).map_err(damaged(header))?, header, limits)?,
        Format::Webp => of_light(WebPDecoder::new(Cursor::new(bytes)).map_err(damaged(header))?, header, limits)?,
    };
    let mut image = image;
    image.apply_orientation(exif.unwrap_or(Orientation::NoTransforms));
    Ok(image)
}

fn of_png(bytes: &[u8], header: &Header, limits: &Limits) -> Result<DynamicImage, Rejected> {
    let still = png::still(bytes);
    let decoder = PngDecoder::with_limits(Cursor::new(still.png), beside_the_pixels()).map_err(damaged(header))?;
    let image = whole(shallow(decoder, limits)?, header)?;
    let image = colour::to_srgb(image, png::said(bytes).iter().find_map(Space::of).as_ref());
    let Some((left, top)) = still.offset else { return Ok(image) };
    let mut canvas = DynamicImage::new_rgba8(header.width, header.height);
    imageops::replace(&mut canvas, &image, left.into(), top.into());
    Ok(canvas)
}

fn of_light(
    decoder: impl ImageDecoder,
    header: &Header,
    limits: &Limits,
) -> Result<(DynamicImage, Option<Orientation>), Rejected> {
    let mut decoder = shallow(decoder, limits)?;
    // A broken block of EXIF or colours is no reason to lose the picture.
    let orientation = decoder.orientation().ok();
    let space = decoder.icc_profile().ok().flatten().and_then(|profile| Space::of(&Said::Icc(profile)));
    Ok((colour::to_srgb(whole(decoder, header)?, space.as_ref()), orientation))
}

/// `image` mixes inks to colours by itself, without the profile that says which inks they are.
fn of_inks(bytes: &[u8], header: &Header) -> Result<(DynamicImage, Option<Orientation>), Rejected> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize);
    let damaged = |error: zune_jpeg::errors::DecodeErrors| corrupt(header.format, &error.to_string());
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let space = decoder.icc_profile().and_then(|profile| Space::of(&Said::Icc(profile)));
    let inks = decoder.input_colorspace().filter(|found| matches!(found, ColorSpace::CMYK | ColorSpace::YCCK));
    let inks = inks.ok_or_else(|| corrupt(header.format, "four components that are not inks"))?;

    let options = options.jpeg_set_out_colorspace(inks);
    let mut samples = vec![0; header.width as usize * header.height as usize * 4];
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_into(&mut samples).map_err(damaged)?;
    if decoder.output_buffer_size() != Some(samples.len()) {
        return Err(corrupt(header.format, "its size changes within the file"));
    }
    if inks == ColorSpace::YCCK {
        samples.chunks_exact_mut(4).for_each(jpeg::inks_of_ycck);
    }
    let rgb = RgbImage::from_raw(header.width, header.height, colour::inks_to_srgb(samples, space.as_ref()));
    let rgb = rgb.ok_or_else(|| corrupt(header.format, "its size changes within the file"))?;
    Ok((DynamicImage::ImageRgb8(rgb), orientation))
}

fn damaged(header: &Header) -> impl Fn(ImageError) -> Rejected {
    let format = header.format;
    move |error| corrupt(format, &error.to_string())
}

/// Pixels of 16 bits a channel count for as many as they take the room of.
fn shallow<D: ImageDecoder>(decoder: D, limits: &Limits) -> Result<D, Rejected> {
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes().div_ceil(4) > limits.max_pixels {
        return Err(Rejected::TooManyPixels { width, height, limit: limits.max_pixels });
    }
    Ok(decoder)
}

fn whole(mut decoder: impl ImageDecoder, header: &Header) -> Result<DynamicImage, Rejected> {
    decoder.set_limits(allocation(header)).map_err(damaged(header))?;
    DynamicImage::from_decoder(decoder).map_err(damaged(header))
}

/// What a PNG may unfold beside its pixels: rows and a palette. Everything else was taken out.
fn beside_the_pixels() -> image::Limits {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(8 << 20);
    limits
}

/// The decoder may use what the inspected header justifies, should it find other dimensions deeper in the file.
fn allocation(header: &Header) -> image::Limits {
    let mut limits = image::Limits::no_limits();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    // 16-bit RGBA, twice, and room for tables.
    limits.max_alloc = Some(u64::from(header.width) * u64::from(header.height) * 16 + (4 << 20));
    limits
}

//! `likeness demo`, as a person runs it: the real process, the files that it leaves, and what it says.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test's own steps ends the test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use image::{GenericImageView, ImageFormat, RgbImage};

fn demo(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    // Nothing of the developer's, least of all a key that pays.
    command.env_clear().arg("demo").args(words).args(["--fal-delay", "0", "--port", "0"]);
    command.arg("--data").arg(folder.join("data")).arg("--out").arg(folder.join("out")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The one picture in `folder` whose name ends so.
fn picture(folder: &Path, ending: &str) -> RgbImage {
    let files = fs::read_dir(folder.join("out")).unwrap().map(|entry| entry.unwrap().path());
    let named: Vec<_> = files.filter(|file| file.to_str().unwrap().ends_with(ending)).collect();
    assert_eq!(named.len(), 1, "{ending}: {named:?}");
    image::load_from_memory_with_format(&fs::read(&named[0]).unwrap(), ImageFormat::Png).unwrap().into_rgb8()
}

/// The mean difference of two pictures' channels.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.len() as f64
}

#[test]
fn one_sentence_becomes_a_character_its_turnaround_and_a_scene() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &["a lighthouse keeper in a yellow raincoat with a grey beard"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("\nturnaround  12/12\n") && said.contains("\nscene        1/1\n"), "{said}");
    // Twelve views at 0.04 beside the master and the scene.
    assert!(
        said.contains("$0.025\n") && said.contains("$0.480\n") && said.contains("\nsum         $0.541, "),
        "{said}"
    );

    // Whether all match hangs on the picture, which is another one each time.
    assert!(said.contains("-consistency.svg\n"), "{said}");
    assert_eq!(picture(folder.path(), "-master.png").dimensions(), (1024, 1024));
    assert_eq!(picture(folder.path(), "-scene.png").dimensions(), (1920, 1088));
    let sheet = picture(folder.path(), "-turnaround.png");
    assert_eq!(sheet.dimensions(), (2064, 1251));
    // Four columns of 320 pixels and a gap, right of the master.
    let cell = |index: u32| sheet.view(704 + index % 4 * 336, 88 + index / 4 * 380, 320, 320).to_image();
    let cells: Vec<RgbImage> = (0..12).map(cell).collect();
    for (index, one) in cells.iter().enumerate() {
        for (other_index, other) in cells.iter().enumerate().skip(index + 1) {
            let difference = difference(one, other);
            assert!(difference > 1.0, "views {index} and {other_index} are {difference} apart");
        }
    }
}

#[test]
fn what_the_api_refuses_is_told_in_words_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &["keeper"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("/description must have 10 to 1000 characters, and has 6"), "{error}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_scene_that_would_be_refused_is_refused_before_anything_is_paid_for() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &["a lighthouse keeper in a yellow raincoat", "--scene", "the pier"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("10 to 1000"), "{}", text(&output.stderr));
    assert!(!folder.path().join("data").exists());
}

//! Folders of images.

use std::fs;
use std::io::Cursor;

use apical::dataset::{Dataset, ReadOptions};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{class_names, coloured, error_of, folder_of, sized};

pub(super) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Returns a grey image with a bright left half.
fn grey(width: u32, height: u32, bright: u8) -> Vec<u8> {
    let pixel = |x, _| Luma([if x < width / 2 { bright } else { 10 }]);
    encoded(GrayImage::from_fn(width, height, pixel), ImageFormat::Png)
}

fn red(width: u32, height: u32) -> Vec<u8> {
    encoded(RgbImage::from_pixel(width, height, Rgb([200, 100, 0])), ImageFormat::Png)
}

/// Returns two classes of 4 x 2 images: three training images of cats, one of a dog, and one test image of each.
fn pets() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("train/dog/0.png", grey(4, 2, 100)),
        ("train/cat/2.png", grey(4, 2, 2)),
        ("train/cat/0.png", grey(4, 2, 200)),
        ("train/cat/1.png", grey(4, 2, 1)),
        ("test/dog/a.png", grey(4, 2, 50)),
        ("test/cat/a.png", grey(4, 2, 60)),
    ]
}

fn pets_with(more: Vec<(&'static str, Vec<u8>)>) -> TempDir {
    folder_of(pets().into_iter().chain(more))
}

#[test]
fn classes_are_named_and_sorted_by_folder() {
    let folder = pets_with(vec![]);
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!((set.training_count, set.test_count), (4, 2));
    assert_eq!((set.height, set.width, set.channels), (2, 4, 1));
    assert_eq!((set.classes, set.max_pixel), (2, 200));
    assert_eq!(set.class_names, ["cat", "dog"]);
    assert_eq!(set.warnings, Vec::<String>::new());
    // The classes are interleaved: the dog is between the cats.
    assert_eq!(set.labels(), [0, 0, 1, 0, 0, 1]);
    assert_eq!(set.image(0), [200, 200, 10, 10, 200, 200, 10, 10]);
    assert_eq!((set.image(1)[0], set.image(2)[0], set.image(3)[0]), (1, 100, 2));
    assert_eq!((set.image(4)[0], set.image(5)[0]), (60, 50));
}

#[test]
fn images_are_scaled_to_first_or_requested_size() {
    // The first image by name, cat/0, sets the size.
    let folder =
        pets_with(vec![("train/dog/1.png", grey(40, 20, 120)), ("test/dog/b.png", grey(8, 8, 77))]);
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!((set.height, set.width), (2, 4));
    let large = (0..5).find(|&index| set.image(index)[0] == 120).unwrap();
    let row = &set.image(large)[..4];
    assert_eq!((row[0], row[3]), (120, 10));
    assert!(row[1] > row[2], "{row:?}");
    let conversions = set.conversions.join("\n");
    assert!(conversions.contains("train: 1 image scaled to 4x2 pixels\n"), "{conversions}");
    assert!(
        conversions
            .contains("test: 1 image scaled to 4x2 pixels, 1 of them to another aspect ratio"),
        "{conversions}"
    );

    let set = Dataset::open_as(folder.path(), &sized(6, 3)).unwrap();
    assert_eq!((set.height, set.width), (3, 6));
    assert_eq!(set.images().len(), 8 * 18);
}

#[test]
fn colour_has_three_bytes_and_grey_is_the_default() {
    let folder = folder_of([
        ("train/red/a.png", red(2, 1)),
        ("train/grey/a.png", grey(2, 1, 90)),
        ("test/red/a.png", red(2, 1)),
    ]);
    let set = Dataset::open_as(folder.path(), &coloured()).unwrap();
    assert_eq!((set.height, set.width, set.channels), (1, 6, 3));
    assert_eq!(set.class_names, ["grey", "red"]);
    assert_eq!(set.image(0), [90, 90, 90, 10, 10, 10]);
    assert_eq!(set.image(1), [200, 100, 0, 200, 100, 0]);
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!((set.width, set.channels), (2, 1));
    // Luma weighs green most: the result is above the mean and below red.
    let shade = set.image(1)[0];
    assert!((100..150).contains(&shade), "{shade}");
    assert!(set.warnings.iter().any(|note| note.ends_with("test/grey: no test images")));
}

#[test]
fn format_is_detected_by_content() {
    let jpeg = encoded(GrayImage::from_pixel(4, 2, Luma([180])), ImageFormat::Jpeg);
    let folder = pets_with(vec![("train/dog/1.JPG", jpeg.clone()), ("train/dog/2.png", jpeg)]);
    let set = Dataset::open(folder.path()).unwrap();
    let bright = (0..6).filter(|&index| set.image(index).iter().all(|&p| p.abs_diff(180) < 4));
    assert_eq!(bright.count(), 2);
}

#[test]
fn other_files_are_skipped_with_a_warning() {
    let text = b"hello".to_vec();
    let folder = pets_with(vec![
        ("train/notes.txt", text.clone()),
        ("train/.DS_Store", text.clone()),
        ("train/cat/.hidden.png", text.clone()),
        ("train/cat/Thumbs.db", text.clone()),
        ("train/cat/deep.png/x.png", text.clone()),
    ]);
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!(set.training_count, 4);
    let notes = set.warnings.join("\n");
    for text in [
        "train/cat: 1 folder skipped, beside the images: deep.png",
        "train: 1 file skipped, not in a class folder: notes.txt",
    ] {
        assert!(notes.contains(text), "{notes}\nlacks: {text}");
    }
    assert_eq!(set.warnings.len(), 2, "{notes}");
}

#[test]
fn invalid_images_are_listed_in_one_error() {
    let mut truncated = grey(4, 2, 1);
    truncated.truncate(truncated.len() / 2);
    let folder = pets_with(vec![
        ("train/cat/3.png", b"no image".to_vec()),
        ("train/dog/3.png", vec![]),
        ("test/dog/3.png", truncated),
    ]);
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.starts_with("cannot read 3 files\n"), "{message}");
    for fault in [
        "train/cat/3.png: expected an image (PNG, JPEG, BMP, GIF, WebP, TIFF, or PGM), found text",
        "train/dog/3.png: expected an image (PNG, JPEG, BMP, GIF, WebP, TIFF, or PGM), found an empty file",
        "test/dog/3.png: damaged PNG image: the file ends inside a chunk",
    ] {
        assert!(message.contains(&format!("\n  {fault}")), "{message}\nlacks: {fault}");
    }
    // The list ends after the first 20 files.
    let many: Vec<String> = (0..30).map(|index| format!("train/cat/x{index:02}.png")).collect();
    let files = many.iter().map(|name| (name.as_str(), vec![1, 2, 3]));
    let folder = folder_of(pets().into_iter().chain(files));
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.ends_with("\n  and 10 more") && message.lines().count() == 22, "{message}");
}

#[test]
fn false_header_allocates_no_memory() {
    // Bytes 16 to 23 of a PNG are its size; the change also makes the chunk's checksum wrong.
    let mut huge = grey(4, 2, 1);
    huge[16..24].fill(0x7f);
    let folder = pets_with(vec![("train/cat/3.png", huge)]);
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.contains("train/cat/3.png: damaged PNG image: "), "{message}");

    let folder = folder_of([
        ("train/cat/0.png", grey(1200, 2, 9)),
        ("train/dog/0.png", grey(4, 2, 9)),
        ("test/dog/0.png", grey(4, 2, 9)),
    ]);
    let expected = "train/cat/0.png: expected at most 1024 pixels per side without --image-size, \
                    found 1200x2";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
    let set = Dataset::open_as(folder.path(), &sized(4, 2)).unwrap();
    assert_eq!(set.training_count, 2);
}

#[test]
fn inconsistent_folders_are_refused() {
    let assert_error = |files: Vec<(&'static str, Vec<u8>)>, expected: &str| {
        let folder = folder_of(files);
        assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
    };
    let only =
        |prefix: &str| pets().into_iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    assert_error(
        only("train"),
        "DIR: expected a test set, found none; add one, or split it off with --test-fraction 0.2",
    );
    assert_error(
        only("test"),
        "DIR: expected the folder train with a folder per class, found test only",
    );
    let mut files = pets();
    files.push(("test/fox/a.png", grey(4, 2, 1)));
    assert_error(files, "test/fox: expected a class of train (cat, dog), found fox");
    let mut files: Vec<_> = only("train");
    files.push(("test/cat/note.txt", vec![]));
    assert_error(files, "test: expected images in class folders, found none");
    let mut files = pets();
    files.push(("train/fox/note.txt", vec![]));
    assert_error(
        files,
        "train/fox: expected images (.png, .jpg, .jpeg, .bmp, .gif, .webp, .tif, .tiff, .pgm, .ppm, .pbm, \
         .pnm), found note.txt",
    );
    let files = vec![("train/a.png", grey(4, 2, 1)), ("test/cat/a.png", grey(4, 2, 1))];
    assert_error(files, "train: expected a folder of images per class, found a.png");
    let files = vec![("train/cat/a.png", grey(4, 2, 1)), ("test/cat/a.png", grey(4, 2, 1))];
    assert_error(files, "train: expected at least two classes, found the label 0 only");
}

#[test]
fn more_than_256_classes_are_refused() {
    let folder = pets_with(vec![]);
    for class in 0..256 {
        let class = folder.path().join("train").join(format!("class{class}"));
        fs::create_dir(&class).unwrap();
        fs::write(class.join("a.png"), grey(4, 2, 1)).unwrap();
    }
    let expected = "train: expected at most 256 folders, one per class, found 258";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
}

#[test]
fn class_names_have_no_control_characters() {
    let folder = pets_with(vec![("train/a\u{1b}[2Jb/a.png", grey(4, 2, 1))]);
    assert_eq!(class_names(folder.path()), ["a[2Jb", "cat", "dog"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn reader_never_panics(
        jpeg: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let format = if jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
        let mut bytes = encoded(RgbImage::from_pixel(5, 3, Rgb([1, 2, 3])), format);
        for (index, value) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let folder = pets_with(vec![("train/cat/9.png", bytes)]);
        match Dataset::open(folder.path()) {
            Ok(set) => prop_assert_eq!(set.training_count, 5),
            Err(error) => prop_assert!(error.to_string().contains("9.png"), "{}", error),
        }
    }
}

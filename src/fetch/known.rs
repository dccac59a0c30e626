//! The known data sets: files, mirrors and checksums.

use crate::dataset::class_names::numeric;

/// A data set with known mirrors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownDataset {
    /// Handwritten digits (LeCun, Cortes & Burges).
    Mnist,
    /// Articles of clothing (Xiao, Rasul & Vollgraf 2017).
    FashionMnist,
    /// Cursive hiragana (Clanuwat et al. 2018).
    Kmnist,
    /// Handwritten digits and letters (Cohen et al. 2017).
    Emnist(EmnistSplit),
}

/// A split of EMNIST, as its authors defined it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum EmnistSplit {
    /// 47 balanced classes of digits and letters: 112,800 and 18,800 images
    #[default]
    Balanced,
    /// 62 classes of digits, capital and small letters: 697,932 and 116,323 images
    Byclass,
    /// 47 classes, with letters merged that look alike in both cases: 697,932 and 116,323 images
    Bymerge,
    /// 10 classes of digits: 240,000 and 40,000 images
    Digits,
    /// 26 classes of letters in both cases: 124,800 and 20,800 images
    Letters,
    /// 10 classes of digits, as many as in MNIST: 60,000 and 10,000 images
    Mnist,
}

/// SHA-256 in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Checksum of the file.
    Whole(&'static str),
    /// Checksum of the decompressed content, since mirrors compress it differently.
    Decompressed(&'static str),
}

/// A file of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// File name, appended to a mirror's URL.
    pub name: &'static str,
    /// Required checksum.
    pub checksum: Checksum,
    /// Largest accepted size, bytes.
    pub max_bytes: u64,
}

/// Limit for each of the four IDX files, bytes.
const MAX_BYTES: u64 = 64 << 20;
/// Limit for the EMNIST archive, which has 561,753,746 bytes.
const MAX_ARCHIVE_BYTES: u64 = 1 << 30;

const TRAINING_IMAGES: &str = "train-images-idx3-ubyte.gz";
const TRAINING_LABELS: &str = "train-labels-idx1-ubyte.gz";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte.gz";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte.gz";

const fn whole(name: &'static str, checksum: &'static str) -> RemoteFile {
    RemoteFile { name, checksum: Checksum::Whole(checksum), max_bytes: MAX_BYTES }
}

const fn decompressed(name: &'static str, checksum: &'static str) -> RemoteFile {
    RemoteFile { name, checksum: Checksum::Decompressed(checksum), max_bytes: MAX_BYTES }
}

/// Checksums as in `data/mnist/README.md`.
static MNIST: [RemoteFile; 4] = [
    decompressed(
        TRAINING_IMAGES,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    decompressed(
        TRAINING_LABELS,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    decompressed(TEST_IMAGES, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    decompressed(TEST_LABELS, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

static FASHION_MNIST: [RemoteFile; 4] = [
    whole(TRAINING_IMAGES, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    whole(TRAINING_LABELS, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    whole(TEST_IMAGES, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    whole(TEST_LABELS, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
];

static KMNIST: [RemoteFile; 4] = [
    whole(TRAINING_IMAGES, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
    whole(TRAINING_LABELS, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
    whole(TEST_IMAGES, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
    whole(TEST_LABELS, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
];

static EMNIST: [RemoteFile; 1] = [RemoteFile {
    name: "gzip.zip",
    checksum: Checksum::Whole("fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"),
    max_bytes: MAX_ARCHIVE_BYTES,
}];

const CLOTHES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
const HIRAGANA: [&str; 10] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];
/// Small letters that differ from their capitals.
const UNLIKE_CAPITALS: &str = "abdefghnqrt";

impl KnownDataset {
    /// Returns the files to download: four IDX files, or one archive.
    pub fn files(self) -> &'static [RemoteFile] {
        match self {
            KnownDataset::Mnist => &MNIST,
            KnownDataset::FashionMnist => &FASHION_MNIST,
            KnownDataset::Kmnist => &KMNIST,
            KnownDataset::Emnist(_) => &EMNIST,
        }
    }

    /// Returns the URLs of folders with the files, in order of preference. The checksums protect the ones without TLS.
    pub fn mirrors(self) -> &'static [&'static str] {
        match self {
            KnownDataset::Mnist => &[
                "https://storage.googleapis.com/cvdf-datasets/mnist",
                "https://ossci-datasets.s3.amazonaws.com/mnist",
            ],
            KnownDataset::FashionMnist => &[
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            ],
            KnownDataset::Kmnist => &[
                "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
            ],
            KnownDataset::Emnist(_) => &[
                "https://biometrics.nist.gov/cs_links/EMNIST",
                "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST",
            ],
        }
    }

    /// Returns the class names, `None` if they are digits.
    pub fn class_names(self) -> Option<Vec<String>> {
        match self {
            KnownDataset::Mnist => None,
            KnownDataset::FashionMnist => Some(CLOTHES.map(str::to_string).to_vec()),
            KnownDataset::Kmnist => Some(HIRAGANA.map(str::to_string).to_vec()),
            KnownDataset::Emnist(split) => Some(split.class_names()),
        }
    }
}

impl EmnistSplit {
    /// Returns the split's name in the archive.
    pub fn name(self) -> &'static str {
        match self {
            EmnistSplit::Balanced => "balanced",
            EmnistSplit::Byclass => "byclass",
            EmnistSplit::Bymerge => "bymerge",
            EmnistSplit::Digits => "digits",
            EmnistSplit::Letters => "letters",
            EmnistSplit::Mnist => "mnist",
        }
    }

    /// Returns the archive's label of the first class.
    pub(super) fn first_label(self) -> u8 {
        u8::from(self == EmnistSplit::Letters)
    }
    /// Returns a digit or a letter per class.
    pub fn class_names(self) -> Vec<String> {
        let letters = |letters: &mut dyn Iterator<Item = char>| letters.map(String::from).collect();
        let small: Vec<String> = match self {
            EmnistSplit::Digits | EmnistSplit::Mnist => return numeric(10),
            EmnistSplit::Letters => return letters(&mut ('a'..='z')),
            EmnistSplit::Byclass => letters(&mut ('a'..='z')),
            EmnistSplit::Balanced | EmnistSplit::Bymerge => letters(&mut UNLIKE_CAPITALS.chars()),
        };
        [numeric(10), letters(&mut ('A'..='Z')), small].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnist_checksums_match_readme() {
        let readme = include_str!("../../data/mnist/README.md");
        for RemoteFile { name, checksum, .. } in MNIST {
            let Checksum::Decompressed(checksum) = checksum else { panic!("{name}") };
            let line = format!("{checksum}  {}", name.trim_end_matches(".gz"));
            assert!(readme.lines().any(|found| found == line), "README lacks {line:?}");
        }
    }

    #[test]
    fn checksums_are_hexadecimal_and_distinct() {
        let sets = [
            KnownDataset::Mnist,
            KnownDataset::FashionMnist,
            KnownDataset::Kmnist,
            KnownDataset::Emnist(EmnistSplit::Mnist),
        ];
        let mut all: Vec<&str> = sets
            .iter()
            .flat_map(|set| set.files())
            .map(|file| match file.checksum {
                Checksum::Whole(checksum) | Checksum::Decompressed(checksum) => checksum,
            })
            .collect();
        let is_sha256 = |text: &&str| {
            text.len() == 64 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        };
        assert!(all.iter().all(is_sha256), "{all:?}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 13);
    }

    #[test]
    fn splits_have_one_name_per_class() {
        let counts = [
            (EmnistSplit::Balanced, 47),
            (EmnistSplit::Byclass, 62),
            (EmnistSplit::Bymerge, 47),
            (EmnistSplit::Digits, 10),
            (EmnistSplit::Letters, 26),
            (EmnistSplit::Mnist, 10),
        ];
        for (split, count) in counts {
            assert_eq!(split.class_names().len(), count, "{split:?}");
        }
        assert_eq!(EmnistSplit::Balanced.class_names()[36..38], ["a", "b"]);
    }
}

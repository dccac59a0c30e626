use super::*;

fn heatmap(names: &[&str], values: &[&[f64]]) -> Heatmap {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    Heatmap {
        columns: names.clone(),
        rows: names,
        values: values.iter().map(|row| row.to_vec()).collect(),
        decimals: 1,
        colours: Colours::Diagonal { on: "right", off: "wrong" },
        ..Heatmap::default()
    }
}

#[test]
fn zeros_have_no_sign() {
    assert_eq!(format_number(-0.001, 2), "0.00");
    assert_eq!(format_number(-0.4, 0), "0");
    assert_eq!(format_number(-0.006, 2), "-0.01");
}

#[test]
fn most_frequent_mistake_has_the_full_colour() {
    let of = |mistakes: f64| {
        heatmap(
            &["a", "b"],
            &[&[100.0 - mistakes, mistakes], &[mistakes / 2.0, 100.0 - mistakes / 2.0]],
        )
    };
    let full = shade(NEGATIVE, 1.0);
    for mistakes in [0.4, 5.0, 30.0, 100.0] {
        let heatmap = of(mistakes);
        assert_eq!(heatmap.colour(false, mistakes), full);
        assert_eq!(heatmap.colour(false, mistakes / 2.0), shade(NEGATIVE, 0.5));
        assert_eq!(heatmap.colour(true, 100.0), shade(POSITIVE, 1.0));
        assert!(heatmap.svg().unwrap().contains(&format!("{mistakes:.1} %")), "the bar says it");
    }
    // Nothing wrong: no scale of mistakes, and no colour of one.
    assert_eq!((of(0.0).colour(false, 0.0), of(0.0).bars().len()), (WHITE, 1));
}

#[test]
fn class_without_images_is_grey() {
    let nan = f64::NAN;
    let heatmap = heatmap(&["a", "b"], &[&[nan, nan], &[25.0, 75.0]]);
    assert_eq!((heatmap.colour(true, nan), heatmap.largest()), (GREY, 25.0));
    let svg = heatmap.svg().unwrap();
    assert_eq!(svg.matches("width=\"44\" height=\"44\" opacity=\"1\" fill=\"#6E6E6E\"").count(), 2);
    assert!(!svg.contains("NaN") && svg.contains("no images"));
}

#[test]
fn long_names_enlarge_the_heatmap() {
    let of = |name| heatmap(&["0", name], &[&[1.0, 2.0], &[3.0, 4.0]]);
    let (short, long) = (of("1").size(), of("a very long name").size());
    assert_eq!(of("2").size(), short);
    assert!(long.1 >= short.1 + 60, "{long:?}");
    let turned = |name| of(name).svg().unwrap().matches("rotate(270").count();
    assert_eq!((turned("1"), turned("a very long name")), (1, 3));
    let longest = of(&"long ".repeat(100));
    assert!(longest.size().0 < 600 && longest.size().1 < 600, "{:?}", longest.size());
    assert!(longest.svg().unwrap().contains('…'));
}

#[test]
fn names_are_escaped_in_svg() {
    let svg = heatmap(&["<b>&\"x\"</b>", "a\nb\u{1}"], &[&[1.0, 2.0], &[3.0, 4.0]]).svg().unwrap();
    assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"), "{svg}");
    assert!(svg.contains("a b ") && !svg.contains('\u{1}'));
}

#[test]
fn many_classes_have_small_cells_without_numbers() {
    let names: Vec<String> = (0..62).map(|class| class.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let row: Vec<f64> = (0..62).map(|class| f64::from(class % 7)).collect();
    let heatmap = heatmap(&names, &vec![&row[..]; 62]);
    let (width, height) = heatmap.size();
    assert!(width < 1200 && height < 1200, "{width} {height}");
    let svg = heatmap.svg().unwrap();
    assert!(svg.len() < 600_000, "{}", svg.len());
}

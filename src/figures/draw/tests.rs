use super::*;
use crate::figures::{Mark, Point, Reference, Scale, Series};

fn panel(title: &str, curves: &[(&str, [f64; 3])]) -> Panel {
    let series = |(colour, (label, values)): (usize, &(&str, [f64; 3]))| Series {
        label: label.to_string(),
        colour,
        mark: Mark::Line,
        points: (1..).zip(values).map(|(x, &y)| Point::new(f64::from(x), y)).collect(),
    };
    let series: Vec<Series> = curves.iter().enumerate().map(series).collect();
    let values = curves.iter().flat_map(|curve| curve.1).chain([4.1]);
    Panel {
        title: title.to_string(),
        x: Axis::integer("epoch", [1.0, 3.0]),
        y: Axis::new("error, %", Scale::Log, values),
        series,
        references: vec![Reference { label: "paper: 4.1".to_string(), colour: None, y: 4.1 }],
    }
}

/// Returns the position and content of all texts.
fn texts(svg: &str) -> Vec<(f64, f64, String)> {
    let number = |tag: &str, name: &str| -> f64 {
        let start = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        tag[start..].split('"').next().unwrap().parse().unwrap()
    };
    let text = |part: &str| {
        let (tag, content) = part.split_once('>').unwrap();
        let content = content.split('<').next().unwrap().trim().to_string();
        (number(tag, "x"), number(tag, "y"), content)
    };
    svg.split("<text").skip(1).map(text).collect()
}

#[test]
fn labels_never_overlap_plots() {
    let long = "a label that is longer than others, by far longer than its panel is wide, and more";
    let courses = [[9.0, 6.0, 4.1], [4.1, 6.0, 9.0], [5.0; 3], [4.1; 3], [80.0, 1.0, 80.0]];
    for course in courses {
        let panels =
            vec![panel("one", &[("falls", course), (long, [7.0; 3])]), panel("", &[("b", course)])];
        let figure = Figure { title: "title".to_string(), panels };
        let (width, height) = figure.size();
        let lines = legend_heights(&figure, width).0;
        let size = (width / 2, height - TITLE_HEIGHT - lines);
        let texts = texts(&figure.svg().unwrap());
        assert!(texts.iter().any(|(_, _, text)| text == "paper: 4.1"), "{texts:?}");
        for (number, panel) in figure.panels.iter().enumerate() {
            let frame = Frame::of(panel, size, 1);
            let (left, top) = (number as i32 * size.0 as i32, TITLE_HEIGHT as i32);
            for (x, y, text) in &texts {
                let (x, y) = (*x as i32 - left, *y as i32 - top);
                let is_inside = (frame.left + 1..frame.right).contains(&x)
                    && (frame.top + 1..frame.bottom).contains(&y);
                assert!(!is_inside, "{text} at {x} {y}");
            }
        }
    }
}

#[test]
fn panels_share_equal_legends_only() {
    let legends = |panels: Vec<Panel>| {
        let figure = Figure { title: String::new(), panels };
        legend_heights(&figure, figure.size().0)
    };
    let curves = [("a", [1.0; 3]), ("b", [2.0; 3])];
    let (own, shared) = legends(vec![panel("", &curves), panel("", &curves[..1])]);
    assert!(own > 0 && shared == 0);
    let (own, shared) = legends(vec![panel("", &curves), panel("other", &curves)]);
    assert!(own == 0 && shared > 0);
}

#[test]
fn long_category_names_are_vertical() {
    let names: Vec<String> = (0..12).map(|class| format!("a long class name {class}")).collect();
    let few: Vec<String> = names.iter().take(2).map(|_| "cat".to_string()).collect();
    let is_upright = |names: &[String]| {
        let panel = Panel { x: Axis::categorical("class", names), ..panel("", &[]) };
        Frame::of(&panel, PANEL, 1).vertical_names
    };
    assert_eq!((is_upright(&names), is_upright(&few)), (true, false));
}

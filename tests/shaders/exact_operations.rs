//! Float operations of shaders: only those that round equally on each device.

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{BinaryOperator, Expression, Function, Handle, MathFunction, Module};

use super::{is_float, parse, sources};

/// Returns the float operations of a function that can round differently on two devices.
fn inexact(module: &Module, function: &Function, info: &FunctionInfo) -> Vec<String> {
    let is_float =
        |handle: Handle<Expression>| is_float(module, info[handle].ty.inner_with(&module.types));
    let name = function.name.as_deref().unwrap_or("the entry point");
    let mut found = Vec::new();
    for (_, expression) in function.expressions.iter() {
        match *expression {
            Expression::Binary { op, left, .. } if is_float(left) => match op {
                BinaryOperator::Multiply if name != "mul_rounded" => {
                    found.push(format!("{name} multiplies floats outside of `mul_rounded`"));
                }
                BinaryOperator::Divide | BinaryOperator::Modulo => {
                    found.push(format!("{name} divides floats"));
                }
                _ => {}
            },
            Expression::Math { fun, arg, .. } if is_float(arg) && fun != MathFunction::Abs => {
                found.push(format!("{name} calls the built-in function {fun:?}"));
            }
            Expression::Derivative { .. } => found.push(format!("{name} takes a derivative")),
            _ => {}
        }
    }
    found
}

fn all_inexact(module: &Module, info: &ModuleInfo) -> Vec<String> {
    let functions = module.functions.iter();
    let mut found: Vec<String> =
        functions.flat_map(|(handle, function)| inexact(module, function, &info[handle])).collect();
    for (index, entry) in module.entry_points.iter().enumerate() {
        found.extend(inexact(module, &entry.function, info.get_entry_point(index)));
    }
    found
}

#[test]
fn kernels_use_only_exact_float_operations() {
    for (name, source) in sources() {
        let (module, info) = parse(name, &source);
        assert_eq!(all_inexact(&module, &info), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn inexact_finds_each_forbidden_operation() {
    let cases = [
        ("x * y + 1.0", "multiplies floats"),
        ("(vec2(x) * y).x", "multiplies floats"),
        ("x / y", "divides floats"),
        ("x % y", "divides floats"),
        ("exp(x)", "Exp"),
        ("fma(x, y, x)", "Fma"),
        ("sqrt(x)", "Sqrt"),
        ("inverseSqrt(x)", "InverseSqrt"),
        ("pow(x, y)", "Pow"),
        ("max(x, y)", "Max"),
        ("round(x)", "Round"),
        ("abs(x) + y", ""),
        ("f32(u32(x) * u32(y))", ""),
    ];
    for (expression, expected) in cases {
        let source = format!("fn f(x: f32, y: f32) -> f32 {{ return {expression}; }}");
        let (module, info) = parse(expression, &source);
        let found = all_inexact(&module, &info).join("; ");
        assert!(found.contains(expected), "{expression}: {found}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{expression}: {found}");
    }
}

#[test]
fn product_in_each_shader_is_opaque() {
    let has_products = |(_, source): &(_, String)| source.contains("mul_rounded(");
    let sources: Vec<_> = sources().into_iter().filter(has_products).collect();
    assert!(sources.len() > 15, "{} sources", sources.len());
    for (name, source) in sources {
        assert!(source.contains("return opaque(a * b);"), "{name}");
        assert!(
            source.contains("return bitcast<f32>(bitcast<u32>(x) ^ constants.opaque_zero);"),
            "{name}"
        );
    }
}

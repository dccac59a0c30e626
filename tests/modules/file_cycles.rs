//! Cycles of files.
//!
//! Proves: the files of the library import each other without cycles. An import of a name that a module re-exports counts
//! as an import from the file that defines it.
//! Does not prove: the same for imports within functions or nested modules, and for paths without `use`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Path of a module: `["gpu", "device"]`.
type Module = Vec<String>;

/// Imports of a file: the path of each name, and whether the file re-exports it.
type Imports = Vec<(Vec<String>, bool)>;

/// Returns the module of each file of the library, with its imports.
fn imports() -> BTreeMap<Module, Imports> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = super::rust_files(&source).into_iter().map(|file| {
        let path =
            file.strip_prefix(&source).expect("the file is in the folder").with_extension("");
        let mut module: Module =
            path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        module.pop_if(|last| last == "mod" || last == "lib");
        (module, file)
    });
    let files: Vec<_> = files.collect();
    let modules: Vec<&Module> = files.iter().map(|(module, _)| module).collect();
    let with_imports = files.iter().map(|(module, file)| {
        let text = fs::read_to_string(file).expect("the file is readable");
        let absolute = |(path, is_public)| Some((absolute(module, path, &modules)?, is_public));
        (module.clone(), imported(&text).into_iter().filter_map(absolute).collect())
    });
    with_imports.collect()
}

/// Returns the paths that a text imports at its top level, as they are written.
fn imported(text: &str) -> Imports {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut imports = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("use ") {
        let line = rest[..start].rfind('\n').map_or(0, |end| end + 1);
        let visibility = &rest[line..start];
        let end = rest[start..].find(';').map_or(rest.len(), |end| start + end);
        if visibility.is_empty() || visibility.starts_with("pub") {
            let tree: String = rest[start + 4..end].split_whitespace().collect();
            expand(&tree, "", &mut |path| {
                let path = path.split("::").map(str::to_string).collect();
                imports.push((path, !visibility.is_empty()));
            });
            rest = &rest[end..];
        } else {
            rest = &rest[start + 4..];
        }
    }
    imports
}

/// Calls `add` with each path of a `use` tree such as `a::{b,c::d}`.
fn expand(tree: &str, prefix: &str, add: &mut dyn FnMut(&str)) {
    let Some(brace) = tree.find('{') else {
        return add(&format!("{prefix}{tree}"));
    };
    let prefix = format!("{prefix}{}", &tree[..brace]);
    let inner = tree[brace + 1..].strip_suffix('}').unwrap_or_default();
    let (mut depth, mut start) = (0, 0);
    for (index, character) in inner.char_indices().chain([(inner.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if start < index {
                    expand(&inner[start..index], &prefix, add);
                }
                start = index + 1;
            }
            _ => {}
        }
    }
}

/// Returns a path from the root of the library; `None` for paths of other crates.
fn absolute(module: &Module, mut path: Vec<String>, modules: &[&Module]) -> Option<Vec<String>> {
    let mut base = module.clone();
    match path[0].as_str() {
        "crate" => base.clear(),
        "self" | "super" => {}
        child => {
            base.push(child.to_string());
            if !modules.contains(&&base) {
                return None;
            }
            base.pop();
            path.insert(0, "self".to_string());
        }
    }
    while path.first().is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str())) {
        if path.remove(0) == "super" {
            base.pop();
        }
    }
    Some([base, path].concat())
}

/// Returns the module of the file that defines a path.
fn defined_in(path: &[String], imports: &BTreeMap<Module, Imports>) -> Module {
    let module = (0..=path.len()).rev().map(|n| &path[..n]).find(|m| imports.contains_key(*m));
    let module = module.unwrap_or_default();
    let exports = imports.get(module).into_iter().flatten().filter(|(_, is_public)| *is_public);
    let name = path.get(module.len());
    let export = exports.map(|(export, _)| export).find(|export| export.last() == name);
    match export {
        Some(export) if export.as_slice() != path => {
            defined_in(&[export, &path[module.len() + 1..]].concat(), imports)
        }
        _ => module.to_vec(),
    }
}

#[test]
fn files_import_each_other_without_cycles() {
    let imports = imports();
    let mut uses: BTreeMap<&Module, Vec<Module>> = BTreeMap::new();
    for (module, paths) in &imports {
        let private = paths.iter().filter(|(_, is_public)| !is_public);
        let used = private.map(|(path, _)| defined_in(path, &imports));
        uses.insert(module, used.filter(|used| used != module).collect());
    }
    let count: usize = uses.values().map(Vec::len).sum();
    assert!(count > 1500, "only {count} imports found");
    // A file that imports no other remaining file, or that none of them imports, is in no cycle.
    while let Some(free) = uses.iter().find_map(|(&module, used)| {
        let imports_none = used.iter().all(|used| !uses.contains_key(used));
        let is_unused = !uses.values().flatten().any(|used| used == module);
        (imports_none || is_unused).then_some(module)
    }) {
        uses.remove(free);
    }
    let cyclic: Vec<String> = uses.keys().map(|module| module.join("::")).collect();
    assert!(cyclic.is_empty(), "files in cycles, or between them: {}", cyclic.join(", "));
}

//! Validates every `contracts/<dataset>.odcs.yaml` and lists them for embedding, so that a
//! contract the pipeline cannot follow fails the build.

#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use contract::Dataset;

const SUFFIX: &str = ".odcs.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    let contracts = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../contracts");
    println!("cargo::rerun-if-changed={}", contracts.display());
    let mut list = String::from("&[\n");
    for path in files(&contracts)? {
        println!("cargo::rerun-if-changed={}", path.display());
        match validated_name(&path) {
            Ok(name) => writeln!(list, "({name:?}, include_str!({:?})),", path.canonicalize()?)?,
            Err(error) => println!("cargo::error={error}"),
        }
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("contracts.rs"), list)?;
    Ok(())
}

/// The contracts, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(SUFFIX) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Returns the name of the dataset, which the file bears too.
fn validated_name(path: &Path) -> Result<String, Box<dyn Error>> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let shown = format!("contracts/{file}");
    let dataset = Dataset::from_yaml(&shown, &fs::read_to_string(path)?)?;
    if file.strip_suffix(SUFFIX) != Some(&dataset.name) {
        return Err(format!(
            "{shown}: the dataset `{}` belongs into contracts/{}{SUFFIX}",
            dataset.name, dataset.name
        )
        .into());
    }
    Ok(dataset.name)
}

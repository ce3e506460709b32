//! npm's packages: one for each platform that has the addon or the command, and what names them.
//!
//! A platform's name is Node's own: `process.platform`, `process.arch` and, on Linux, the C library.

use serde_json::{Map, Value, json};

/// Name, operating system, processor, C library.
type Platform = (&'static str, &'static str, &'static str, Option<&'static str>);
const PLATFORMS: [Platform; 8] = [
    ("darwin-arm64", "darwin", "arm64", None),
    ("darwin-x64", "darwin", "x64", None),
    ("linux-arm64-gnu", "linux", "arm64", Some("glibc")),
    ("linux-arm64-musl", "linux", "arm64", Some("musl")),
    ("linux-x64-gnu", "linux", "x64", Some("glibc")),
    ("linux-x64-musl", "linux", "x64", Some("musl")),
    ("win32-arm64-msvc", "win32", "arm64", None),
    ("win32-x64-msvc", "win32", "x64", None),
];
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a package of a platform holds.
struct Held {
    prefix: &'static str,
    folder: &'static str,
    what: &'static str,
    of: &'static str,
}
const ADDON: Held = Held { prefix: "", folder: "node/npm", what: "The native module", of: "nomkit" };
const COMMAND: Held = Held { prefix: "cli-", folder: "cli/npm", what: "The command", of: "nomkit-cli" };

/// Every file with its text; `read` gives those that are written by hand for the most part.
pub(crate) fn files(read: impl Fn(&str) -> String) -> Vec<(String, Option<String>)> {
    let mut files = vec![("node/src/platforms.ts".to_owned(), Some(platforms()))];
    for held in [ADDON, COMMAND] {
        for platform in PLATFORMS {
            let folder = format!("{}/{}", held.folder, platform.0);
            files.push((format!("{folder}/package.json"), text(&manifest(&held, platform).into())));
            files.push((format!("{folder}/README.md"), Some(readme(&held, platform))));
        }
    }
    let edited = |path: &str, edit: fn(&mut Map<String, Value>)| {
        let mut value = serde_json::from_str::<Value>(&read(path)).ok()?;
        edit(value.as_object_mut()?);
        text(&value)
    };
    for (path, edit) in [
        ("node/package.json", (|package| versions(package, &ADDON)) as fn(&mut Map<String, Value>)),
        ("cli/npm/nomkit-cli/package.json", |package| versions(package, &COMMAND)),
        ("node/package-lock.json", lock),
    ] {
        files.push((path.to_owned(), edited(path, edit)));
    }
    files
}

fn platforms() -> String {
    let names = PLATFORMS.map(|(name, ..)| format!("  '{name}',\n")).concat();
    format!(
        "// Written by `cargo xtask npm`.\n\n/** The version of this package. */\n\
         export const version = '{VERSION}'\n\n/** @internal The platforms that have packages. */\n\
         export const platforms: readonly string[] = [\n{names}]\n"
    )
}

fn name(held: &Held, platform: &str) -> String {
    format!("@nomkit/{}{platform}", held.prefix)
}

fn manifest(held: &Held, (platform, os, cpu, libc): Platform) -> Map<String, Value> {
    let binary = match (held.prefix, os) {
        ("", _) => "nomkit.node",
        (_, "win32") => "bin/nomkit.exe",
        _ => "bin/nomkit",
    };
    let mut package = Map::new();
    let mut field = |name: &str, value| drop(package.insert(name.to_owned(), value));
    field("name", json!(name(held, platform)));
    field("version", json!(VERSION));
    field("description", json!(format!("{} of {} for {platform}", held.what, held.of)));
    field("license", json!("MIT OR Apache-2.0"));
    field("author", json!("nomkit developers"));
    let folder = format!("{}/{platform}", held.folder);
    let repository = "git+https://github.com/nomkit/nomkit.git";
    field("repository", json!({ "type": "git", "url": repository, "directory": folder }));
    field("engines", json!({ "node": ">=20" }));
    field("os", json!([os]));
    field("cpu", json!([cpu]));
    if let Some(libc) = libc {
        field("libc", json!([libc]));
    }
    if held.prefix.is_empty() {
        field("main", json!(binary));
    }
    field("files", json!([binary, "LICENSE-*"]));
    // An executable can only run where it is unpacked.
    field("preferUnplugged", json!(true));
    field("publishConfig", json!({ "access": "public" }));
    package
}

fn readme(held: &Held, (platform, ..): Platform) -> String {
    let package = name(held, platform);
    format!("# {package}\n\n{} of `{of}` for {platform}. Install `{of}`, which asks for it.\n", held.what, of = held.of)
}

fn versions(package: &mut Map<String, Value>, held: &Held) {
    package.insert("version".to_owned(), json!(VERSION));
    package.insert("optionalDependencies".to_owned(), needed(held));
}

fn needed(held: &Held) -> Value {
    PLATFORMS.iter().map(|(platform, ..)| (name(held, platform), json!(VERSION))).collect::<Map<_, _>>().into()
}

/// What npm keeps of a package in its lock.
const DESCRIBED: [&str; 7] = ["name", "version", "license", "cpu", "os", "libc", "engines"];

/// In the checkout the platforms' packages are links to their folders, so `npm ci` finds there what was built here.
fn lock(lock: &mut Map<String, Value>) {
    lock.insert("version".to_owned(), json!(VERSION));
    let Some(packages) = lock.get_mut("packages").and_then(Value::as_object_mut) else { return };
    if let Some(own) = packages.get_mut("").and_then(Value::as_object_mut) {
        versions(own, &ADDON);
    }
    for platform in PLATFORMS {
        let package = name(&ADDON, platform.0);
        let folder = format!("npm/{}", platform.0);
        let link = json!({ "resolved": folder, "link": true });
        let mut described = manifest(&ADDON, platform);
        described.retain(|name, _| DESCRIBED.contains(&name.as_str()));
        described.insert("optional".to_owned(), json!(true));
        for (key, entry) in [(format!("node_modules/{package}"), link), (folder, described.into())] {
            // npm has an order of its own, and keeps what is there.
            if packages.get(&key) != Some(&entry) {
                packages.insert(key, entry);
            }
        }
    }
}

fn text(value: &Value) -> Option<String> {
    serde_json::to_string_pretty(value).ok().map(|text| text + "\n")
}

//! Maven's packages have the version of all others.

const VERSION: &str = env!("CARGO_PKG_VERSION");
const POMS: [&str; 2] = ["kotlin/pom.xml", "kotlin/android/pom.xml"];

/// Every file with its text; `read` gives those that are written by hand for the most part.
pub(crate) fn files(read: impl Fn(&str) -> String) -> Vec<(String, Option<String>)> {
    POMS.map(|path| (path.to_owned(), versioned(&read(path)))).to_vec()
}

/// The first version is the package's own.
fn versioned(pom: &str) -> Option<String> {
    let (before, rest) = pom.split_once("<version>")?;
    let (_, after) = rest.split_once("</version>")?;
    let own = before.contains("<groupId>dev.nomkit</groupId>") && !before.contains("<dependencies>");
    own.then(|| format!("{before}<version>{VERSION}</version>{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_packages_own_version_is_written() {
        let pom = |own: &str| {
            format!("<groupId>dev.nomkit</groupId>\n<version>{own}</version><dependencies><version>0.0.0</version>")
        };
        assert_eq!(versioned(&pom("0.0.0")), Some(pom(VERSION)));
        assert_eq!(versioned(&pom(VERSION)), Some(pom(VERSION)));
        assert_eq!(versioned("<groupId>dev.nomkit</groupId><dependencies><version>1</version>"), None);
    }
}

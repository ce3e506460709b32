//! The images of a prompt: checked, counted, not looked at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::validate::Checks;

const MOST: usize = 4;
const LARGEST: usize = 20 << 20;
const TYPES: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];

/// How many images there are.
pub(crate) fn check(checks: &mut Checks, images: Option<&Value>) -> usize {
    let Some(images) = images.filter(|images| !images.is_null()) else { return 0 };
    let path = [json!("prompt"), json!("images")];
    let Some(images) = images.as_array() else {
        checks.add(&path, "Expected an array of images");
        return 0;
    };
    if images.len() > MOST {
        checks.add(&path, format!("Expected at most {MOST} images"));
    }
    for (index, image) in images.iter().take(MOST).enumerate() {
        let at = |member: &str| [json!("prompt"), json!("images"), json!(index), json!(member)];
        let kind = image.get("media_type").and_then(Value::as_str);
        if !kind.is_some_and(|kind| TYPES.contains(&kind)) {
            checks.add(&at("media_type"), format!("Expected one of: {}", TYPES.join(", ")));
        }
        let data = image.get("data").and_then(Value::as_str).and_then(|data| BASE64_STANDARD.decode(data).ok());
        match data.map(|data| data.len()) {
            Some(1..=LARGEST) => {}
            Some(0) | None => checks.add(&at("data"), "Expected raw base64"),
            Some(_) => checks.add(&at("data"), "The image exceeds 20 MB"),
        }
    }
    images.len()
}

use nomkit::Json;

uniffi::use_remote_type!(nomkit::Json);

/// What JSON text says; nothing if it is none.
#[uniffi::export]
pub fn read_json(text: String) -> Option<Json> {
    serde_json::from_str(&text).ok()
}

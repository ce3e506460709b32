//! How a core value looks from outside: enough for a bridge to build its language's own object,
//! and for the generator to write that object's class.

use crate::{Error, Json, JsonMap, Timestamp};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// A record: its name, its fields and what they mean.
pub struct Shape {
    /// The class's name in every language.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Whether the packages give it methods.
    pub behaviour: bool,
    /// In the order of construction.
    pub fields: &'static [Field],
}

/// One field of a record.
pub struct Field {
    /// snake_case.
    pub name: &'static str,
    /// camelCase.
    pub camel: &'static str,
    /// What it holds.
    pub doc: &'static str,
    /// Its type.
    pub ty: Type,
}

/// An open enum: the words known today.
pub struct Words {
    /// The class's name in every language.
    pub name: &'static str,
    /// What it tells.
    pub doc: &'static str,
    /// Each word with what it means.
    pub known: &'static [(&'static str, &'static str)],
}

/// The types that cross.
#[allow(missing_docs)]
pub enum Type {
    Bool,
    Int,
    Float,
    Text,
    Time,
    Json,
    Extra,
    Error,
    Word(&'static Words),
    Record(&'static Shape),
    List(&'static Type),
    Optional(&'static Type),
}

/// A value on its way into another language.
#[allow(missing_docs)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Time(Timestamp),
    Json(&'a Json),
    Extra(&'a JsonMap),
    Error(&'a Error),
    Word(&'static Words, &'a str),
    List(Vec<Value<'a>>),
    Record(&'static Shape, Vec<Value<'a>>),
}

/// What crosses: scalars, open enums, and the records that `records!` lists.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross into the other languages",
    note = "a record must stand in `records!` (core/src/records.rs)"
)]
pub trait Expose {
    /// The type, for the generator.
    const TYPE: Type;
    /// The value, for a bridge.
    fn value(&self) -> Value<'_>;
}

macro_rules! expose {
    ($($rust:ty: $ty:ident, |$v:ident| $value:expr;)*) => { $(
        impl Expose for $rust {
            const TYPE: Type = Type::$ty;
            fn value(&self) -> Value<'_> {
                let $v = self;
                Value::$ty($value)
            }
        }
    )* };
}

expose! {
    bool: Bool, |v| *v;
    i64: Int, |v| *v;
    u64: Int, |v| i64::try_from(*v).unwrap_or(i64::MAX);
    u32: Int, |v| i64::from(*v);
    u16: Int, |v| i64::from(*v);
    f64: Float, |v| *v;
    String: Text, |v| v;
    Timestamp: Time, |v| *v;
    Json: Json, |v| v;
    JsonMap: Extra, |v| v;
    Error: Error, |v| v;
}

impl<T: Expose> Expose for Option<T> {
    const TYPE: Type = Type::Optional(&T::TYPE);
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }
}

impl<T: Expose> Expose for Vec<T> {
    const TYPE: Type = Type::List(&T::TYPE);
    fn value(&self) -> Value<'_> {
        Value::List(self.iter().map(T::value).collect())
    }
}

/// Which of the given options does not fit: none depends on another, and each has a default.
pub fn misfit<T: DeserializeOwned>(options: &Json) -> Option<&str> {
    let found = options.as_object()?.iter().find(|(name, value)| alone::<T>(name, (*value).clone()).is_err());
    found.map(|(name, _)| name.as_str())
}

/// What an option should be. What was given instead is never quoted: it may be a key, in the wrong place.
pub fn expected<T: DeserializeOwned>(name: &str) -> &'static str {
    // No option is an object, so that an object brings serde to say what the option should be.
    let message =
        alone::<T>(name, Json::Object(JsonMap::new())).err().map(|error| error.to_string()).unwrap_or_default();
    match message.rsplit_once(", expected ").map_or("", |(_, expected)| expected) {
        _ if message.starts_with("unknown field") => "left out: there is no such option",
        "a string" => "text",
        "f64" => "a number",
        "u32" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        "a sequence" => "a list of text",
        _ => "something else",
    }
}

/// One option by itself.
fn alone<T: DeserializeOwned>(name: &str, value: Json) -> serde_json::Result<T> {
    serde_json::from_value(Json::Object(JsonMap::from_iter([(name.to_owned(), value)])))
}

/// Platforms write `null` where they mean an empty list.
pub(crate) fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An optional field that is there in another shape counts as absent: what is not documented for sure must not lose the
/// record around it.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Option::<Json>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// The items of a list that have the documented shape.
pub(crate) fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let Some(Json::Array(items)) = Option::<Json>::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}

/// `page_size` → `pageSize`, as [`Field::camel`] has it.
pub fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| {
        let mut letters = word.chars();
        out + &letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
    })
}

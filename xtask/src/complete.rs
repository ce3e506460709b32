//! What the compiler cannot see: two records of one name, for which every language has one class, and a record that
//! was made visible by hand.

use nomkit::record::{Shape, Type};

/// What is wrong with the records, one sentence each.
pub(crate) fn problems() -> Vec<String> {
    let listed = nomkit::RECORDS.iter().chain(nomkit::OPTIONS).chain(nomkit::FIELDS).copied().collect::<Vec<_>>();
    check(&listed)
}

fn check(listed: &[&'static Shape]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, record) in listed.iter().enumerate() {
        if listed.iter().skip(at + 1).any(|other| other.name == record.name) {
            problems.push(format!("two records are called {}", record.name));
        }
        for field in record.fields {
            if let Some(name) = reached(&field.ty).filter(|name| !listed.iter().any(|known| known.name == *name)) {
                problems.push(format!("{}.{} reaches {name}, which `records!` does not list", record.name, field.name));
            }
        }
    }
    problems
}

fn reached(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::List(inner) | Type::Optional(inner) => reached(inner),
        Type::Record(shape) => Some(shape.name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reachable_record_that_is_not_listed_is_found() {
        let without = nomkit::RECORDS.iter().copied().filter(|record| record.name != "Column").collect::<Vec<_>>();
        assert_eq!(check(&without), ["Artifact.columns reaches Column, which `records!` does not list"]);
    }

    #[test]
    fn two_records_of_one_name_are_found() {
        let twice = nomkit::FIELDS.iter().chain(nomkit::RECORDS).chain(nomkit::RECORDS.get(..1).unwrap_or_default());
        assert_eq!(check(&twice.copied().collect::<Vec<_>>()), ["two records are called File"]);
    }
}

//! Whether a call sent again what may already have been done. A launch, a follow-up and an upload cost something each
//! time, so the ledger is held against this in every scenario, whatever it is about.

use crate::driver::Reply;
use serde_json::Value;

/// What makes an agent work. One call does it once, the one way or the other.
const WORK: [&str; 2] = ["POST /agents", "POST /agents/{id}/followup"];
/// What leaves a file on the platform.
const UPLOAD: [&str; 1] = ["POST /files/upload"];

/// The calls so far, and what each of them may have sent.
#[derive(Default)]
pub(crate) struct Paid(Vec<Share>);

/// One call's part of the ledger.
struct Share {
    call: String,
    /// How often it may make an agent work, and how many files it may upload.
    work: usize,
    uploads: usize,
    /// The last request that the server had received when the call was over.
    last: u64,
}

impl Paid {
    /// Notes a call that is over.
    pub(crate) fn note(&mut self, call: &str, args: &Value, reply: &Reply, ledger: &Value) {
        let (work, uploads) = match call {
            "agents.launch" => (1, local_files(args)),
            "agents.resume" | "run.follow_up" => (1, 0),
            "files.upload" => (0, 1),
            "files.upload_folder" => (0, outcomes(reply)),
            _ => (0, 0),
        };
        let last = rows(ledger).last().map_or(0, number);
        self.0.push(Share { call: call.to_owned(), work, uploads, last });
    }

    /// Judges the calls so far and forgets them; how many requests cost something.
    pub(crate) fn check(&mut self, ledger: &Value) -> Result<usize, String> {
        let rest = Share { call: "nobody".to_owned(), work: 0, uploads: 0, last: u64::MAX };
        let (mut first, mut paid) = (0, 0);
        for share in self.0.drain(..).chain([rest]) {
            let own = |row: &&Value| (first + 1..=share.last).contains(&number(row));
            let own: Vec<&Value> = rows(ledger).iter().filter(own).collect();
            paid += judge(&share.call, share.work, &WORK, &own)? + judge(&share.call, share.uploads, &UPLOAD, &own)?;
            first = first.max(share.last);
        }
        Ok(paid)
    }
}

/// Once as many as allowed are on their way or done, none may follow. How many there were.
fn judge(call: &str, allowed: usize, operations: &[&str], rows: &[&Value]) -> Result<usize, String> {
    let (mut sent, mut open) = (0, 0);
    for row in rows {
        let Some(operation) = row.get("operation").and_then(Value::as_str).filter(|own| operations.contains(own))
        else {
            continue;
        };
        if open == allowed {
            return Err(match allowed {
                0 => format!("{call} sent `{operation}`, which is no part of what was asked"),
                _ => format!("{call} sent `{operation}` again: what it had sent before was not refused"),
            });
        }
        sent += 1;
        open += usize::from(!is_refused(row));
    }
    Ok(sent)
}

/// Whether the client was told that nothing has been done.
fn is_refused(row: &Value) -> bool {
    let is = |name: &str| row.get(name) == Some(&Value::Bool(true));
    let status = row.get("status").and_then(Value::as_u64).unwrap_or_default();
    // Who resumes an agent that is not there may launch one.
    let refusals: &[u64] = if row.get("operation").is_some_and(|own| own == WORK[1]) { &[404, 429] } else { &[429] };
    !is("processed") && is("answered") && refusals.contains(&status)
}

/// The files that a launch uploads before it.
fn local_files(args: &Value) -> usize {
    let slots = args.get("inputs").and_then(Value::as_object).into_iter().flat_map(|slots| slots.values());
    let lists = args.get("files").into_iter().chain(slots);
    lists.filter_map(Value::as_array).flatten().filter(|file| file.is_string()).count()
}

/// The files of a folder that were uploaded; equal ones are uploaded once.
fn outcomes(reply: &Reply) -> usize {
    let (Reply::Ok(value) | Reply::Error(value)) = reply;
    let own = |outcome: &&Value| outcome.get("same_as").is_none_or(Value::is_null);
    value.as_array().into_iter().flatten().filter(own).count()
}

fn rows(ledger: &Value) -> &[Value] {
    ledger.get("requests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn number(row: &Value) -> u64 {
    row.get("seq").and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A ledger, with a request a line: operation, status if it was answered, whether it was processed.
    fn ledger(requests: &[(&str, Option<u16>, bool)]) -> Value {
        let row = |(seq, (operation, status, processed)): (u64, &(&str, Option<u16>, bool))| {
            json!({
                "seq": seq, "operation": operation, "status": status,
                "processed": processed, "answered": status.is_some(),
            })
        };
        json!({ "requests": (1..).zip(requests).map(row).collect::<Vec<_>>() })
    }

    /// What is said of one call that sent all of it.
    fn said(call: &str, args: &Value, answer: Value, requests: &[(&str, Option<u16>, bool)]) -> Result<usize, String> {
        let (mut paid, ledger) = (Paid::default(), ledger(requests));
        paid.note(call, args, &Reply::Ok(answer), &ledger);
        paid.check(&ledger)
    }

    const LAUNCH: &str = WORK[0];
    const FOLLOW_UP: &str = WORK[1];
    const FILE: &str = UPLOAD[0];

    #[test]
    fn what_was_refused_may_be_sent_again_and_nothing_else() {
        for (before, good) in [
            ((LAUNCH, Some(429), false), true),
            // Done, and the answer came, or was lost, or was a refusal all the same.
            ((LAUNCH, Some(201), true), false),
            ((LAUNCH, None, true), false),
            ((LAUNCH, Some(429), true), false),
            // Not done, but nobody could know.
            ((LAUNCH, None, false), false),
            ((LAUNCH, Some(404), false), false),
            ((LAUNCH, Some(408), false), false),
            ((LAUNCH, Some(502), false), false),
            ((LAUNCH, Some(503), false), false),
        ] {
            let told = said("agents.launch", &json!({}), Value::Null, &[before, (LAUNCH, Some(201), true)]);
            assert_eq!(told.is_ok(), good, "{before:?}: {told:?}");
            assert!(good || told.unwrap_err().starts_with("agents.launch sent `POST /agents` again"));
        }
        // Not even in vain.
        let refused = [(FOLLOW_UP, None, false), (FOLLOW_UP, Some(429), false)];
        assert!(said("run.follow_up", &json!({}), Value::Null, &refused).is_err());
        // Nor the other way: who resumes an agent may launch it once more if there is none.
        let resumed = |status| [(FOLLOW_UP, status, false), (LAUNCH, Some(201), true)];
        assert_eq!(said("agents.resume", &json!({}), Value::Null, &resumed(Some(404))), Ok(2));
        assert!(said("agents.resume", &json!({}), Value::Null, &resumed(None)).is_err());
    }

    #[test]
    fn each_file_is_uploaded_once() {
        let args = json!({ "files": ["/a"], "inputs": { "one": ["/b", { "id": "f" }], "two": [] } });
        let both =
            [(FILE, Some(201), true), (FILE, Some(429), false), (FILE, Some(201), true), (LAUNCH, Some(201), true)];
        assert_eq!(said("agents.launch", &args, Value::Null, &both), Ok(4));
        let third = [both.as_slice(), &[(FILE, Some(201), true)]].concat();
        assert!(said("agents.launch", &args, Value::Null, &third).is_err());
        let folder = json!([{ "same_as": null }, {}, { "same_as": "a" }]);
        assert_eq!(said("files.upload_folder", &json!({}), folder.clone(), &both[..3]), Ok(3));
        assert!(said("files.upload_folder", &json!({}), folder, &[(FILE, None, false); 3]).is_err());
        assert!(
            said("files.upload", &json!({}), Value::Null, &[(FILE, Some(500), false), (FILE, None, true)]).is_err()
        );
    }

    #[test]
    fn a_call_answers_for_its_own_requests_alone() {
        let requests = [("GET /agents", Some(200), true), (LAUNCH, None, true), (LAUNCH, Some(201), true)];
        let mut paid = Paid::default();
        for received in 1..=3 {
            let call = if received == 1 { "agents.list" } else { "agents.launch" };
            paid.note(call, &json!({}), &Reply::Ok(Value::Null), &ledger(&requests[..received]));
        }
        assert_eq!(paid.check(&ledger(&requests)), Ok(2));
        // What comes when no call is under way is nobody's.
        assert!(paid.check(&ledger(&requests[1..])).unwrap_err().starts_with("nobody sent"));
        assert!(said("run.wait", &json!({}), Value::Null, &[(LAUNCH, Some(201), true)]).is_err());
    }
}

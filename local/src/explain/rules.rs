//! What the access rules said about a request: which policies decided, and what became of each.

use serde_json::{Value, json};
use smac_lambda_authorizer::Decision;
use smac_lambda_authorizer::tools::{Applied, Parts, RulesTrace};
use smac_local::command::{Problem, Tone, print, toned};

/// What the rules say, in a line; none where they were not asked.
pub(crate) fn line(decision: &Decision) -> Option<String> {
    let RulesTrace { is_allowed, policies, errors, is_method, .. } = decision.trace().rules.as_ref()?;
    let by = if policies.is_empty() { String::new() } else { format!(" by {}", policies.join(", ")) };
    let reason =
        decision.outcome().reason().filter(|_| !is_allowed).map_or(String::new(), |reason| format!(" ({reason})"));
    let failed = if errors.is_empty() { String::new() } else { format!("; {} failed", errors.join(", ")) };
    let alone = if *is_method { "; the policy is for this route alone, since all are too many" } else { "" };
    let effect = if *is_allowed { "allow" } else { "deny" };
    Some(format!("{effect}{by}{reason}{failed}{alone}"))
}

/// What became of each policy, as JSON; none where the rules were not asked.
pub(crate) fn document(parts: &Parts<'_>, decision: &Decision) -> Value {
    let Some(RulesTrace { is_allowed, policies, .. }) = &decision.trace().rules else {
        return Value::Null;
    };
    let each = each(parts, decision).into_iter().map(|each| {
        let (state, why) = match each.applied {
            Applied::Yes => ("applied", None),
            Applied::No => ("did not apply", None),
            Applied::Failed(why) => ("failed", Some(why)),
        };
        json!({ "policy": each.policy, "place": each.place, "state": state, "why": why })
    });
    json!({
        "decision": if *is_allowed { "allow" } else { "deny" },
        "policies": policies.iter().map(AsRef::<str>::as_ref).collect::<Vec<_>>(),
        "each": each.collect::<Vec<_>>(),
    })
}

/// Prints a line for each policy.
pub(super) fn print_each(parts: &Parts<'_>, decision: &Decision) -> Result<(), Problem> {
    let Some(line) = line(decision) else {
        return Ok(());
    };
    print(&format!("rules     {line}"))?;
    for Each { policy, place, applied } in each(parts, decision) {
        let (mark, tone, why) = match applied {
            Applied::Yes => ("applied", Tone::Good, String::new()),
            Applied::No => ("-", Tone::Quiet, String::new()),
            Applied::Failed(why) => ("FAILED", Tone::Bad, format!(": {why}")),
        };
        print(&format!("  {}{policy} ({place}){why}", toned(tone, format_args!("{mark:8}"))))?;
    }
    Ok(())
}

struct Each {
    policy: String,
    /// File, line and column.
    place: String,
    applied: Applied,
}

fn each(parts: &Parts<'_>, decision: &Decision) -> Vec<Each> {
    let places: Vec<(&str, String)> = parts.rules.map(|rules| rules.policies().collect()).unwrap_or_default();
    let place = |policy: &str| {
        let found = places.iter().find(|(name, _)| *name == policy);
        found.map(|(_, place)| place.clone()).unwrap_or_default()
    };
    let each = decision.trace().rules.iter().flat_map(|rules| &rules.each);
    each.map(|(policy, applied)| Each { policy: policy.to_string(), place: place(policy), applied: applied.clone() })
        .collect()
}

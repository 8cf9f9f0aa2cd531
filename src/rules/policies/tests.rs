//! Policies and their mistakes.

use super::*;

const PERMIT: &str = "permit (principal, action, resource);";

fn ids(files: &[(&str, &str)]) -> Vec<String> {
    let policies = Policies::parse(files.iter().copied()).unwrap();
    policies.all.iter().map(|policy| policy.id.to_string()).collect()
}

fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    Policies::parse(files.iter().copied()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_policy_has_its_own_name_or_its_place() {
    let text = format!("{PERMIT} @id(\"mine\")\n{PERMIT} // {PERMIT}\n {PERMIT}@id(\"\"){PERMIT}");
    assert_eq!(
        ids(&[("a.cedar", &text), ("b.cedar", PERMIT), ("c.cedar", " // nothing")]),
        ["a.cedar#0", "mine", "a.cedar#2", "a.cedar#3", "b.cedar#0"]
    );
    assert_eq!(ids(&[("a.cedar", &format!("\u{feff}{PERMIT}"))]), ["a.cedar#0"]);
}

#[test]
fn names_are_in_the_order_of_the_files() {
    let policies = Policies::parse([("b", PERMIT), ("a", &*PERMIT.repeat(12))]).unwrap();
    let all = policies.ids(policies.set.policies().map(Policy::id).collect::<Vec<_>>().into_iter().rev());
    assert_eq!((&*all[0], &*all[2], &*all[12]), ("b#0", "a#1", "a#11"));
}

#[test]
fn a_mistake_says_where_it_is() {
    let place = |text: &str| {
        let all = mistakes(&[("x.cedar", text)]);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        one.split_once(": ").map(|(place, problem)| (place.to_owned(), problem.to_owned())).unwrap()
    };
    let (at, problem) = place("permit (principal, action, resource)\n  when { principal.a = 1 };");
    assert_eq!(at, "x.cedar:2:10", "{problem}");
    let (at, problem) = place(&format!("{PERMIT}\n\n é permit"));
    assert_eq!(at, "x.cedar:3:2", "{problem}");
    let (at, problem) = place("permit (principal, action, resource) when { foo(1) };");
    assert_eq!(at, "x.cedar:1:45", "{problem}");
    let (at, problem) = place("permit (principal == ?principal, action, resource);");
    assert_eq!((at.as_str(), problem.contains("template")), ("x.cedar:1:1", true), "{problem}");
    let (at, problem) = place(&format!(
        "// {PERMIT}\n {PERMIT}\n@a(\"b\") permit (principal, action, resource in ?resource); {PERMIT}"
    ));
    assert_eq!((at.as_str(), problem.contains("template")), ("x.cedar:3:1", true), "{problem}");
}

#[test]
fn all_mistakes_are_reported() {
    let two = format!("@id(\"a\") {PERMIT}\n@id(\"a\") {PERMIT}");
    assert_eq!(mistakes(&[("x.cedar", &two), ("y.cedar", "permit"), ("z.cedar", &two)]).len(), 4);
    let all = mistakes(&[("x.cedar", &two)]);
    assert_eq!(all, ["x.cedar:2:1: has the id a, which the policy at x.cedar:1:1 has too"]);
    let clash = format!("@id(\"x.cedar#1\") {PERMIT} {PERMIT}");
    assert_eq!(mistakes(&[("x.cedar", &clash)]).len(), 1);
}

#[test]
fn actions_are_found_wherever_they_are_named() {
    let text = r#"
        permit (principal, action == Action::"a", resource);
        permit (principal, action in [Action::"b", NS::Action::"c"], resource);
        forbid (principal, action, resource) unless { action in Action::"d" && User::"e" == principal };
    "#;
    let policies = Policies::parse([("x.cedar", text)]).unwrap();
    let unknown = |known: &str| {
        let errors = policies.with_unknown_actions(|action| known.contains(action.id().escaped().as_str()));
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(unknown("abcd").is_empty());
    assert_eq!(unknown("abd"), [r#"x.cedar:3:9: names the action NS::Action::"c", which no route has"#]);
    assert_eq!(unknown("abc"), [r#"x.cedar:4:9: names the action Action::"d", which no route has"#]);
}

#[test]
fn a_policy_can_apply_by_its_action() {
    let text = r#"
        permit (principal, action == Action::"a", resource) when { context.queryStringParameters has a };
        permit (principal, action in [Action::"b", Action::"group"], resource) when { context.request.stage == "x" };
        permit (principal, action, resource);
    "#;
    let policies = Policies::parse([("x.cedar", text)]).unwrap();
    let action = |name: &str| -> EntityUid { format!("Action::\"{name}\"").parse().unwrap() };
    let group = HashSet::from([action("group")]);
    let look = |name: &str, groups| policies.look(&action(name), groups);
    assert_eq!(look("a", None), Looks::Query);
    assert_eq!(look("b", None), Looks::Request);
    assert_eq!(look("c", Some(&group)), Looks::Request);
    assert_eq!(look("a", Some(&group)), Looks::Query);
    assert_eq!(look("c", None), Looks::Nothing);
    assert!(policies.look_at_requests());
    // Equality is not membership.
    let policies = Policies::parse([("x", text.replace("Action::\"a\"", "Action::\"group\"").as_str())]).unwrap();
    assert_eq!(policies.look(&action("a"), Some(&group)), Looks::Request);
}

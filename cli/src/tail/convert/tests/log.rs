use super::*;

fn rides(pattern: &str, rest: &[&str]) -> Arc<Reading> {
    let mut arguments = vec!["--contract", "rides", "--from", "log", "--pattern", pattern];
    arguments.extend(rest);
    reading(&arguments).expect("fits").expect("converts")
}

#[test]
fn named_groups_are_columns() {
    let pattern = r"^(?<updated_at>\S+) \[(?<city>[^\]]*)\] (\w+) n=(?<ride_number>\S*)(?: at (?<pickup.lat>[-0-9.]+),(?<pickup.lon>[-0-9.]+))?( (?<tags>.*))?$";
    let text = concat!(
        "1795342830125 [k\u{f6}ln \"\t\"] INFO n=4211 at 50.9,06.96 [\"airport\", 1]\r\n",
        "soon [] WARN n=\n",
        "Traceback:\n",
        "\n",
        "1 [x] INFO n=2",
    );
    assert_eq!(
        read(&rides(pattern, &[]), text.as_bytes()),
        [
            fits(concat!(
                r#"{"updatedAt":1795342830125,"city":"köln \"\t\"","rideNumber":4211,"#,
                r#""pickup":{"lat":50.9,"lon":"06.96"},"tags":["airport", 1]}"#,
            )),
            fits(r#"{"updatedAt":"soon","city":null,"rideNumber":null,"pickup":null,"tags":null}"#),
            as_is("Traceback:"),
            Got::Passed,
            fits(r#"{"updatedAt":1,"city":"x","rideNumber":2,"pickup":null,"tags":null}"#),
        ]
    );
}

#[test]
fn a_record_of_several_lines_reaches_the_pattern_as_it_is() {
    let reading = rides(
        r"(?s)^(?<updated_at>\d+) (?<status>.*)$",
        &["--multiline-start", r"^\d", "--multiline-timeout", "5s"],
    );
    assert_eq!(reading.timeout(), Duration::from_secs(5));
    assert_eq!(
        read(&reading, b"before\nit\n1 a\n\tat b\r\n2 c\n3\nd\xff\n"),
        [
            as_is("before it"),
            fits(r#"{"updatedAt":1,"status":"a\n\tat b"}"#),
            fits(r#"{"updatedAt":2,"status":"c"}"#),
            Got::AsIs(b" 3 d\xff".to_vec()),
        ]
    );
}

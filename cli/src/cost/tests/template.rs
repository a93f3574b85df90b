//! What `template.yaml` and the price table both say.

use std::fs;
use std::path::Path;

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::super::figures;
use super::super::prices;
use super::plan;

fn template() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    fs::read_to_string(path).unwrap()
}

/// The default of a parameter.
fn default(template: &str, parameter: &str) -> String {
    let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
    let line = rest.lines().find(|line| line.starts_with("    Default: ")).unwrap();
    line["    Default: ".len()..].to_owned()
}

#[test]
fn the_dashboard_reckons_with_the_same_prices() {
    let template = template();
    let usd = |price: &prices::Price| price.first().normalize().to_string();
    let expressions = [
        format!(
            "MAX([sent, {} * records]) / sent * {}",
            prices::FIREHOSE_STEP_BYTES,
            usd(&prices::FIREHOSE)
        ),
        format!("FILL(callsP, 0)) * {}) / sent * {}", usd(&prices::LAMBDA_REQUEST), prices::GB),
        format!(
            "FILL(puts, 0) * {} + FILL(gets, 0) * {})",
            usd(&prices::S3_PUT),
            usd(&prices::S3_GET)
        ),
        format!(
            "!If [OnArm, \"{}\", \"{}\"]",
            usd(&prices::LAMBDA_ARM64),
            usd(&prices::LAMBDA_X86_64)
        ),
    ];
    for expression in expressions {
        assert!(template.contains(&expression), "{expression}");
    }
    let thousand = |price: &prices::Price| (price.first() * dec!(1_000)).normalize();
    let prose = format!(
        "Firehose {} USD a GB, each record rounded up to 5 KB; Lambda ${{GbSecond}} a GB-second and \
         0.20 a million calls; S3 {} a thousand PUTs and {} a thousand GETs",
        usd(&prices::FIREHOSE),
        thousand(&prices::S3_PUT),
        thousand(&prices::S3_GET),
    );
    assert!(template.contains(&prose), "{prose}");
}

#[test]
fn defaults_are_those_of_the_template() {
    let template = template();
    let settings = plan("--events-per-second 1 --bytes 1").settings;
    for (parameter, value) in [
        ("FirehoseBufferMiB", settings.buffer_mib),
        ("FirehoseBufferSeconds", settings.buffer_seconds),
        ("TransformMemoryMiB", settings.transform_memory_mib),
        ("LoadBatchWindowSeconds", settings.load_window_seconds),
        ("LoadBatchFiles", settings.load_batch_files),
        ("LogRetentionDays", figures::LOG_DAYS),
        ("AuditRetentionDays", figures::ACCESS_LOG_DAYS - dec!(30)),
    ] {
        assert_eq!(default(&template, parameter), value.to_string(), "{parameter}");
    }
    assert_eq!(default(&template, "Architecture"), "arm64");
    for (zone, days) in [
        ("landing", settings.landing_days),
        ("processing", settings.processing_days),
        ("processed", settings.processed_days),
        ("quarantine", figures::QUARANTINE_DAYS),
        ("ledger", figures::LEDGER_DAYS),
    ] {
        let rule = format!("Prefix: {zone}/, ExpirationInDays: {days} }}");
        assert!(template.contains(&rule), "{rule}");
    }
    let old_versions = format!("NoncurrentDays: {}\n", figures::OLD_VERSION_DAYS);
    assert!(template.contains(&old_versions));
    assert_eq!(template.matches("      MemorySize: 256\n").count(), 2);
    assert_eq!(figures::LOAD_MEMORY_MIB, dec!(256));
}

/// Each alarm watches a metric of its own, or those of its expression; a band counts as two more.
#[test]
fn alarms_are_counted_as_they_are_charged() {
    let template = template();
    let alarms = template.split("\n  # ---").find(|part| part.contains(" alarms\n")).unwrap();
    let mut watched = 0;
    for resource in alarms.split("\n\n  ").filter(|text| text.contains("AWS::CloudWatch::Alarm\n"))
    {
        // One that needs an environment of Airflow is not there by default.
        if resource.contains("Condition: WithAirflowMetrics") {
            continue;
        }
        let own = resource.matches("\n      MetricName: ").count();
        let of_expression = resource.matches("MetricStat:").count();
        let shared = resource.matches("- *total-of-measure").count()
            + resource.matches("- *rows-of-measure").count();
        let band = 2 * resource.matches("ANOMALY_DETECTION_BAND").count();
        watched += own + of_expression + shared + band;
    }
    assert_eq!(Decimal::from(watched), figures::ALARM_METRICS);
}

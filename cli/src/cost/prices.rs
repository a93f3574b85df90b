//! What AWS and Snowflake charge: list prices, without free tiers, discounts and taxes.
//!
//! This is the one place for them. `template.yaml` repeats a few for its dashboard, which a test
//! holds against these. A GB is 2^30 bytes here, as on the bills of AWS; a TB is 1,024 of them.

use rust_decimal::Decimal;
use rust_decimal::dec;

/// The region that the prices are of.
pub(crate) const REGION: &str = "us-east-1";

/// Bytes of a GB on a bill.
pub(crate) const GB: Decimal = dec!(1_073_741_824);

/// Hours of a month, as AWS reckons.
pub(crate) const HOURS_PER_MONTH: Decimal = dec!(730);

/// Seconds of such a month.
pub(crate) const SECONDS_PER_MONTH: Decimal = dec!(2_628_000);

/// Days of such a month.
pub(crate) const DAYS_PER_MONTH: Decimal = dec!(30.416_666_666_666_666_666_666_667);

/// Firehose bills each record of Direct PUT rounded up to this: 5 KB, of 1,024 bytes each.
pub(crate) const FIREHOSE_STEP_BYTES: Decimal = dec!(5_120);

/// The price of one kind of thing.
#[derive(Debug)]
pub(crate) struct Price {
    /// Its name in the JSON output.
    pub(crate) id: &'static str,
    /// What is charged for.
    pub(crate) what: &'static str,
    /// What it is counted in.
    pub(crate) unit: &'static str,
    /// The page that says so.
    pub(crate) source: &'static str,
    /// When it said so.
    pub(crate) as_of: &'static str,
    /// Dollars by how much of it a month takes, the first units first.
    pub(crate) tiers: &'static [Tier],
}

/// Units of a month that have one price.
#[derive(Debug)]
pub(crate) struct Tier {
    /// The last unit of a month at this price; none where it holds from there on.
    pub(crate) up_to: Option<Decimal>,
    /// Dollars a unit.
    pub(crate) usd: Decimal,
}

impl Price {
    /// Dollars for so many units in a month.
    pub(crate) fn of(&self, units: Decimal) -> Decimal {
        let mut below = Decimal::ZERO;
        let mut usd = Decimal::ZERO;
        for tier in self.tiers {
            let end = tier.up_to.map_or(units, |end| end.min(units));
            if end > below {
                usd += (end - below) * tier.usd;
                below = end;
            }
        }
        usd
    }

    /// Dollars for the first unit.
    pub(crate) fn first(&self) -> Decimal {
        self.tiers.first().map_or(Decimal::ZERO, |tier| tier.usd)
    }
}

macro_rules! prices {
    ($($name:ident: $id:literal, $what:literal, $unit:literal, $source:literal, $as_of:literal,
        [$($(up to $up_to:literal:)? $usd:literal),+];)+) => {
        $(
            #[doc = $what]
            pub(crate) static $name: Price = Price {
                id: $id, what: $what, unit: $unit, source: $source, as_of: $as_of,
                tiers: &[$(Tier { up_to: prices!(@end $($up_to)?), usd: dec!($usd) }),+],
            };
        )+
        /// All prices, in the order of the documentation.
        pub(crate) static PRICES: &[&Price] = &[$(&$name),+];
    };
    (@end) => { None };
    (@end $up_to:literal) => { Some(dec!($up_to)) };
}

prices! {
    FIREHOSE: "firehose_gb", "Firehose, Direct PUT: 500 TB, then 1.5 PB, then 3 PB; beyond 5 PB AWS asks to be asked, and the last price is taken", "GB of records, each rounded up to 5 KB", "Amazon Data Firehose pricing", "2026-06", [up to 512_000: 0.029, up to 2_048_000: 0.025, 0.020];
    LAMBDA_ARM64: "lambda_arm64_gb_second", "Lambda on arm64, up to 7.5 billion GB-seconds", "GB-second", "AWS Lambda pricing", "2026-06", [0.0000133334];
    LAMBDA_X86_64: "lambda_x86_64_gb_second", "Lambda on x86_64, up to 6 billion GB-seconds", "GB-second", "AWS Lambda pricing", "2026-06", [0.0000166667];
    LAMBDA_REQUEST: "lambda_request", "Lambda, requests", "request", "AWS Lambda pricing", "2026-06", [0.0000002];
    S3_PUT: "s3_put", "S3 Standard: PUT, COPY, POST, LIST", "request", "Amazon S3 pricing", "2026-06", [0.000005];
    S3_GET: "s3_get", "S3 Standard: GET and all other requests", "request", "Amazon S3 pricing", "2026-06", [0.0000004];
    S3_STORAGE: "s3_gb_month", "S3 Standard, storage: 50 TB, then 450 TB", "GB-month", "Amazon S3 pricing", "2026-06", [up to 51_200: 0.023, up to 512_000: 0.022, 0.021];
    SQS_REQUEST: "sqs_request", "SQS, standard queue, up to 100 billion requests", "request", "Amazon SQS pricing", "2026-06", [0.0000004];
    KMS_KEY: "kms_key", "KMS, a key of one's own", "key-month", "AWS KMS pricing", "2026-06", [1];
    KMS_REQUEST: "kms_request", "KMS, requests", "request", "AWS KMS pricing", "2026-06", [0.000003];
    SECRET: "secret", "Secrets Manager, a secret", "secret-month", "AWS Secrets Manager pricing", "2026-06", [0.40];
    SECRET_REQUEST: "secret_request", "Secrets Manager, requests", "request", "AWS Secrets Manager pricing", "2026-06", [0.000005];
    LOGS: "logs_gb", "CloudWatch Logs, ingestion of Lambda's logs: 10 TB, 20 TB, 20 TB, then the rest", "GB", "Amazon CloudWatch pricing", "2026-02", [up to 10_240: 0.50, up to 30_720: 0.25, up to 51_200: 0.10, 0.05];
    LOG_STORAGE: "logs_gb_month", "CloudWatch Logs, storage, compressed", "GB-month", "Amazon CloudWatch pricing", "2026-02", [0.03];
    METRIC: "metric", "CloudWatch, custom metrics, up to 10,000", "metric-month", "Amazon CloudWatch pricing", "2026-02", [0.30];
    ALARM: "alarm_metric", "CloudWatch, a metric that an alarm watches", "alarm-metric-month", "Amazon CloudWatch pricing", "2026-02", [0.10];
    DASHBOARD: "dashboard", "CloudWatch, a dashboard", "dashboard-month", "Amazon CloudWatch pricing", "2026-02", [3];
    TRACE: "trace", "X-Ray, traces recorded", "trace", "AWS X-Ray pricing", "2026-02", [0.000005];
    NAT_HOUR: "nat_hour", "NAT gateway", "hour", "Amazon VPC pricing", "2026-06", [0.045];
    NAT_GB: "nat_gb", "NAT gateway, data processed", "GB", "Amazon VPC pricing", "2026-06", [0.045];
    PUBLIC_ADDRESS: "public_ipv4_hour", "Public IPv4 address of the NAT gateway", "hour", "Amazon VPC pricing", "2026-06", [0.005];
    ENDPOINT_HOUR: "endpoint_hour", "Interface endpoint, in one zone", "hour", "AWS PrivateLink pricing", "2026-06", [0.01];
    AIRFLOW_HOUR: "mwaa_hour", "MWAA, environment mw1.small with one worker", "hour", "Amazon MWAA pricing", "2026-06", [0.49];
    AIRFLOW_STORAGE: "mwaa_gb_month", "MWAA, storage of its database", "GB-month", "Amazon MWAA pricing", "2026-06", [0.10];
    CREDIT: "snowflake_credit", "Snowflake credit, Standard edition, on demand", "credit", "Snowflake Service Consumption Table, AWS US East (Northern Virginia)", "2026-06", [2];
}
